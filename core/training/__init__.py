"""Configuration and loop of a training."""
