"""Configuration, logs, metrics, command line: the composition root."""
