"""Signalling core: SIP messages, transactions, dialogs, registrar. Bytes in, bytes and events out; no I/O."""
