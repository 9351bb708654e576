"""Call flows: composes the four cores into calls. No I/O."""
