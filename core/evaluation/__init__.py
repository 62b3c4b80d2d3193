"""Predictions in, numbers out; no torch."""
