"""Patterns of ignore files: git itself is the judge of what they mean."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fimble.engine.privacy.patterns import BadPattern, Pattern, names, parse_pattern

NAMES = st.text(st.sampled_from("ab.x!- "), min_size=1, max_size=4).filter(
    lambda name: name not in (".", "..") and name == name.strip()
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PARTS = st.sampled_from(
    ["a", "b", "ab", "*", "**", "a*", "*b", "?", "[ab]", "[!a]", "[^b]x", "[a-x]", "[]a]", "*a*", "a**b",
     "a*.x", "\\*", "\\a", ".x", "a ", "a\\ ", "!", "-"]
)  # fmt: skip
LINES = st.builds(
    lambda takes_back, first, parts, last: takes_back + first + "/".join(parts) + last,
    st.sampled_from(["", "", "!", "\\!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(PARTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "/", " "]),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def ignored_by_git(repository: Path, lines: list[str], path: str) -> bool:
    (repository / ".gitignore").write_text("".join(line + "\n" for line in lines))
    command = ["git", "-C", str(repository), "check-ignore", "-q", "--no-index", "--", path]
    return subprocess.run(command, check=False).returncode == 0


def named(lines: list[str], path: str) -> bool:
    return names([pattern for line in lines if (pattern := parse(line))], path.split("/"))


def parse(line: str) -> Pattern | None:
    try:
        return parse_pattern(line)
    except BadPattern:
        return None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES, min_size=1, max_size=3), path=PATHS)
def test_as_git_understands_them(repository: Path, lines: list[str], path: str) -> None:
    assert named(lines, path) == ignored_by_git(repository, lines, path)


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        (["private/"], "private/a.py", True),
        (["private/"], "src/private/b/a.py", True),
        (["private/"], "private", False),
        (["/private"], "src/private", False),
        (["src/*.py"], "src/a.py", True),
        (["src/*.py"], "src/b/a.py", False),
        (["*.gen.py", "!keep.gen.py"], "x/keep.gen.py", False),
        (["private/", "!private/a.py"], "private/a.py", True),
        (["a/**/z"], "a/z", True),
        (["a/**/z"], "a/b/c/z", True),
        (["a/**"], "a", False),
        (["**/a"], "x/y/a", True),
        (["# a", "", "\\#a"], "#a", True),
        (["a?c", "[[]x"], "[x", True),
        (["é*"], "éa.py", True),
    ],
)
def test_examples(lines: list[str], path: str, expected: bool) -> None:
    assert named(lines, path) is expected


@pytest.mark.parametrize("line", ["!", "/", "!/", "a\\", "[", "[a", "[]", "[z-a]", "[[:alpha:]]"])
def test_what_is_no_pattern_is_said_to_be_none(line: str) -> None:
    with pytest.raises(BadPattern):
        parse_pattern(line)


@given(st.text(max_size=40))
def test_any_line_is_a_pattern_or_none(line: str) -> None:
    pattern = parse(line)
    if pattern is not None:
        names([pattern], ["a", line or "b", "c"])


@pytest.mark.parametrize(
    "line", ["*a" * 40 + "*b", "/".join(["*a*a*a"] * 20), "/".join(["**", "a"] * 40) + "/b"]
)
def test_no_pattern_takes_long(line: str) -> None:
    """Each of these takes a backtracking matcher longer than anybody lives."""
    for path in (["a" * 4000], ["a" * 100] * 60, ["a"] * 500):
        names([pattern for pattern in [parse_pattern(line)] if pattern], path)
