"""The demonstration: a real switch, simulated carriers, phones and callers, and the account of every call."""
