"""Where a field's explanation comes from: beside the field, else the table."""

import msgspec

from softacd.calls.records import CallRecord
from softacd.calls.views import TrunkView
from softacd.web.calls import CallPage
from softacd.web.feed import CallPushed
from softacd.web.field_texts import BY_NAME, BY_TYPE, describe_field


def test_a_docstring_beside_the_field_comes_first() -> None:
    assert describe_field(CallRecord, "queued") == "When the caller entered the (last) queue."
    assert describe_field(CallPage, "next") == "`before` of the next page; null on the last one."


def test_a_field_of_a_parent_is_found() -> None:
    assert describe_field(CallPushed, "seq").startswith("Number; grows")


def test_the_table_by_type_comes_before_the_table_by_name() -> None:
    assert describe_field(TrunkView, "calls") == BY_TYPE["TrunkView", "calls"] != BY_NAME["calls"]
    assert describe_field(TrunkView, "failures") == BY_NAME["failures"]


def test_a_type_without_source_falls_back_to_the_table() -> None:
    made = msgspec.defstruct("Made", [("caller", str), ("unheard_of", int)], module="no_such_module")
    assert describe_field(made, "caller") == BY_NAME["caller"]
    assert describe_field(made, "unheard_of") == ""


def test_no_entry_of_the_tables_is_dead() -> None:
    """Every word explained by name is a field of some described type."""
    from softacd.web.description import _TYPES

    fields = {field for type_ in _TYPES.values() for field in type_.__struct_fields__} | {"type"}
    assert set(BY_NAME) <= fields
    assert all(field in _TYPES[type_].__struct_fields__ for type_, field in BY_TYPE)
