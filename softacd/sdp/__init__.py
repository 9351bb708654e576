"""Session descriptions and RFC 3264 offer/answer. Pure functions."""
