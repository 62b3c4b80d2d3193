"""One thin file a command of `python -m core`."""
