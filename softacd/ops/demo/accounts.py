"""Every call explained: what its caller did and heard, what the agent saw, and what the switch recorded must agree.

Pure: takes views as data, gives one `Account` a call.
"""

import msgspec
import numpy as np

from softacd.calls.records import CallRecord, Outcome
from softacd.simulate import sound
from softacd.simulate.ear import Hearing
from softacd.simulate.people import CallerPlan
from softacd.simulate.sound import RATE, Samples

LIKE = 0.8
"""Correlation from which a clip counts as heard; G.711 alone costs less than 0.01."""
TALK_TOLERANCE = 0.75
"""Seconds by which the talk recorded may differ from the talk lived."""
PIECE = 3 * RATE // 4
"""Samples of a clip, or of the wait with its music, that are looked up at a time."""
BLINK = 1.0
"""Seconds of conversation within which an ear may have missed the agent's bell."""

GREETED = 2.5
"""Seconds of conversation, holds left out, within which the caller has heard the agent and greeted in turn."""


class Clips(msgspec.Struct, frozen=True):
    """The sounds a caller should hear, as samples."""

    greeting: Samples
    notice: Samples
    music: Samples


class CallerView(msgspec.Struct, frozen=True):
    """What one caller lived. Times in seconds from the moment sound was first possible; None: did not happen."""

    plan: CallerPlan
    answered: bool
    pressed: float | None
    ended: float
    ended_by_caller: bool
    status: int
    failure: str
    heard: Samples
    hearing: Hearing | None
    bells: tuple[tuple[float, int], ...]


class AgentView(msgspec.Struct, frozen=True):
    """An agent's phone that answered this caller. Seconds of conversation, `held` of them on hold; whether the caller's
    bell was heard."""

    agent: str
    signature: int
    seconds: float
    held: float
    hung_up_first: bool
    heard_caller: bool


class Heard(msgspec.Struct, frozen=True):
    """Which sounds reached the caller. None: not to be expected."""

    greeting: bool
    notice: bool | None
    music: bool | None
    agent: bool


class Account(msgspec.Struct, frozen=True):
    """One call, both sides laid together. Durations in seconds; `doubts` is empty when everything agrees."""

    caller: str
    number: str
    key: str
    key_by: str
    queue: str
    agent: str
    wait: float
    talk: float
    outcome: str
    ended_by: str
    call_id: str
    heard: Heard
    hearing: Hearing | None
    doubts: tuple[str, ...]

    @property
    def explained(self) -> bool:
        """Whether the caller's view, the agents' and the switch's agree."""
        return not self.doubts


def explain(view: CallerView, heard: Heard, agents: list[AgentView], records: list[CallRecord], queue: str) -> Account:
    """Lay together what is known of one call; `heard` is what `listen` found.

    `records` are the switch's for this caller: there should be one. `queue` is the one behind the caller's key.
    """
    doubts: list[str] = []
    record = records[0] if records else None
    if view.failure:
        doubts.append(view.failure)
    if len(records) != 1:
        doubts.append(f"the switch has {len(records)} records of this caller")
    talked = _partner(view, agents, doubts)
    if record is not None:
        _compare(view, record, talked, queue, doubts)
    _check_sound(view, heard, talked, doubts)
    return Account(
        caller=view.plan.name,
        number=view.plan.number,
        key=view.plan.key if view.pressed is not None else "",
        key_by=view.plan.key_by.value,
        queue=record.queue if record is not None else "",
        agent=record.agent if record is not None else "",
        wait=record.wait_ms / 1000 if record is not None else 0.0,
        talk=record.talk_ms / 1000 if record is not None else 0.0,
        outcome=record.outcome.value if record is not None else "unknown",
        ended_by=record.ended_by if record is not None else "",
        call_id=record.id if record is not None else "",
        heard=heard,
        hearing=view.hearing,
        doubts=tuple(doubts),
    )


