"""Settings of the engine."""

import msgspec
import pytest

from softacd.rtp.model import MediaSettings


def test_the_range_must_hold_the_reservoir() -> None:
    with pytest.raises(ValueError, match="hold 10 port pairs, fewer than reservoir 64"):
        MediaSettings(port_low=20_000, port_high=20_019)
    MediaSettings(port_low=20_001, port_high=20_023, reservoir=11)


def test_unknown_and_wrong_settings_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"port": 1}, MediaSettings)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"port_low": 80}, MediaSettings)
