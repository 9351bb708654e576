"""`softacd explain`: each decision about a call with every agent's reason, in the order they were made."""

import io

import msgspec
from rich.console import Console

from softacd.ops.explain_command import told
from tests.ops.past_calls import answered_call, event

WHY = "place 1: ann: idle 412 s, level 1; bob: idle 20 s, level 1 | cid: in wrap-up for 12 s more; 3 more"


def printed(*extra: tuple[int, str, str]) -> list[str]:
    detail = answered_call()
    events = sorted([*detail.events, *(event(*one) for one in extra)], key=lambda one: one.at)
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(told(msgspec.structs.replace(detail, events=events)))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_every_agent_has_a_line_of_his_own() -> None:
    lines = printed(
        (
            4_101,
            "why",
            "place 1: ann: idle 412 s, level 1; bob: idle 20 s, level 1 | cid: in wrap-up for 12 s more; 3 more",
        ),
        (9_000, "why", "place 1: nobody | ann: idle 5 s; the caller waits for bob"),
    )
    assert lines[0].startswith("Answered by ann after 12.3 s in sales")
    body = [line.split(maxsplit=1)[-1] if line.startswith((" ", "+")) else line for line in lines[2:]]
    text = "\n".join(lines)
    assert "+4.101" in text
    assert "rings  ann idle 412 s, level 1" in text
    assert "rings  bob idle 20 s, level 1" in text
    assert "cid in wrap-up for 12 s more" in text
    assert "3 more do not ring" in text
    assert "nobody rings" in text
    assert "ann idle 5 s; the caller waits for bob" in text
    assert "connected: ann" in body[-1]


def test_a_call_without_a_queue_says_so() -> None:
    assert printed()[-1] == "No queue decided anything about this call."
