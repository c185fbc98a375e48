"""Programs that an editor under test has started, found by the home folder that they were given."""

from __future__ import annotations

from pathlib import Path


def commands_below(home: Path) -> dict[int, list[str]]:
    """Command lines by process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mark = f"HOME={home}".encode()
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_text().split("\0")[:-1]
        except (OSError, ValueError):
            continue  # it has ended, or is somebody else's
    return found


def running(home: Path, *words: str) -> list[int]:
    """Ids of the processes whose command line has all these words."""
    return [
        id
        for id, command in commands_below(home).items()
        if all(any(word in part for part in command) for word in words)
    ]
