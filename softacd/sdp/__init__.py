"""Session descriptions (RFC 8866) and their offer/answer negotiation (RFC 3264): text in, decisions and text out."""
