"""The memory of projects in an engine: real processes build it, and nothing waits for them."""

from __future__ import annotations

import asyncio
import errno
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from fimble.engine.engine import Engine
from fimble.engine.memory import build, keeper
from fimble.engine.memory.folders import folder_of, prepare
from fimble.engine.memory.index import Index
from fimble.engine.memory.keeper import Progress, ProjectMemory
from fimble.engine.memory.messages import Said, Task
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shop.py").write_text("def total_price(basket):\n    return sum(basket)\n")
    return folder


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncIterator[ProjectMemory]:
    made = ProjectMemory(100, 4, root=tmp_path / "indexes")
    yield made
    await made.close()


async def test_a_folder_is_remembered_and_kept_up_to_date(memory: ProjectMemory, project: Path) -> None:
    heard: list[Progress] = []
    memory.prepare(str(project), heard.append)
    assert memory.index_of(str(project)) == "", "nothing waits for the process that builds"
    await memory.ready(str(project))
    folder = Path(memory.index_of(str(project)))
    assert Index.open(folder).find(b"def total_", 1)[0].text.startswith(b"price(basket)")
    assert heard[-1] == Progress(str(project), ended=True, files=1)
    assert [each.ended for each in heard].count(True) == 1

    (project / "more.py").write_text("total_weight = 4\n")
    memory.prepare(str(project), every=0)
    await memory.ready(str(project))
    assert sorted(Index.open(folder).paths()) == ["more.py", "shop.py"]
    assert memory.problems == []


async def test_only_the_user_can_read_it(memory: ProjectMemory, project: Path) -> None:
    memory.prepare(str(project))
    await memory.ready(str(project))
    folder = Path(memory.index_of(str(project)))
    assert {each.stat().st_mode & 0o077 for each in (folder.parent, folder, *folder.iterdir())} == {0}


@pytest.mark.parametrize("workspace", ["/", "/no/such/folder", str(Path.home())])
async def test_what_cannot_be_remembered_is_one_sentence(memory: ProjectMemory, workspace: str) -> None:
    heard: list[Progress] = []
    memory.prepare(workspace, heard.append)
    await memory.ready(workspace)
    assert memory.problems == [heard[-1].problem]
    assert heard[-1].problem.startswith(f"{workspace} is not remembered: ")
    assert memory.index_of(workspace) == ""


@needs_posix
async def test_a_process_that_is_killed_is_told_of_and_the_next_one_goes_on(
    memory: ProjectMemory, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[asyncio.subprocess.Process] = []

    async def dying(process: asyncio.subprocess.Process) -> Said | None:
        if not started:
            started.append(process)
            process.send_signal(signal.SIGKILL)
        return await heard(process)

    heard = keeper._heard
    monkeypatch.setattr(keeper, "_heard", dying)
    memory.prepare(str(project))
    await memory.ready(str(project))
    assert memory.problems == [f"The process that remembers {project} ended too early. {keeper._WITHOUT}"]
    memory.prepare(str(project), every=0)
    await memory.ready(str(project))
    assert memory.problems == []
    assert Index.open(Path(memory.index_of(str(project)))).paths() == ["shop.py"]


@needs_posix
async def test_two_processes_at_once_do_not_harm_each_other(tmp_path: Path, project: Path) -> None:
    several = [ProjectMemory(100, 4, root=tmp_path / "indexes") for _ in range(3)]
    for each in several:
        each.prepare(str(project))
    await asyncio.gather(*(each.ready(str(project)) for each in several))
    assert [each.problems for each in several] == [[], [], []]
    (folder,) = {each.index_of(str(project)) for each in several}
    assert Index.open(Path(folder)).paths() == ["shop.py"]
    assert len(list(Path(folder).glob("*.segment"))) == 1


@needs_posix
async def test_it_ends_with_its_parent(project: Path, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fimble.engine.memory.build",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    root = tmp_path / "indexes"
    folder = folder_of(project, root)
    prepare(folder)
    with build._locked(folder):  # so that it has to wait
        process.stdin.write(msgspec.json.encode(Task(str(project), 9, 1, str(root))) + b"\n")
        await process.stdin.drain()
        process.stdin.close()
        assert await process.wait() == 1


async def test_silence_is_given_up(
    memory: ProjectMemory, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "SILENT_SECONDS", 0.0)
    memory.prepare(str(project))
    await memory.ready(str(project))
    assert memory.problems == [f"{project} does not answer in time. {keeper._WITHOUT}"]


async def test_several_questions_at_once_are_answered_together(memory: ProjectMemory, project: Path) -> None:
    heard: list[Progress] = []
    for _ in range(5):
        memory.prepare(str(project), heard.append, every=0)
    await memory.ready(str(project))
    assert [each.ended for each in heard].count(True) <= 2


def test_a_full_disk_is_one_sentence(project: Path) -> None:
    said = build._sentence(str(project), OSError(errno.ENOSPC, "271 MB have to be free", "/home/me/.cache"))
    assert said == (
        f"The disk is too full to remember {project}: 271 MB have to be free (/home/me/.cache). "
        "Suggestions go on without what the project says. Make space there."
    )


async def test_closing_stops_what_is_built(project: Path, tmp_path: Path) -> None:
    memory = ProjectMemory(100, 4, root=tmp_path / "indexes")
    memory.prepare(str(project))
    await asyncio.wait_for(memory.close(), 30)
    assert memory.index_of(str(project)) == ""


async def test_a_request_is_given_the_index_of_a_folder_that_settings_name(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    engine = Engine(Settings(model="fake", isolation="thread", memory_folders=(str(project),)))
    try:
        engine.memory.prepare_listed()
        await engine.memory.ready(str(project))
        listed = engine.memory.index_of(str(project))
        asked = FimRequest("", "", index="/elsewhere")
        given = [
            engine._remembering(FimRequest("", "", workspace=each, index="/elsewhere")).index
            for each in ("project", str(project), str(tmp_path), "..", "")
        ]
        assert listed
        assert given == [listed, listed, "", "", ""]
        assert engine._remembering(asked).index == ""
    finally:
        await engine.close()


async def test_without_memory_no_folder_is_read(project: Path) -> None:
    engine = Engine(Settings(model="fake", isolation="thread", memory=False))
    engine.remember(str(project))
    assert engine.memory.index_of(str(project)) == ""
    await engine.memory.ready(str(project))
    assert engine.memory.problems == []
    await engine.close()
