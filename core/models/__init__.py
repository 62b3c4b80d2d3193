"""The classifiers, one file each, and their checkpoints."""
