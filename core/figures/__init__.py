"""Numbers in, Plotly figure out; the one palette."""
