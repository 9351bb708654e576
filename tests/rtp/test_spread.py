"""Streams over workers: whatever is asked and whoever dies, who is to hear whom does, and nothing is left behind.

The workers are models that check what they are told: a stream is opened once, on a port on offer, and only what is open
is told anything.
"""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.rtp.lines import Lines
from softacd.rtp.spread import KEPT_BACK, Spread
from softacd.rtp.vocabulary import (
    AnyCommand,
    Bridge,
    CloseStream,
    Codec,
    MixJoin,
    MixLeave,
    OpenStream,
    Play,
    Port,
    PortsLost,
    PortsOffered,
    RecordingEnded,
    ReportClosed,
    ReservePorts,
    ReturnPorts,
    SetRemote,
    StartRecording,
    StopPlay,
    StopRecording,
    StreamClosed,
    StreamLost,
    StreamMoved,
    StreamStatistics,
    Unbridge,
)

HOST = "127.0.0.1"
RESERVOIR = 8


NOBODY = 0
"""No stream: calls' are numbered above, ends of lines below."""


class Model:
    """One worker: what it holds, by its own rules."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.next_port = 10_000 * number
        self.offered: set[int] = set()
        self.streams: dict[int, Port] = {}
        self.remotes: dict[int, SetRemote] = {}
        self.bridges: dict[int, int] = {}
        self.rooms: dict[int, MixJoin] = {}

    def offer(self, count: int) -> PortsOffered:
        ports = tuple(Port(HOST, self.next_port + 2 * index) for index in range(count))
        self.next_port += 2 * count
        self.offered |= {port.rtp for port in ports}
        return PortsOffered(ports)

    def obey(self, command: AnyCommand) -> list[PortsOffered | StreamClosed]:
        match command:
            case OpenStream(stream=stream, port=port):
                assert stream not in self.streams
                assert port.rtp in self.offered
                self.offered.remove(port.rtp)
                self.streams[stream] = port
                return [self.offer(1)]
            case ReservePorts(count=count):
                return [self.offer(count)]
            case ReturnPorts(ports=ports):
                self.offered -= {port.rtp for port in ports}
                return []
            case Bridge(stream=stream, other=other):
                assert {stream, other} <= set(self.streams)
                for one in (stream, other):
                    self.bridges.pop(self.bridges.pop(one, NOBODY), None)
                    self.rooms.pop(one, None)
                self.bridges |= {stream: other, other: stream}
            case CloseStream(stream=stream):
                assert stream in self.streams
                self.bridges.pop(self.bridges.pop(stream, NOBODY), None)
                self.rooms.pop(stream, None)
                self.remotes.pop(stream, None)
                del self.streams[stream]
                return [StreamClosed(stream, StreamStatistics())]
            case Unbridge(stream=stream):
                self.bridges.pop(self.bridges.pop(stream, NOBODY), None)
                self.rooms.pop(stream, None)
            case MixJoin(stream=stream):
                assert stream in self.streams
                self.bridges.pop(self.bridges.pop(stream, NOBODY), None)
                self.rooms[stream] = command
            case MixLeave(stream=stream):
                self.rooms.pop(stream, None)
            case SetRemote(stream=stream):
                assert stream in self.streams
                self.remotes[stream] = command
            case _:
                assert command.stream in self.streams
        return []


class House:
    """A spread, its workers, and what the control side knows."""

    def __init__(self, workers: int) -> None:
        self.spread = Spread(lambda path: (1.5, 24_044))
        self.workers: dict[int, Model] = {}
        self.ports: deque[Port] = deque()
        self.events: list[object] = []
        for number in range(1, workers + 1):
            self.add(number)

    def add(self, number: int) -> None:
        self.workers[number] = model = Model(number)
        self.spread.add(number)
        self.spread.take(number, model.offer(RESERVOIR))
        self.settle()

    def lose(self, number: int) -> None:
        del self.workers[number]
        self.spread.lose(number)
        self.settle()

    def carry(self, *commands: AnyCommand) -> None:
        for command in commands:
            self.spread.carry(command)
            self.settle()

    def settle(self) -> None:
        while self.spread.commands or self.spread.events:
            while self.spread.commands:
                number, command = self.spread.commands.popleft()
                if number in self.workers:
                    for answer in self.workers[number].obey(command):
                        self.spread.take(number, answer)
            while self.spread.events:
                event = self.spread.events.popleft()
                if isinstance(event, PortsOffered):
                    self.ports += event.ports
                elif isinstance(event, PortsLost):
                    self.ports = deque(port for port in self.ports if port.worker != event.worker)
                self.events.append(event)

    def open(self, stream: int, worker: int) -> None:
        port = next(port for port in self.ports if port.worker == worker)
        self.ports.remove(port)
        self.carry(OpenStream(stream, port), SetRemote(stream, "192.0.2.1", 4000, 4001, Codec("PCMA", 8)))

    def hears(self, stream: int) -> set[int]:
        """The streams of the control side whose peers this one's peer hears, over lines too."""
        worker = self.spread.streams[stream].worker
        return self._sources(worker, stream, {(worker, stream)}) - {stream}

    def _sources(self, worker: int, stream: int, seen: set[tuple[int, int]]) -> set[int]:
        model = self.workers[worker]
        others = {model.bridges[stream]} if stream in model.bridges else set()
        if stream in model.rooms:
            room = model.rooms[stream].room
            others |= {
                other
                for other, join in model.rooms.items()
                if other != stream and join.room == room and (join.heard_by is None or stream in join.heard_by)
            }
        found: set[int] = set()
        for other in others:
            if other > 0:
                found.add(other)
            else:  # the end of a line: what the other end hears comes here
                end = next(
                    (number, far)
                    for number, one in self.workers.items()
                    for far, port in one.streams.items()
                    if model.remotes[other].rtp_port == port.rtp
                    and one.remotes[far].rtp_port == model.streams[other].rtp
                )
                if end not in seen:
                    found |= self._sources(*end, seen | {end})
        return found


