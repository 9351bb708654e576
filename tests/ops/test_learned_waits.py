"""What was learned of waits is found again after a restart, and a spoilt file stops nothing."""

from pathlib import Path

import pytest

from softacd.acd.wait_history import LearnedPace, LearnedQueue, LearnedWaits
from softacd.ops.learned_waits import FILE_NAME, read_learned, write_learned


def test_it_is_found_again_and_replaced_whole(tmp_path: Path) -> None:
    assert read_learned(tmp_path) is None
    for mean in (0.1, 0.2):
        learned = LearnedWaits({"sales": LearnedQueue(abandoned=3.0)}, {"ann": LearnedPace(mean, 9.0)})
        write_learned(tmp_path, learned)
        assert read_learned(tmp_path) == learned
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"queues": 5}', encoding="utf-8")
    with pytest.raises(ValueError, match="written anew"):
        read_learned(tmp_path)
