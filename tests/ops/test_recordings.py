"""Keeping recordings: room on the disk is watched, files go when their days are over, and their accounts stay."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from softacd.calls.recording_desk import RecordingDesk
from softacd.calls.records import CallRecord, Direction, RecordingRecord
from softacd.ops.recordings import RecordingKeeper
from softacd.runtime.media.recorder import RecorderFigures
from softacd.store.store import Store

DAY = 86_400_000
NOW = 1_790_000_000_000


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def a_desk() -> RecordingDesk:
    return RecordingDesk(lambda now: NOW, lambda command: None, lambda record: None)


def keeper(directory: Path, days: int = 90) -> RecordingKeeper:
    return RecordingKeeper(directory, keep_days=days, least_free_mb=500)


def test_the_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    desk, keep = a_desk(), keeper(tmp_path / "data" / "recordings")
    keep.prepare(desk)
    assert desk.directory == str(tmp_path / "data" / "recordings")
    assert keep.directory.stat().st_mode & 0o077 == 0
    assert keep.check(RecorderFigures()).healthy


def test_a_directory_that_cannot_be_made_is_an_alarm_and_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    desk, keep = a_desk(), keeper(tmp_path / "file" / "recordings")
    keep.prepare(desk)
    assert desk.directory == ""
    check = keep.check(RecorderFigures())
    assert not check.healthy
    assert check.remedy


def test_a_disk_that_fills_closes_the_desk_and_opens_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, keep = a_desk(), keeper(tmp_path)
    keep.prepare(desk)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 499 * 2**20))
    keep.look(desk)
    assert "499 MB are free" in desk.closed
    check = keep.check(RecorderFigures())
    assert (check.healthy, check.remedy != "") == (False, True)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 501 * 2**20))
    keep.look(desk)
    assert desk.closed == ""
    assert keep.check(RecorderFigures()).healthy


def test_a_write_that_failed_is_an_alarm(tmp_path: Path) -> None:
    keep = keeper(tmp_path)
    check = keep.check(RecorderFigures(failed=1, error="a.wav: No space left on device"))
    assert (check.healthy, check.detail) == (False, "a.wav: No space left on device")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/softacd.db", node="n1", wall=lambda: NOW)
    yield opened
    await opened.close()


def remember(store: Store, directory: Path, name: str, age_days: float) -> Path:
    started = round(NOW - age_days * DAY)
    file = f"day-{int(age_days)}/{name}.wav"
    store.write(CallRecord(name, Direction.INCOMING, started, "1", "2", ended=started + 1))
    store.write(RecordingRecord(name, name, "trunk:alpha", "sales", "ann", started, file, ended=started + 1, octets=9))
    place = directory / file
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"sound")
    return place


async def test_files_go_when_their_days_are_over_and_their_accounts_stay(tmp_path: Path, store: Store) -> None:
    keep = keeper(tmp_path)
    old, young = remember(store, tmp_path, "old", 90.1), remember(store, tmp_path, "young", 89.9)
    gone = remember(store, tmp_path, "gone", 200)
    gone.unlink()
    assert await keep.remove_old(store, lambda: NOW) == 2
    assert not old.exists()
    assert not old.parent.exists()
    assert young.exists()
    accounts = {record.id: record.removed for record in await store.recordings()}
    assert accounts == {"old": NOW, "gone": NOW, "young": 0}
    assert await keep.remove_old(store, lambda: NOW) == 0


async def test_files_are_kept_for_ever_when_asked(tmp_path: Path, store: Store) -> None:
    old = remember(store, tmp_path, "old", 5000)
    await keeper(tmp_path, days=0).tidy(store, lambda: NOW)
    assert old.exists()