def test_streams_of_one_worker_are_bridged_there() -> None:
    house = House(2)
    house.open(1, 1), house.open(2, 1)
    house.carry(Bridge(1, 2))
    assert house.workers[1].bridges == {1: 2, 2: 1}
    assert not house.workers[2].streams


def test_over_two_workers_there_is_a_line_which_goes_with_the_bridge() -> None:
    house = House(2)
    house.open(1, 1), house.open(2, 2)
    house.carry(Bridge(1, 2))
    assert (house.hears(1), house.hears(2)) == ({2}, {1})
    house.carry(SetRemote(1, "192.0.2.1", 4000, 4001, Codec("PCMU", 0)))
    assert {remote.codec.name for stream, remote in house.workers[1].remotes.items() if stream < 0} == {"PCMU"}
    house.carry(CloseStream(2))
    assert [len(model.streams) for model in house.workers.values()] == [1, 0]
    assert house.hears(1) == set()


def test_a_whisper_over_two_workers() -> None:
    house = House(2)
    house.open(1, 1), house.open(2, 1), house.open(3, 2)
    house.carry(MixJoin(1, 5), MixJoin(2, 5), MixJoin(3, 5, heard_by=(2,)))
    assert (house.hears(1), house.hears(2), house.hears(3)) == ({2}, {1, 3}, {1, 2})
    house.carry(MixLeave(3))
    assert (house.hears(2), house.hears(3)) == ({1}, set())
    assert not house.workers[2].rooms


def test_who_dies_while_recording_leaves_what_it_wrote() -> None:
    house = House(2)
    house.open(1, 1)
    house.carry(StartRecording(1, 9, "a.wav"), Play(1, 4, ("music",), loop=True))
    house.lose(1)
    kinds = [type(event).__name__ for event in house.events if not isinstance(event, PortsOffered)]
    assert kinds[-3:] == ["PortsLost", "RecordingEnded", "StreamMoved"]
    assert house.spread.streams[1].play == Play(1, 4, ("music",), loop=True)


@pytest.mark.parametrize("stopped", [True, False])
def test_a_file_that_is_complete_after_its_stream_has_closed_is_told_of(stopped: bool) -> None:
    house = House(2)
    house.open(1, 1)
    house.carry(StartRecording(1, 9, "a.wav"), *([StopRecording(1)] if stopped else []), CloseStream(1))
    ended = RecordingEnded(1, 9, 2.5, 80_044, "")
    house.spread.take(1, ended)
    assert house.spread.events[-1] == ended
    house.spread.take(1, ended)  # once
    assert house.spread.events.count(ended) + house.events.count(ended) == 1


def test_a_worker_that_dies_between_the_end_of_a_stream_and_that_of_its_file_is_told_of_too() -> None:
    house = House(2)
    house.open(1, 1)
    house.carry(StartRecording(1, 9, "a.wav"), CloseStream(1))
    house.lose(1)
    assert [event.recording for event in house.events if isinstance(event, RecordingEnded)] == [9]


