"""What a source can be to us and do to us, and what it costs it: everything that decides a ban beside the clock."""

from enum import StrEnum


class Standing(StrEnum):
    """What a source is to us."""

    STRANGER = "stranger"
    KNOWN = "known"  # a phone is registered from there
    TRUSTED = "trusted"  # a carrier, or named by the owner


class Offence(StrEnum):
    """What a source did."""

    NONSENSE = "nonsense"  # broke the grammar, or belongs to nothing we know
    CHALLENGED = "challenged"  # had to be asked for a password; a right one wipes it out
    CREDENTIALS = "credentials"  # a wrong password, or an unknown user
    REFUSED = "refused"  # wanted to call, as strangers may not
    UNSERVED = "unserved"  # asked for another service that strangers do not get
    FLOOD = "flood"  # sent more than the rate allows
    STALLED = "stalled"  # opened a connection and said nothing for too long


OFFENCE_WEIGHTS = {
    Offence.NONSENSE: 1.0,
    Offence.CHALLENGED: 0.1,  # an office whose two hundred phones start at once must get in
    Offence.CREDENTIALS: 2.0,
    Offence.REFUSED: 1.0,
    Offence.UNSERVED: 0.25,  # phones go on with theirs for a while after we have lost their registration
    Offence.FLOOD: 1.0,
    Offence.STALLED: 2.0,
}
"""Points an offence counts."""

RATES = {Standing.STRANGER: 1, Standing.KNOWN: 100, Standing.TRUSTED: 1_000}
"""How many times a stranger's message rate a source may use."""

TOLERANCES = {Standing.STRANGER: 1, Standing.KNOWN: 5}
"""How many times a stranger's tolerance a source has; those trusted are not banned at all."""
