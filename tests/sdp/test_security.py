"""Which transport an offer names."""

import pytest

from softacd.sdp.security import PROFILES, Encryption, profile


@pytest.mark.parametrize("srtp", ["off", "preferred", "required"])
@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("with_dtls", [False, True])
def test_only_who_demands_encryption_names_a_transport_that_promises_it(
    srtp: Encryption, keyed: bool, with_dtls: bool
) -> None:
    made = profile(srtp, keyed=keyed, dtls_offered=with_dtls, browser=False)
    assert made in PROFILES
    assert ("SAVP" in made) == (srtp == "required")
    assert profile(srtp, keyed=keyed, dtls_offered=with_dtls, browser=True) == "UDP/TLS/RTP/SAVPF"
