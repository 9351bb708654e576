"""A topic said after its call had ended still stands in the call's record."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, update

from softacd.store.tables import TOPICS, Values, calls

_CALL, _TOPIC = (TOPICS.columns.index(name) for name in ("call", "topic"))
_SET = update(calls).where(calls.c.id == bindparam("an_id")).values(topic=bindparam("a_topic"))


def set_topics(connection: Connection, written: Iterable[Values]) -> None:
    """Put the topics just written, in the order of `written`, into their calls' rows."""
    said = {values[_CALL]: values[_TOPIC] for values in written}
    if said:
        connection.execute(_SET, [{"an_id": call, "a_topic": topic} for call, topic in said.items()])