def test_without_any_worker_streams_wait_and_are_given_up() -> None:
    house = House(1)
    house.open(1, 1)
    house.lose(1)
    assert house.spread.homeless == 1
    house.spread.give_up()
    house.settle()
    assert house.events[-1] == StreamLost(1)
    house.carry(CloseStream(1))
    assert house.events[-1] == StreamClosed(1, StreamStatistics())
    assert not house.spread.streams


def test_the_worker_of_a_stream_is_told_that_somebody_waits_for_its_end() -> None:
    house = House(2)
    house.open(1, 2)
    for command in (CloseStream(1), ReportClosed(1)):
        house.spread.carry(command)
    assert list(house.spread.commands) == [(2, CloseStream(1)), (2, ReportClosed(1))]


def test_ports_are_kept_back_for_lines_and_moves() -> None:
    house = House(2)
    assert len(house.ports) == 2 * (RESERVOIR - KEPT_BACK)
    house.carry(ReservePorts(10))
    assert len(house.ports) == 2 * (RESERVOIR - KEPT_BACK) + 10


def test_a_line_that_lacks_a_port_gives_the_other_back() -> None:
    given_back: list[Port] = []
    port = Port(HOST, 1000, 1)
    lines = Lines(lambda *_: None, lambda worker: port if worker == 1 else None, given_back.append)
    assert lines.between(1, 1, 2, 2, None) is None
    assert (given_back, len(lines)) == ([port], 0)


STREAMS = range(1, 7)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.sampled_from(STREAMS), st.integers(0, 9)),
        st.tuples(st.just("bridge"), st.sampled_from(STREAMS), st.sampled_from(STREAMS)),
        st.tuples(st.just("join"), st.sampled_from(STREAMS), st.integers(1, 2)),
        st.tuples(st.sampled_from(["unbridge", "leave", "play", "stop", "close", "die"]), st.sampled_from(STREAMS)),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(STEPS)
def test_who_is_to_hear_whom_does(steps: list[tuple[object, ...]]) -> None:
    house = House(3)
    pairs: dict[int, int] = {}
    rooms: dict[int, int] = {}
    living: set[int] = set()
    numbers = iter(range(1, 1000))
    named: dict[int, int] = {}
    fresh = 4

    def part(stream: int) -> None:
        pairs.pop(pairs.pop(stream, -1), None)
        rooms.pop(stream, None)

    for step in steps:
        what, name, *rest = step
        assert isinstance(name, int)
        if what == "open":
            if name not in named:
                named[name] = next(numbers)
                worker = sorted(house.workers)[int(str(rest[0])) % len(house.workers)]
                house.open(named[name], worker)
                living.add(named[name])
            continue
        if what == "die":
            house.lose(sorted(house.workers)[name % len(house.workers)])
            house.add(fresh)
            fresh += 1
        elif name in named:
            stream = named[name]
            if what == "bridge" and rest[0] in named and rest[0] != name:
                other = named[int(str(rest[0]))]
                part(stream), part(other)
                pairs |= {stream: other, other: stream}
                house.carry(Bridge(stream, other))
            elif what == "join":
                part(stream)
                rooms[stream] = int(str(rest[0]))
                house.carry(MixJoin(stream, rooms[stream]))
            elif what == "unbridge":
                if stream in pairs:
                    part(stream)
                    house.carry(Unbridge(stream))
            elif what == "leave":
                if stream in rooms:
                    rooms.pop(stream)
                    house.carry(MixLeave(stream))
            elif what == "play":
                house.carry(Play(stream, 1, ("music",), loop=True))
            elif what == "stop":
                house.carry(StopPlay(stream))
            elif what == "close":
                part(stream)
                house.carry(CloseStream(stream))
                living.remove(named.pop(name))
        assert not house.spread.homeless
        for stream in living:
            expected = {pairs[stream]} if stream in pairs else set()
            if stream in rooms:
                expected = {one for one in rooms if rooms[one] == rooms[stream] and one != stream}
            assert house.hears(stream) == expected, step
    for stream in list(living):
        house.carry(CloseStream(stream))
    assert not house.spread.streams
    assert all(not model.streams for model in house.workers.values()), "no line is left"
    assert sum(house.spread.workers.values()) == 0
    moved = [event for event in house.events if isinstance(event, StreamMoved)]
    assert all(event.stream > 0 for event in moved)
