"""A checkpoint applied to radiographs."""
