"""Users, sessions and the audit log in the database, by the switch and by the command line."""

from pathlib import Path

import pytest

from softacd.calls.users import AuditEntry, Role, SessionRecord, User
from softacd.store import StoreError
from softacd.store.users import open_users
from tests.store.shop import MORNING, OpenStore, Wall

ANN = User("ann", Role.AGENT, "ann", "ro", "$argon2id$...", "", MORNING, MORNING)


async def test_users_and_sessions_come_back_after_a_restart(open_store: OpenStore) -> None:
    store = await open_store()
    session = SessionRecord("ab" * 32, "ann", "127.0.0.1", MORNING, MORNING)
    await store.users.put(ANN)
    await store.users.begin(session)
    await store.users.touch([(session.key, MORNING + 5)])
    await store.close()
    store = await open_store()
    assert await store.users.all() == [ANN]
    assert [one.seen for one in await store.users.sessions()] == [MORNING + 5]
    await store.users.end([session.key])
    assert await store.users.sessions() == []


async def test_a_removed_user_takes_his_sessions_along(open_store: OpenStore) -> None:
    store = await open_store()
    await store.users.put(ANN)
    await store.users.put(User("eve", Role.SUPERVISOR))
    for number, name in enumerate(("ann", "eve")):
        await store.users.begin(SessionRecord(str(number), name, "", MORNING, MORNING))
    await store.users.remove("ann")
    assert [user.name for user in await store.users.all()] == ["eve"]
    assert [session.user for session in await store.users.sessions()] == ["eve"]


async def test_the_audit_log_is_read_newest_first_a_page_at_a_time(open_store: OpenStore) -> None:
    store = await open_store()
    for number in range(5):
        store.write(AuditEntry(MORNING + number, "ann" if number % 2 else "eve", "agent", "", "act", str(number), 200))
    assert [entry.target for entry in await store.audit(limit=2)] == ["4", "3"]
    assert [entry.target for entry in await store.audit(before=MORNING + 3)] == ["2", "1", "0"]
    assert [entry.target for entry in await store.audit(user="ann", since=MORNING + 2)] == ["3"]


async def test_the_command_line_has_the_database_of_a_switch_that_does_not_run(
    open_store: OpenStore, url: str, path: Path, wall: Wall
) -> None:
    async with open_users(url, "n1") as table:
        await table.put(ANN)
        await table.note(AuditEntry(wall(), "command line", "", "", "put user", "ann", 200))
    store = await open_store()
    assert await store.users.all() == [ANN]
    assert [entry.user for entry in await store.audit()] == ["command line"]
    with pytest.raises(StoreError) as raised:
        async with open_users(url, "n1"):
            pass
    assert raised.value.in_use
