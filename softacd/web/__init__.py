"""HTTP API, live push, consoles."""
