"""CycleGAN translation between No Finding and pneumothorax: training, translating, and whether it is any good."""
