"""Streams spread over worker processes, sans-IO: which worker is told what, and what the control side hears of it.

The control side speaks the vocabulary as if there were one engine. A stream lives where its port is. Two streams to be
bridged that live with different workers are joined by a *line*: one more stream with each of the two, connected over
the loopback interface. A room lives with one worker; those who live elsewhere sit in it by a line.

When a worker dies, its streams are opened again with another, at another port, and all that was asked of them is asked
again; the control side hears StreamMoved and tells the peers. Ports for this and for lines are kept back here.
"""

from collections import deque
from collections.abc import Callable

import msgspec

from softacd.rtp.lines import Lines
from softacd.rtp.vocabulary import (
    AnyCommand,
    AnyEvent,
    AnyStreamCommand,
    Bridge,
    CloseStream,
    MixJoin,
    MixLeave,
    OpenStream,
    PauseRecording,
    Play,
    PlayEnded,
    Port,
    PortsLost,
    PortsOffered,
    RecordingEnded,
    ReportClosed,
    ReservePorts,
    ResumeRecording,
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

KEPT_BACK = 4
"""Ports of each worker that the control side is not offered, for lines and for streams that must move."""


class Placed:
    """One stream of the control side: where it lives and what was asked of it."""

    __slots__ = ("partner", "play", "recording", "remote", "room", "worker")

    def __init__(self, worker: int) -> None:
        self.worker = worker
        """0 while it has none."""
        self.remote: SetRemote | None = None
        self.play: Play | None = None
        self.partner: int | None = None
        self.room: MixJoin | None = None
        self.recording: StartRecording | None = None


class Spread:
    """All streams of all workers. What is to be told to workers and heard by the control side waits in the deques."""

    def __init__(self, written: Callable[[str], tuple[float, int]]) -> None:
        """`written(path)`: seconds and octets of a recording whose worker has died."""
        self.commands: deque[tuple[int, AnyCommand]] = deque()
        self.events: deque[AnyEvent] = deque()
        self.streams: dict[int, Placed] = {}
        self.workers: dict[int, int] = {}
        """Living worker -> its streams."""
        self._written = written
        self._ports: dict[int, deque[Port]] = {}
        self._homeless: deque[int] = deque()
        self._unfinished: dict[int, tuple[int, StartRecording]] = {}
        """Recordings that were stopped and whose files are not complete: by their numbers, with their workers."""
        self._unjoined: set[int] = set()  # streams that wait for the ports of a line
        self._homes: dict[int, int] = {}  # room -> its worker
        self._lines = Lines(self._tell, self._take_port, lambda port: self._ports[port.worker].appendleft(port))

    @property
    def homeless(self) -> int:
        """Streams that wait for a worker."""
        return len(self._homeless)

    # --- workers ------------------------------------------------------------------------------------------------

    def add(self, worker: int) -> None:
        """A worker is up. Numbers are never used twice."""
        self.workers[worker] = 0
        self._ports[worker] = deque()
        self._ask_for_homeless()

    def lose(self, worker: int) -> None:
        """A worker has died."""
        if self.workers.pop(worker, None) is None:
            return
        del self._ports[worker]
        self.events.append(PortsLost(worker))
        rooms = {room for room, home in self._homes.items() if home == worker}
        for stream, placed in self.streams.items():
            if placed.worker == worker:
                placed.worker = 0
                self._homeless.append(stream)
                self._lose_recording(placed)
        for number in [number for number, (home, _) in self._unfinished.items() if home == worker]:
            self._lost(self._unfinished.pop(number)[1])
        self._lines.lose(worker)
        for room in rooms:
            del self._homes[room]
            for stream, placed in self.streams.items():
                if placed.room is not None and placed.room.room == room:
                    self._lines.end(stream)
        self._ask_for_homeless()
        self._settle()
        for room in rooms:
            self._sit_again(room)

    def give_up(self) -> None:
        """Nobody will take the streams that still wait for a worker."""
        while self._homeless:
            self.events.append(StreamLost(self._homeless.popleft()))

    def _lose_recording(self, placed: Placed) -> None:
        recording, placed.recording = placed.recording, None
        if recording is not None:
            self._lost(recording)

    def _finish_recording(self, placed: Placed) -> None:
        """It is written to its end, which is told whatever becomes of the stream meanwhile."""
        recording, placed.recording = placed.recording, None
        if recording is not None:
            self._unfinished[recording.recording] = (placed.worker, recording)

    def _lost(self, recording: StartRecording) -> None:
        seconds, octets = self._written(recording.path)
        error = "the media worker that recorded has died; what it had written can be played"
        self.events.append(RecordingEnded(recording.stream, recording.recording, seconds, octets, error))

    # --- ports --------------------------------------------------------------------------------------------------

    def _offered(self, worker: int, ports: tuple[Port, ...]) -> None:
        kept = self._ports[worker]
        named = [msgspec.structs.replace(port, worker=worker) for port in ports]
        while named and (self._homeless or len(kept) < KEPT_BACK):
            kept.append(named.pop())
            self._settle()
        while kept and self._unjoined:
            self._join_again(self._unjoined.pop())
        if named:
            self.events.append(PortsOffered(tuple(named)))

    def _take_port(self, worker: int) -> Port | None:
        kept = self._ports.get(worker)
        return kept.popleft() if kept else None

    def _ask_for_homeless(self) -> None:
        """Have ports made for streams that must move: those on offer are in the hands of the control side."""
        if self._homeless:
            share = -(-len(self._homeless) // max(len(self.workers), 1))
            for worker in self.workers:
                self._tell(worker, ReservePorts(share))

    # --- commands -----------------------------------------------------------------------------------------------

    def carry(self, command: AnyCommand) -> None:
        """A command of the control side."""
        if isinstance(command, ReservePorts):
            share = -(-command.count // max(len(self.workers), 1))
            for worker in self.workers:
                self._tell(worker, ReservePorts(share))
        elif isinstance(command, ReturnPorts):
            for worker in self.workers:
                ports = tuple(port for port in command.ports if port.worker == worker)
                if ports:
                    self._tell(worker, ReturnPorts(ports))
        elif isinstance(command, OpenStream):
            self._open(command)
        else:
            placed = self.streams.get(command.stream)
            if placed is not None:
                self._carry(placed, command)

    def _open(self, command: OpenStream) -> None:
        stream, worker = command.stream, command.port.worker
        if stream in self.streams:
            return
        placed = self.streams[stream] = Placed(worker)
        if worker in self.workers:
            self.workers[worker] += 1
            self._tell(worker, command)
        else:  # its port died between the offer and now
            placed.worker = 0
            self._homeless.append(stream)
            self._settle()

    def _carry(self, placed: Placed, command: AnyStreamCommand) -> None:
        match command:
            case SetRemote():
                placed.remote = command
                self._lines.speak(command)
            case Bridge(other=other):
                self._bridge(command.stream, other)
                return
            case Unbridge():
                self._part(command.stream, placed)
            case Play():
                placed.play = command
            case StopPlay():
                placed.play = None
            case MixJoin():
                self._join(placed, command)
                return
            case MixLeave():
                self._rise(command.stream, placed)
            case StartRecording():
                self._finish_recording(placed)
                placed.recording = command
            case StopRecording():
                self._finish_recording(placed)
            case PauseRecording() | ResumeRecording() | ReportClosed():
                pass
            case CloseStream():
                self._close(placed, command.stream)
                return
        self._tell(placed.worker, command)

    def _bridge(self, stream: int, other: int) -> None:
        one, two = self.streams[stream], self.streams.get(other)
        if two is None or stream == other:
            return
        if one.partner != other:
            for number, placed in ((stream, one), (other, two)):
                self._part(number, placed)
            one.partner, two.partner = other, stream
        one.play = two.play = None
        for number, placed in ((stream, one), (other, two)):
            self._rise(number, placed)
        self._connect(stream, one, other, two)

    def _connect(self, stream: int, one: Placed, other: int, two: Placed) -> None:
        if not one.worker or not two.worker:
            return  # when it has moved
        if one.worker == two.worker:
            self._tell(one.worker, Bridge(stream, other))
        else:
            line = self._lines.between(stream, one.worker, other, two.worker, one.remote)
            if line is None:
                self._unjoined.add(stream)
            else:
                self._tell(one.worker, Bridge(stream, line.near))
                self._tell(two.worker, Bridge(other, line.far))

    def _join_again(self, stream: int) -> None:
        """A port has come for a line that could not be made."""
        placed = self.streams.get(stream)
        if placed is None:
            return
        if placed.partner is not None:
            self._connect(stream, placed, placed.partner, self.streams[placed.partner])
        elif placed.room is not None:
            self._sit_again(placed.room.room)

    def _part(self, stream: int, placed: Placed) -> None:
        """End the bridge of a stream."""
        partner, placed.partner = placed.partner, None
        if partner is not None and partner in self.streams:
            self.streams[partner].partner = None
            self._lines.end(partner)
        self._lines.end(stream)

    def _close(self, placed: Placed, stream: int) -> None:
        self._part(stream, placed)
        self._rise(stream, placed)
        if placed.worker:
            self._tell(placed.worker, CloseStream(stream))
            return
        del self.streams[stream]
        if stream in self._homeless:
            self._homeless.remove(stream)
        self.events.append(StreamClosed(stream, StreamStatistics()))

    # --- rooms --------------------------------------------------------------------------------------------------

    def _join(self, placed: Placed, command: MixJoin) -> None:
        stream = command.stream
        if placed.room is None or placed.room.room != command.room:
            self._part(stream, placed)
            self._rise(stream, placed)
        placed.room = command
        placed.play = None
        self._sit_again(command.room)

    def _sit_again(self, room: int) -> None:
        """Seat everybody of a room: those who hear each other are named by how they sit."""
        seated = {
            stream: placed.room
            for stream, placed in self.streams.items()
            if placed.room is not None and placed.room.room == room and placed.worker
        }
        if not seated:
            self._homes.pop(room, None)
            return
        home = self._homes.setdefault(room, self.streams[next(iter(seated))].worker)
        names: dict[int, int] = {}
        for stream in seated:
            placed = self.streams[stream]
            names[stream] = stream
            if placed.worker != home:
                line = self._lines.of(stream)
                if line is None:
                    line = self._lines.between(stream, placed.worker, None, home, placed.remote)
                    if line is None:
                        self._unjoined.add(stream)
                    else:
                        self._tell(placed.worker, Bridge(stream, line.near))
                if line is not None:
                    names[stream] = line.far
        for stream, join in seated.items():
            heard_by = join.heard_by
            if heard_by is not None:
                heard_by = tuple(names[one] for one in heard_by if one in names)
            self._tell(home, MixJoin(names[stream], room, heard_by))

    def _rise(self, stream: int, placed: Placed) -> None:
        """Leave the room a stream is in."""
        join, placed.room = placed.room, None
        if join is None:
            return
        if self._lines.of(stream) is None:
            if placed.worker:
                self._tell(placed.worker, MixLeave(stream))
        else:
            self._lines.end(stream)
        if not any(one.room is not None and one.room.room == join.room for one in self.streams.values()):
            self._homes.pop(join.room, None)

    # --- moving -------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Open streams that have lost their worker with another, those bridged together."""
        for _ in range(len(self._homeless)):
            stream = self._homeless.popleft()
            placed = self.streams[stream]
            partner = self.streams.get(placed.partner) if placed.partner is not None else None
            worker = partner.worker if partner is not None and partner.worker else self._idlest()
            port = self._take_port(worker) if worker else None
            if port is None:
                self._homeless.append(stream)
                continue
            self._move(stream, placed, port)

    def _idlest(self) -> int:
        return min(self.workers, key=lambda worker: self.workers[worker], default=0)

    def _move(self, stream: int, placed: Placed, port: Port) -> None:
        placed.worker = worker = port.worker
        self.workers[worker] += 1
        self._tell(worker, OpenStream(stream, port))
        if placed.remote is not None:
            self._tell(worker, placed.remote)
        if placed.partner is not None:
            self._connect(stream, placed, placed.partner, self.streams[placed.partner])
        if placed.room is not None:
            self._sit_again(placed.room.room)
        if placed.play is not None:
            self._tell(worker, placed.play)
        self.events.append(StreamMoved(stream, port))

    # --- events -------------------------------------------------------------------------------------------------

    def take(self, worker: int, event: AnyEvent) -> None:
        """An event of a worker."""
        if worker not in self.workers:
            return
        if isinstance(event, PortsOffered):
            self._offered(worker, event.ports)
            return
        if isinstance(event, PortsLost) or event.stream < 0:
            return  # of a line: the control side does not know of it
        if isinstance(event, RecordingEnded) and self._unfinished.pop(event.recording, None) is not None:
            self.events.append(event)
            return
        placed = self.streams.get(event.stream)
        if placed is None or placed.worker != worker:
            return
        if isinstance(event, StreamClosed):
            self._finish_recording(placed)
            self._part(event.stream, placed)
            self._rise(event.stream, placed)
            del self.streams[event.stream]
            self.workers[worker] -= 1
        elif isinstance(event, PlayEnded) and placed.play is not None and placed.play.play == event.play:
            placed.play = None
        elif (
            isinstance(event, RecordingEnded)
            and placed.recording is not None
            and placed.recording.recording == event.recording
        ):
            placed.recording = None
        self.events.append(event)

    def _tell(self, worker: int, command: AnyCommand) -> None:
        if worker:
            self.commands.append((worker, command))
