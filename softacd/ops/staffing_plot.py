"""What a simulation found, as a picture: service level, who gave up and how busy everybody is, hour by hour (SVG)."""

from collections.abc import Sequence
from html import escape

from softacd.ops.staffing import Hour, Outcome

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PANELS = (
    ("served in time", "service_level"),
    ("gave up", "abandonment"),
    ("busy", "occupancy"),
)
"""Title of each panel -> the share of an hour it shows."""
NOW, THEN = "#0e7490", "#16a34a"
LEFT, TOP, HEIGHT, GAP, SLOT, FOOT = 48, 56, 110, 34, 26, 34
"""Pixels: margin for the scale, the first panel's top, a panel, between panels, an hour, under the last."""


def plot(before: Outcome, after: Outcome | None, hours: Sequence[int], title: str) -> str:
    """An SVG 1.1 picture of these hours of the week, "now" beside "then" when there is a then."""
    width = max(LEFT + SLOT * len(hours) + 16, 420)
    height = TOP + len(PANELS) * (HEIGHT + GAP) - GAP + FOOT
    size = f'width="{width}" height="{height}"'
    font = 'font-family="sans-serif" font-size="11" fill="#334155"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}" {font}>',
        f'<rect {size} fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
        _key(LEFT, NOW, "now"),
    ]
    if after is not None:
        parts.append(_key(LEFT + 70, THEN, "then"))
    for number, (name, share) in enumerate(PANELS):
        parts += _panel(name, share, TOP + number * (HEIGHT + GAP), before, after, hours, width)
    foot = height - FOOT + 14
    day = -1
    for index, hour in enumerate(hours):
        x = LEFT + SLOT * (index + 0.5)
        parts.append(f'<text x="{x:.1f}" y="{foot}" text-anchor="middle">{hour % 24:02}</text>')
        if hour // 24 != day:
            day = hour // 24
            bold = 'text-anchor="middle" font-weight="bold"'
            parts.append(f'<text x="{x:.1f}" y="{foot + 14}" {bold}>{DAYS[day]}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _key(x: int, colour: str, text: str) -> str:
    return (
        f'<rect x="{x}" y="30" width="12" height="12" fill="{colour}"/><text x="{x + 17}" y="40">{escape(text)}</text>'
    )


def _panel(
    name: str, share: str, top: int, before: Outcome, after: Outcome | None, hours: Sequence[int], width: int
) -> list[str]:
    parts = [f'<text x="{LEFT}" y="{top - 6}">{escape(name)}</text>']
    for percent in (0, 50, 100):
        y = top + HEIGHT * (1 - percent / 100)
        parts.append(f'<line x1="{LEFT}" x2="{width - 16}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e2e8f0"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    drawn = [(before, NOW)] if after is None else [(before, NOW), (after, THEN)]
    broad = (SLOT - 6) / len(drawn)
    for index, hour in enumerate(hours):
        for side, (outcome, colour) in enumerate(drawn):
            value = _share(outcome.hours[hour], share)
            if value is None:
                continue
            tall = HEIGHT * min(value, 1.0)
            x = LEFT + SLOT * index + 3 + broad * side
            place = f'x="{x:.1f}" y="{top + HEIGHT - tall:.1f}" width="{broad:.1f}" height="{tall:.1f}"'
            said = f"{DAYS[hour // 24]} {hour % 24:02}:00 {escape(name)}: {value:.0%}"
            parts.append(f'<rect {place} fill="{colour}"><title>{said}</title></rect>')
    return parts


def _share(hour: Hour, share: str) -> float | None:
    found: float | None = getattr(hour, share)
    return found
