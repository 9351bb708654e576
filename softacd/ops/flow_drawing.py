"""Call flows drawn: as a tree for terminals, as Mermaid text, as an SVG picture."""

from collections import deque
from html import escape as html
from typing import TYPE_CHECKING

from softacd.calls.flow_graph import exits
from softacd.calls.flow_steps import BranchStep, FlowSettings, HoursStep, MenuStep, Step
from softacd.calls.flow_words import describe

if TYPE_CHECKING:
    from rich.tree import Tree


def flow_tree(flow: FlowSettings, numbers: list[str]) -> "Tree":
    """The flow as a tree: one step below the other, choices indented; a step drawn once already is only named."""
    from rich.markup import escape
    from rich.tree import Tree

    tree = Tree(f"[bold]Flow {escape(flow.name)}[/] [dim]{', '.join(numbers) or 'no number'}[/]")
    drawn: set[str] = set()

    def draw(branch: Tree, name: str, lead: str, *, own_line: bool) -> None:
        """`own_line`: what follows this step is drawn below it in the same branch, not indented under it."""
        step = flow.steps[name]
        label = f"{lead}[cyan]{escape(name)}[/] "
        if name in drawn:
            branch.add(f"{label}[dim](see above)[/]")
            return
        drawn.add(name)
        word, _, detail = describe(step).partition(" ")
        node = branch.add(f"{label}[dim]{word}[/] {escape(detail)}".rstrip())
        ways = list(exits(step))
        for way in ways:
            lead = f"[yellow]{escape(way.label)}[/] " if way.pressed else f"[dim]{escape(way.label)}[/] "
            alone = own_line and len(ways) == 1 and not way.pressed
            draw(branch if alone else node, way.target, lead if way.label else "", own_line=alone)

    draw(tree, flow.start, "", own_line=True)
    return tree


def mermaid(flow: FlowSettings) -> str:
    """The flow as a Mermaid flowchart, which GitHub and many editors show as a picture."""
    number = {name: f"s{index}" for index, name in enumerate(flow.steps)}
    lines = [f"%% flow {flow.name}", "flowchart TD"]
    for name, step in flow.steps.items():
        text = f"<b>{_plain(name)}</b><br/>{_plain(describe(step))}"
        left, right = ("{{", "}}") if isinstance(step, BranchStep | HoursStep) else ("[", "]")
        lines.append(f'    {number[name]}{left}"{text}"{right}')
    for name, step in flow.steps.items():
        for way in exits(step):
            arrow = f'-- "{_plain(way.label)}" -->' if way.label else "-->"
            lines.append(f"    {number[name]} {arrow} {number[way.target]}")
    lines.append(f"    begin(({_plain(flow.name)})) --> {number[flow.start]}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Mermaid has entities of its own."""
    for character, entity in (("&", "#amp;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("\n", " ")):
        text = text.replace(character, entity)
    return text


# --- the picture --------------------

WIDTH, HEIGHT, GAP, LAYER = 200, 46, 30, 104
_STYLE = (
    "text{font:12px sans-serif;fill:#1b1f24}.name{font-weight:bold}.box{fill:#eef4fb;stroke:#4a6fa5}"
    ".choice{fill:#fff6e0;stroke:#b58900}.way{fill:none;stroke:#6b7280;marker-end:url(#tip)}"
    ".back{stroke-dasharray:4 3}.label{font-size:10px;fill:#92400e}"
)
_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 8 4 0 8z" fill="#6b7280"/></marker></defs>'
)


def layers(flow: FlowSettings) -> list[list[str]]:
    """The steps by their distance from the start, each once."""
    depth = {flow.start: 0}
    waiting = deque([flow.start])
    while waiting:
        name = waiting.popleft()
        for way in exits(flow.steps[name]):
            if way.target not in depth:
                depth[way.target] = depth[name] + 1
                waiting.append(way.target)
    found: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name, layer in depth.items():
        found[layer].append(name)
    return found


def svg(flow: FlowSettings) -> str:
    """The flow as a picture: steps in layers by their distance from the start, ways back dashed."""
    rows = layers(flow)
    broadest = max(map(len, rows))
    width = broadest * (WIDTH + GAP) + GAP
    place: dict[str, tuple[int, int]] = {}
    for layer, names in enumerate(rows):
        left = (width - len(names) * (WIDTH + GAP) + GAP) // 2
        for index, name in enumerate(names):
            place[name] = left + index * (WIDTH + GAP), GAP + layer * LAYER
    height = len(rows) * LAYER + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>Flow {html(flow.name)}</title><style>{_STYLE}</style>",
        _TIP,
    ]
    for name, step in flow.steps.items():
        if name in place:
            ways = list(exits(step))
            parts += [_way(place[name], place[way.target], way.label, n, len(ways)) for n, way in enumerate(ways)]
    parts += [_box(name, flow.steps[name], place[name]) for name in place]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _box(name: str, step: Step, at: tuple[int, int]) -> str:
    x, y = at
    kind = "choice" if isinstance(step, BranchStep | HoursStep | MenuStep) else "box"
    detail = describe(step)
    shown = detail if len(detail) <= 30 else detail[:29] + "…"
    return (
        f'<g><title>{html(detail)}</title><rect class="{kind}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" '
        f'rx="6"/><text class="name" x="{x + 10}" y="{y + 18}">{html(name[:26])}</text>'
        f'<text x="{x + 10}" y="{y + 36}">{html(shown)}</text></g>'
    )


def _way(begin: tuple[int, int], end: tuple[int, int], label: str, index: int, count: int) -> str:
    x1 = begin[0] + round(WIDTH * (index + 1) / (count + 1))
    y1 = begin[1] + HEIGHT
    x2, y2 = end[0] + WIDTH // 2, end[1]
    back = y2 <= begin[1]
    if back:
        side = min(begin[0], end[0]) - 14
        path = f"M{x1} {y1}C{side} {y1 + 30} {side} {y2 - 30} {x2 - 20} {y2}"
    else:
        path = f"M{x1} {y1}C{x1} {y1 + 30} {x2} {y2 - 30} {x2} {y2}"
    drawn = f'<path class="way{" back" if back else ""}" d="{path}"/>'
    if label:
        drawn += f'<text class="label" x="{x1 + 3}" y="{y1 + 12 + 10 * (index % 3)}">{html(label[:28])}</text>'
    return drawn
