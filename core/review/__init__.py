"""Reads: what readers saw on the films of a worklist, and what follows from it."""
