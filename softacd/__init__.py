"""softacd: a small call centre in one pure-Python process."""

__version__ = "0.1.0"
