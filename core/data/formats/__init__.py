"""One file a source format: what is published becomes rows of the radiographs table."""
