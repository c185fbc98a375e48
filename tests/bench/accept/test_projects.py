"""The list of projects: many languages, two halves, and none that a model of ours has learnt from."""

from __future__ import annotations

import re
import tarfile
import tomllib
from pathlib import Path

import pytest

from bench.accept.projects import Project, ProjectError, digest, projects
from training.corpus.licences import permissive_name

SOURCES = Path(__file__).parents[3] / "training" / "sources.toml"


def _plain(name: str) -> str:
    """A package's name without what registries put around it."""
    return re.sub(r"^(librust|golang-github|lib)-?|-(dev|java)$|[^a-z0-9]", "", name.lower())


def test_no_project_is_in_the_corpus() -> None:
    sources = tomllib.loads(SOURCES.read_text("utf-8"))
    held_out = set(map(_plain, sources.pop("held_out")))
    learnt = {_plain(name) for names in sources.values() for name in names} - held_out
    assert len(learnt) > 200
    assert not learnt & {_plain(each.name) for each in projects()}


def test_each_half_has_every_language_and_projects_of_its_own() -> None:
    tune, report = projects("tune"), projects("report")
    assert {each.language for each in tune} == {each.language for each in report}
    assert len({each.language for each in tune}) >= 5
    names = [each.name for each in (*tune, *report)]
    assert len(names) == len(set(names)) == len(projects()) >= 10


def test_licences_are_permissive() -> None:
    assert all(permissive_name(each.licence) for each in projects())


def test_the_digest_is_of_names_and_bytes() -> None:
    files = {"a.py": b"1", "b.py": b"2"}
    assert digest(files) == digest(dict(reversed(files.items())))
    assert len({digest(each) for each in (files, {"a.py": b"1b.py2"}, {"a.py": b"2", "b.py": b"1"})}) == 3


def test_a_package_that_is_another_one_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "npm" / "thing_1.0"
    folder.mkdir(parents=True)
    (folder / ".done").touch()
    (tmp_path / "index.js").write_text("let x = 1;\n")
    with tarfile.open(folder / "thing-1.0.tgz", "w:gz") as archive:
        archive.add(tmp_path / "index.js", "package/index.js")
    project = Project(
        "thing", "1.0", "npm", "javascript", "tune", "mit", "", digest({"index.js": b"let x = 1;\n"})
    )
    assert project.files(tmp_path) == {"index.js": b"let x = 1;\n"}
    other = Project("thing", "1.0", "npm", "javascript", "tune", "mit", "", "0" * 64)
    with pytest.raises(ProjectError, match=r"thing 1\.0 is not what the list says"):
        other.files(tmp_path)
