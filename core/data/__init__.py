"""Radiographs as tables and pixels: index, truth, cache, splits and their leak audit."""
