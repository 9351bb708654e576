"""SIP signalling core, sans-IO: bytes and `now` in, bytes and events out (RFC 3261 and friends).

The facade is `softacd.sip.stack.SipStack`; `softacd.sip.events` is the vocabulary it speaks.
"""
