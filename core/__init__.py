"""The PleuraScope library: data, models, evaluation and jobs, without any user interface."""

__version__ = "0.1.0"
