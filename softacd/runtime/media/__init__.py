"""The media engine: the sockets, the clock and the thread around the pure core in softacd/rtp."""