def listen(view: CallerView, clips: Clips) -> Heard:
    """Find the clips in what the caller heard."""
    greeting = _end_of(clips.greeting, view.heard[: 8 * RATE]) is not None
    if view.pressed is None:
        return Heard(greeting, None, None, agent=bool(view.bells))
    met = view.bells[0][0] if view.bells else view.ended
    after_key = view.heard[int(view.pressed * RATE) : int(met * RATE)]
    notice: bool | None = None
    music: bool | None = None
    if len(after_key) > len(clips.notice) + 0.4 * RATE:
        end = _end_of(clips.notice, after_key)
        notice = end is not None
        if end is not None:
            music = _is_music(after_key[end + RATE // 8 :], _looped(clips.music))
    return Heard(greeting, notice, music, agent=bool(view.bells))


def _looped(music: Samples) -> Samples:
    """The music, and its beginning once more: a piece may lie across the loop."""
    return np.concatenate((music, music[:RATE]))


def _is_music(waiting: Samples, music: Samples) -> bool | None:
    """Whether the wait begins with the music: its first piece or the next; None for a wait too short to tell."""
    for start in (0, PIECE):
        if len(waiting) < start + PIECE + RATE // 4:
            return None if start == 0 else False
        found = sound.find(waiting[start : start + PIECE], music)
        if found is not None and found.likeness >= LIKE:
            return True
    return False


def _end_of(clip: Samples, heard: Samples) -> int | None:
    """Sample at which the clip ended in `heard`; None when it was not heard.

    Half of its pieces must be found, each by itself: a short gap shifts the rest, which is heard all the same.
    """
    starts = range(0, len(clip) - PIECE // 2, PIECE)
    ends = []
    for start in starts:
        piece = clip[start : start + PIECE]
        found = sound.find(piece, heard)
        if found is not None and found.likeness >= LIKE:
            ends.append(round(found.at * RATE) + len(clip) - start)
    return max(ends) if ends and 2 * len(ends) >= len(starts) else None


def _partner(view: CallerView, agents: list[AgentView], doubts: list[str]) -> AgentView | None:
    """Whom the caller talked to: the bell heard, and the phone that answered, must be one."""
    bells = {signature for _, signature in view.bells}
    if len(bells) > 1:
        doubts.append(f"heard {len(bells)} voices")
    if not agents:
        if bells:
            doubts.append("heard a voice no phone sent")
        return None
    talked = max(agents, key=lambda agent: agent.seconds)
    if bells and talked.signature not in bells:
        doubts.append(f"{talked.agent}'s phone answered, but another voice was heard")
    if not bells and talked.seconds > BLINK:
        doubts.append(f"{talked.agent}'s phone answered for {talked.seconds:.1f} s, but was not heard")
    if bells and talked.seconds - talked.held > GREETED and not talked.heard_caller:
        doubts.append(f"{talked.agent} did not hear the caller")
    return talked


def _compare(view: CallerView, record: CallRecord, talked: AgentView | None, queue: str, doubts: list[str]) -> None:
    expected = {Outcome.ANSWERED}
    if talked is None:
        expected = {Outcome.ABANDONED if record.queued else Outcome.MISSED}
    elif talked.seconds <= BLINK and not view.bells:
        expected = {Outcome.ANSWERED, Outcome.ABANDONED}  # gave up in the moment of the answer
    if record.outcome not in expected:
        doubts.append(f"recorded as {record.outcome.value}, lived as {' or '.join(sorted(expected))}")
    if record.outcome is Outcome.ANSWERED and talked is not None:
        if record.agent != talked.agent:
            doubts.append(f"recorded agent {record.agent or 'nobody'}, talked to {talked.agent}")
        together = (record.talk_ms + record.hold_ms) / 1000
        if abs(together - talked.seconds) > TALK_TOLERANCE:
            doubts.append(f"recorded talk {together:.1f} s, lived {talked.seconds:.1f} s")
        by = ["called"] if talked.hung_up_first else ["caller"]
        if talked.hung_up_first and view.ended_by_caller:  # both at once: the switch knows whose BYE came first
            by.append("caller")
        if record.ended_by not in by:
            doubts.append(f"recorded as ended by {record.ended_by or 'nobody'}, ended by {' or '.join(by)}")
    if view.pressed is not None and view.ended - view.pressed > 1.0:
        if record.keys != view.plan.key:
            doubts.append(f"recorded keys {record.keys or 'none'}, pressed {view.plan.key}")
        if record.queued and record.queue != queue:
            doubts.append(f"recorded queue {record.queue or 'none'}, chose {queue}")
    if not record.ended:
        doubts.append("still open in the records")


def _check_sound(view: CallerView, heard: Heard, talked: AgentView | None, doubts: list[str]) -> None:
    if view.answered and view.ended > 3.0 and not heard.greeting:
        doubts.append("did not hear the greeting")
    if heard.notice is False:
        doubts.append("did not hear the notice")
    if heard.music is False:
        doubts.append("did not hear the music")
    hearing = view.hearing
    if hearing is not None and hearing.packets:
        # RFC 3550 section 5.1: one source for the caller, whoever speaks.
        if hearing.sources != 1 or hearing.leaps:
            doubts.append(f"the sound came from {hearing.sources} sources with {hearing.leaps} leaps")
    elif talked is not None:
        doubts.append("heard nothing at all")
