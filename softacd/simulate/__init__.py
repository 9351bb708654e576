"""Simulated phones, carriers and people: the other end of every call, for the demonstration, the tests and rehearsals.

They speak real SIP and RTP through sockets of their own and share no state with the switch. The signatures their
voices carry (`sound`) let each ear tell whom it hears.
"""
