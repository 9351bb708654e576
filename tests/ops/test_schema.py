"""The walk over the settings' types: plain words for every type, and no value that breaks it."""

from pathlib import Path
from typing import Any

import msgspec
import msgspec.inspect as types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.acd.model import QueueSettings, Strategy, TierSettings
from softacd.calls.flow_steps import STEPS, FlowSettings
from softacd.calls.model import TrunkSettings
from softacd.ops.configuration_errors import Problem, one_of
from softacd.ops.draft import NAMED_SECTIONS, SECTIONS
from softacd.ops.schema import convert, describe, fields_of
from softacd.ops.toml_documents import Document


@pytest.mark.parametrize(
    ("cls", "key", "words"),
    [
        (TrunkSettings, "host", "text"),
        (TrunkSettings, "port", "a whole number from 0 to 65535"),
        (TrunkSettings, "keep_alive_seconds", "a number from 0 to 3600"),
        (TrunkSettings, "register", "true or false"),
        (TrunkSettings, "transport", 'one of "auto", "tcp", "tls", "udp"'),
        (TrunkSettings, "numbers", "a list of text"),
        (TrunkSettings, "codecs", 'a list, each item one of "G722", "OPUS", "PCMA", "PCMU"'),
        (
            QueueSettings,
            "strategy",
            one_of([choice.value for choice in Strategy]),
        ),
        (QueueSettings, "agents", "a list, each item an agent's name or a table"),
        (
            FlowSettings,
            "steps",
            "a table, each value a table with do = " + one_of([str(step.__struct_config__.tag) for step in STEPS]),
        ),
    ],
)
def test_types_in_plain_words(cls: type[msgspec.Struct], key: str, words: str) -> None:
    assert describe(dict(fields_of(cls))[key].type) == words


def converted(cls: type[msgspec.Struct], value: Any, name: str = "") -> tuple[msgspec.Struct | None, list[Problem]]:
    problems: list[Problem] = []
    return convert(Document(Path(), "x"), cls, value, ("section",), problems, name=name), problems


def test_a_wrong_key_with_a_default_does_not_hide_the_rest() -> None:
    trunk, problems = converted(TrunkSettings, {"host": "alpha", "port": "5060", "channels": 3}, "alpha")
    assert trunk == TrunkSettings(name="alpha", host="alpha", channels=3)
    assert [problem.key for problem in problems] == ["section.port"]


def test_a_short_form_and_a_table_are_the_same() -> None:
    short, _ = converted(QueueSettings, {"agents": ["ann"]}, "sales")
    long, _ = converted(QueueSettings, {"agents": [{"agent": "ann"}]}, "sales")
    assert short == long == QueueSettings(name="sales", tiers=(TierSettings(agent="ann"),))


def keys_of(cls: type[msgspec.Struct]) -> list[str]:
    return [key for key, _ in fields_of(cls)]


ALL = {**SECTIONS, **NAMED_SECTIONS}
KEY = st.sampled_from(["do", "prompts", "then", "agent", "choices", "queue", "1", "x"])
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["say", "udp"])
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=4), max_leaves=8
)


@given(st.data(), st.sampled_from(sorted(ALL)))
def test_any_value_is_taken_or_told(data: st.DataObject, section: str) -> None:
    cls = ALL[section]
    table = data.draw(st.one_of(VALUE, st.dictionaries(st.sampled_from([*keys_of(cls), "other"]), VALUE, max_size=6)))
    settings, problems = converted(cls, table, "name" if section in NAMED_SECTIONS else "")
    assert settings is not None or problems
    if settings is not None and not problems:  # what was taken is what the types say
        assert msgspec.convert(msgspec.to_builtins(settings), cls) == settings


def test_every_type_the_settings_use_can_be_described() -> None:
    waiting: list[types.Type] = [types.type_info(cls) for cls in ALL.values()]
    while waiting:
        node = waiting.pop()
        assert describe(node) != "a value"
        match node:
            case types.StructType():
                waiting += [field.type for field in node.fields]
            case types.UnionType():
                waiting += node.types
            case types.VarTupleType():
                waiting.append(node.item_type)
            case types.DictType():
                waiting += [node.key_type, node.value_type]
            case _:
                pass
