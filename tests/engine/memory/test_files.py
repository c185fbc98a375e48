"""Which files are remembered, in workspaces with everything in them that a disk can hold."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from fimble.engine.memory import files as module
from fimble.engine.memory.files import Bounds, find_files
from fimble.engine.memory.limits import FILE_BYTES
from fimble.engine.memory.reading import read_bounded, read_source

ROOMY = Bounds(1_000, 1 << 20)
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="what only POSIX has")


def made(root: Path, *paths: str, text: str = "x = 1\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def found(root: Path, bounds: Bounds = ROOMY) -> list[str]:
    return [entry.path for entry in find_files(root.resolve(), bounds).entries]


def test_code_comes_first_and_what_is_near(tmp_path: Path) -> None:
    made(tmp_path, "README.md", "deep/er/a.py", "deep/b.go", "z.rs", "Makefile", "data.bin", "photo.jpeg")
    assert found(tmp_path) == ["Makefile", "z.rs", "deep/b.go", "deep/er/a.py", "README.md"]


def test_what_people_did_not_write_is_left_out(tmp_path: Path) -> None:
    made(tmp_path, ".hidden/a.py", ".hidden.py", "node_modules/x/a.js", "web/node_modules/b.js")
    made(tmp_path, "tool.min.js", "api_pb2.py", "package-lock.json", "env/pyvenv.cfg", "env/lib/a.py")
    made(tmp_path, "crate/Cargo.toml", "crate/target/a.rs", "src/build/kept.py", "kept.py")
    assert found(tmp_path) == ["kept.py", "src/build/kept.py", "crate/Cargo.toml"]


def test_gitignore_of_every_folder(tmp_path: Path) -> None:
    made(tmp_path, "a.py", "b.log.py", "sub/a.py", "sub/gen/a.py", "sub/gen/keep.py", "other/gen/a.py")
    (tmp_path / ".gitignore").write_text("*.log.py\n/other/gen/\n# words\n[\n")
    (tmp_path / "sub/.gitignore").write_text("gen/*\n!gen/keep.py\n")
    assert found(tmp_path) == ["a.py", "sub/a.py", "sub/gen/keep.py"]


def test_the_repository_around_a_workspace_counts(tmp_path: Path) -> None:
    made(tmp_path, "pkg/a.py", "pkg/out.py", "pkg/mine.py")
    (tmp_path / ".git/info").mkdir(parents=True)
    (tmp_path / ".git/info/exclude").write_text("mine.py\n")
    (tmp_path / ".gitignore").write_text("/pkg/out.py\n")
    assert found(tmp_path / "pkg") == ["a.py"]
    (tmp_path / ".gitignore").write_text("/pkg/\n")
    assert found(tmp_path / "pkg") == ["a.py", "mine.py", "out.py"], "an ignored workspace is its own world"


def test_private_files_are_not_read(tmp_path: Path) -> None:
    made(tmp_path, "work/a.py", "work/secrets.yaml", "work/own/b.py", "work/.ssh/config.py", "work/c.py")
    (tmp_path / "work/own/.fimbleignore").write_text("*\n")
    (tmp_path / ".fimbleignore").write_text("c.py\n")
    assert found(tmp_path / "work") == ["a.py"]


@needs_posix
def test_ignore_files_hold_by_the_name_that_the_user_says(tmp_path: Path) -> None:
    made(tmp_path, "real/a.py", "real/b.py")
    (tmp_path / "links").mkdir()
    (tmp_path / "links/.fimbleignore").write_text("b.py\n")
    (tmp_path / "links/work").symlink_to(tmp_path / "real")
    entries = find_files((tmp_path / "real").resolve(), ROOMY, named=tmp_path / "links/work").entries
    assert [entry.path for entry in entries] == ["a.py"]


@needs_posix
def test_links_pipes_sockets_and_loops_are_passed_over(tmp_path: Path) -> None:
    made(tmp_path, "a.py", "elsewhere/b.py")
    root = tmp_path / "root"
    made(root, "real.py")
    (root / "link.py").symlink_to(tmp_path / "a.py")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe.py")
    os.mkfifo(root / ".gitignore")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(root / "sock.py"))
        assert found(root) == ["real.py"]
    for path in ("link.py", "pipe.py", "sock.py", "folder"):
        with pytest.raises(OSError, match=r"link|regular|levels|address|device"):
            read_bounded(root / path, 100)


@needs_posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    made(tmp_path, "a.py", "closed/b.py")
    (tmp_path / "closed").chmod(0)
    try:
        assert found(tmp_path) == ["a.py"]
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_large_files_and_large_workspaces_are_bounded(tmp_path: Path) -> None:
    made(tmp_path, "a.py", "b.py", "c/d.py")
    with open(tmp_path / "huge.py", "wb") as handle:
        handle.truncate(1 << 30)
    assert found(tmp_path) == ["a.py", "b.py", "c/d.py"]
    assert find_files(tmp_path, Bounds(3, 1 << 20)).cut == ""
    few = find_files(tmp_path, Bounds(2, 1 << 20))
    assert [entry.path for entry in few.entries] == ["a.py", "b.py"]
    assert few.cut == "Not all of the project is remembered: it has more than 2 files (`memory_files`)."
    small = find_files(tmp_path, Bounds(9, 13))
    assert [entry.path for entry in small.entries] == ["a.py", "b.py"]
    assert "of text (`memory_megabytes`)" in small.cut


def test_so_many_names_are_looked_at_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, *(f"{number:03}/{inner}.py" for number in range(50) for inner in range(4)))
    monkeypatch.setattr(module, "ENTRIES_SEEN", 70)
    some = find_files(tmp_path, ROOMY)
    assert len(some.entries) == 20
    assert some.cut == "Not all of the project is remembered: it has too many files to look at them all."


def test_so_many_of_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, *(f"all/{number}.py" for number in range(30)), "b.py", "zoo/c.py")
    monkeypatch.setattr(module, "FOLDER_ENTRIES", 20)
    some = find_files(tmp_path, ROOMY)
    assert len(some.entries) == 22
    assert "too many files" in some.cut


def test_deep_folders_end(tmp_path: Path) -> None:
    made(tmp_path, "/".join("d" * 45) + "/a.py", "/".join("e" * 60) + "/b.py")
    assert [path[0] for path in found(tmp_path)] == ["d"]


def test_a_file_that_grows_while_it_is_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.py"
    path.write_bytes(b"x = 1\n" * 1000)
    real = os.read

    def growing(handle: int, size: int) -> bytes:
        with open(path, "ab") as more:
            more.write(b"y" * size)
        return real(handle, size)

    monkeypatch.setattr(os, "read", growing)
    with pytest.raises(OSError, match=f"longer than {FILE_BYTES:,} bytes"):
        read_source(path)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\r\nb\rc\n", b"a\nb\nc\n"),
        (b"\xef\xbb\xbfa\n", b"a\n"),
        ("é\n".encode(), "é\n".encode()),
        (b"", None),
        (b"a\0b", None),
        (b"\xff\xfea\n", None),
        (b"x = 1;" * 1000, None),
        (b"# Code generated by a tool. DO NOT EDIT.\nx = 1\n", None),
    ],
)
def test_text_that_a_person_wrote(tmp_path: Path, data: bytes, text: bytes | None) -> None:
    (tmp_path / "a.py").write_bytes(data)
    assert read_source(tmp_path / "a.py") == text
