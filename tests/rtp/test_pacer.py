"""The wheel that tells when each stream's next packet is due."""

from softacd.rtp.pacer import SUB_TICK, Pacer


def run(pacer: Pacer[str], until: float, packet_ms: int = 20) -> list[tuple[float, str]]:
    """Take what is due, re-entering everything; (due time in ms, stream)."""
    out = []
    while (deadline := pacer.next_deadline()) is not None and deadline <= until:
        for stream in pacer.turn(deadline):
            out.append((round(deadline * 1000), stream))
            pacer.again(stream, packet_ms)
    return out


def test_nothing_is_due_of_nobody() -> None:
    assert Pacer().next_deadline() is None


def test_a_stream_begins_at_once_and_goes_on_every_20_ms() -> None:
    pacer: Pacer[str] = Pacer()
    pacer.join("a", 1.0)
    assert run(pacer, 1.07) == [(1000, "a"), (1020, "a"), (1040, "a"), (1060, "a")]


def test_a_second_stream_begins_within_one_sub_tick() -> None:
    pacer: Pacer[str] = Pacer()
    pacer.join("a", 1.0)
    run(pacer, 1.006)
    pacer.join("b", 1.006)
    assert run(pacer, 1.045) == [(1010, "b"), (1020, "a"), (1030, "b"), (1040, "a")]


def test_packet_times_of_60_ms() -> None:
    pacer: Pacer[str] = Pacer()
    pacer.join("a", 0.0)
    assert run(pacer, 0.13, 60) == [(0, "a"), (60, "a"), (120, "a")]


def test_a_machine_that_stood_still_does_not_make_up_for_it() -> None:
    pacer: Pacer[str] = Pacer()
    pacer.join("a", 0.0)
    pacer.join("b", 0.0)
    run(pacer, 0.02)
    assert pacer.forgive(0.1) == []
    assert sorted(pacer.forgive(5.0)) == ["a", "b"]
    assert pacer.next_deadline() == 5.0
    assert pacer.forgive(5.0) == []
    assert [stream for _, stream in run(pacer, 5.02)] == ["a", "b"]


def test_who_is_not_re_entered_is_gone() -> None:
    pacer: Pacer[str] = Pacer()
    pacer.join("a", 0.0)
    assert pacer.turn(SUB_TICK) == ["a"]
    assert (len(pacer), pacer.next_deadline()) == (0, None)
