"""Which address of ours a peer is told."""

from softacd.runtime.addresses import Addresses


def test_a_public_address_is_learned_only_where_it_is_to_be_and_only_if_it_is_one() -> None:
    addresses = Addresses("10.0.0.2", learns=True)
    assert addresses.towards("9.9.9.9") == "10.0.0.2"
    assert not addresses.learn("192.168.7.7")
    assert addresses.learn("8.8.4.4")
    assert not addresses.learn("8.8.4.4")
    assert (addresses.towards("9.9.9.9"), addresses.towards("10.0.0.9")) == ("8.8.4.4", "10.0.0.2")
    assert not Addresses("10.0.0.2", "8.8.8.8").learn("8.8.4.4")
