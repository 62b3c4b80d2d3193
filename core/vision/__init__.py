"""From pixels to batches: input specification, augmentation, loader."""
