"""The workbench of thresholds: slider, curves, counts, measures and flipping films, as a Streamlit component."""

from app.workbench.component import workbench

__all__ = ["workbench"]
