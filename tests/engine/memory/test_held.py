"""How much is remembered of all projects."""

from __future__ import annotations

from pathlib import Path

from fimble.engine.memory.folders import held


def test_the_folders_of_indexes_and_their_size(tmp_path: Path) -> None:
    assert held(tmp_path / "nowhere") == (0, 0, tmp_path / "nowhere")
    for name, size in (("a", 10), ("b", 5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest").write_bytes(bytes(size))
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    (tmp_path / "file").write_bytes(bytes(100))
    assert held(tmp_path) == (2, 15, tmp_path)
