"""How late a supplier usually is, from what was promised and what came."""

from collections.abc import Sequence
from datetime import date, timedelta

from softacd.calls.goods import Expected, Supplier, Supply

JUDGED = 50
"""Deliveries that count, the latest: a supplier may become better or worse."""
CAUTIOUS = 0.9


def judge(name: str, delays: Sequence[int]) -> Supplier:
    """A supplier by the delays (days, negative: early) of the latest deliveries."""
    if not delays:
        return Supplier(name, 0, 0, 0, 0.0)
    ordered = sorted(delays)
    usual = _quantile(ordered, 0.5)
    return Supplier(
        name,
        deliveries=len(ordered),
        usual_delay_days=max(usual, 0),
        cautious_delay_days=max(_quantile(ordered, CAUTIOUS), 0),
        on_time=sum(delay <= 0 for delay in ordered) / len(ordered),
    )


def expect(supply: Supply, supplier: Supplier, today: date) -> Expected:
    """When a promised delivery is to be expected by what its supplier has done before."""
    promised = date.fromisoformat(supply.promised)

    def after(days: int) -> str:
        return max(promised + timedelta(days), today).isoformat()

    return Expected(supply, after(supplier.usual_delay_days), after(supplier.cautious_delay_days))


def _quantile(ordered: Sequence[int], part: float) -> int:
    """The smallest value that `part` of all do not exceed."""
    return ordered[min(int(part * len(ordered) + 1 - 1e-9), len(ordered)) - 1]
