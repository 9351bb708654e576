"""Keeping recordings: room on the disk is watched, files go when their days are over, and their accounts stay."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from softacd.calls.recording_desk import RecordingDesk
from softacd.calls.records import CallRecord, Direction, RecordingRecord
from softacd.ops.own_command import own_command
from softacd.ops.recordings import RecordingKeeper
from softacd.runtime.media.recorder import RecorderFigures, header
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


def wav(path: Path, *, counted: int = 16_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header(counted * 4) + bytes(16_000 * 4))
    return path


def account(name: str, **more: object) -> RecordingRecord:
    record = RecordingRecord(
        id=name, call="n1-1", party="phone:101", queue="", agent="", started=NOW, file=f"2026-09-21/{name}.wav"
    )
    for field, value in more.items():
        setattr(record, field, value)
    return record


async def test_what_a_crash_left_gets_its_length(store: Store, tmp_path: Path) -> None:
    wav(tmp_path / "2026-09-21/n1-1-1.wav", counted=8000)
    store.write(account("n1-1-1", ended=NOW, error="softacd stopped before the file was finished"))
    store.write(account("n1-1-2", ended=NOW, octets=5, seconds=1.0, error="No space left on device"))
    assert await keeper(tmp_path).mend(store) == 1
    found = {record.id: record for record in await store.recordings()}
    assert (found["n1-1-1"].octets, found["n1-1-1"].seconds) == (64_044, 2.0)
    assert found["n1-1-2"].octets == 5


async def test_finished_recordings_are_encoded_by_a_process_of_their_own(store: Store, tmp_path: Path) -> None:
    for name in ("n1-1-1", "n1-1-2"):
        wav(tmp_path / f"2026-09-21/{name}.wav")
    (tmp_path / "2026-09-21/n1-1-2.wav").write_bytes(b"no sound")
    for name, ended in (("n1-1-1", NOW), ("n1-1-2", NOW), ("n1-1-3", 0)):
        store.write(account(name, ended=ended, octets=64_044 if ended else 0))
    keep = RecordingKeeper(
        tmp_path, keep_days=90, least_free_mb=500, form="flac", encoder=[*own_command(), "encode-recordings"]
    )
    assert await keep.encode(store) == 1
    found = {record.id: record for record in await store.recordings()}
    assert found["n1-1-1"].file == "2026-09-21/n1-1-1.flac"
    assert found["n1-1-1"].octets == (tmp_path / found["n1-1-1"].file).stat().st_size
    assert sorted(path.name for path in (tmp_path / "2026-09-21").iterdir()) == ["n1-1-1.flac", "n1-1-2.wav"]
    assert found["n1-1-2"].file.endswith(".wav")
    assert await keep.encode(store) == 0, "what cannot be encoded is not tried for ever"
