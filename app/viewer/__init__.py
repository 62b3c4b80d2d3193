"""The radiograph viewer with its answer panel: a loader of films and the reading desk, as Streamlit components."""

from app.viewer.component import desk, film

__all__ = ["desk", "film"]
