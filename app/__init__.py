"""The Streamlit frame round the pages; holds no clinical rule."""
