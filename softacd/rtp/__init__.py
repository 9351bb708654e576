"""Media core: RTP, RTCP, telephone-events, codecs, clips. No I/O."""
