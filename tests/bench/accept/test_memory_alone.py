"""The project's memory as an editor: what stood elsewhere behind the same characters."""

from __future__ import annotations

from pathlib import Path

from bench.accept.folders import own_folders
from bench.accept.kinds import kinds_of
from bench.accept.log import Log
from bench.accept.memory_alone import MemoryAlone
from bench.accept.passages import Place, Workplace
from bench.accept.projects import Project
from bench.accept.rules import Verdict
from bench.accept.typist import Typist
from fimble.engine.syntax.languages import LANGUAGES

ELSEWHERE = "def area(shape):\n    return shape.width * shape.height  # of it\n"


async def test_what_the_project_says_is_shown_to_the_line_s_end() -> None:
    before, typed, after = "import area\n\nx = 1\n", "    return shape.width * shape.size", "\n"
    kinds = tuple(kinds_of(LANGUAGES[0], before, typed, after))
    place = Place("a.py", before, typed, after, "project", "python", kinds)
    project = Project("project", "1", "pip", "python", "tune", "mit", "", "")
    files = {"a.py": (before + after).encode(), "far/b.py": ELSEWHERE.encode(), "far/c.py": b"y = 2\n" * 9}
    work = Workplace(project, [place], files)
    with own_folders() as folder:
        work.write(Path(folder, "project"))
        editor = await MemoryAlone.of(Path(folder, "project"), work)
        log = Log("python")
        editor.open(place)
        await Typist(editor, place, log).run()
    assert editor.text() == before + typed + after
    assert log.shown[0].verdict is Verdict.PARTLY
    assert log.keys[-1].written == 1
    assert sum(key.written > 1 for key in log.keys) > 2
