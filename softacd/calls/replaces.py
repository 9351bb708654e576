"""INVITE with Replaces (RFC 3891): a phone takes the place of one of its own legs, or picks up what rings elsewhere."""

from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.exchange import Exchange
from softacd.calls.leg import Leg
from softacd.calls.leg_table import LegState
from softacd.calls.pick_up import PickUp, find_ringing
from softacd.calls.refer import ReplacesTarget
from softacd.calls.transfer import replaced_leg


class ReplaceRefusedError(Exception):
    """The dialog cannot be replaced; `status` is the SIP answer (RFC 3891 section 3)."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def replacement(exchange: Exchange, extension: str, target: ReplacesTarget) -> Leg:
    """The leg a phone may replace. Raises ReplaceRefusedError.

    An established leg only by a device of the same extension; a ringing one by whoever could pick the call up.
    """
    leg = replaced_leg(exchange, target)
    if leg is None:
        raise ReplaceRefusedError(481, "no such dialog")
    if leg.state is LegState.RINGING:
        if leg.number != extension and find_ringing(exchange, extension, leg.number) is None:
            raise ReplaceRefusedError(403, "this phone may not pick that call up")
        return leg
    if leg.state is not LegState.ESTABLISHED:
        raise ReplaceRefusedError(481, "an early dialog the other side began cannot be replaced")
    if target.early_only:
        raise ReplaceRefusedError(486, "answered already")
    call = exchange.calls.get(leg.call)
    if leg.number != extension or leg.party.startswith("trunk:") or call is None or call.conversation is None:
        raise ReplaceRefusedError(403, "not a conversation of this phone")
    return leg


class Replace(Activity):
    """The phone that sent the INVITE goes on in the place of the replaced leg."""

    def __init__(self, call: Call, replaced: Leg) -> None:
        super().__init__(call)
        self._replaced = replaced

    def start(self, now: float) -> None:
        """Change places; the old leg may be gone by the time audio can flow."""
        call, old = self.call, self._replaced
        call.enter_phase(Phase.FLOW, now)
        other = call.exchange.calls.get(old.call)
        if old.ended or other is None or other.conversation is None:
            call.finish(now)
            return
        agent = other.agent
        other.note("replaced", f"{old.party} by another device", now)
        other.leave(old, now, agent_stays=bool(agent))
        new = call.give_leg(other, now)
        old.hang_up(now)
        if not other.seats(agent, new):
            other.occupy(new.number, now)
        other.connect(new, now, agent=agent)


def take_over(call: Call, leg: Leg) -> Activity:
    """What the INVITE with Replaces begins with."""
    return PickUp(call, leg.number) if leg.state is LegState.RINGING else Replace(call, leg)
