"""Typing in a real VS Code with the bundled model: how long from a key until grey text is seen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError as NothingSeen

from tests.e2e.editors.tools import fimble
from tests.e2e.editors.vscode.tools import build_extension, find_tools
from tests.e2e.editors.vscode.window import GHOST, Window, open_window

from .effort import effort
from .processes import apart
from .replay import KEY_SECONDS, Passage, passages
from .tables import note, percentile, show

KEYS = 80
BURST = 4
"""So many keys are typed at speed before the typist looks up."""
PATIENCE_MS = 1000
"""Who has seen nothing by then types on."""
LITERALLY = {
    "editor.autoIndent": "none",
    "editor.autoClosingBrackets": "never",
    "editor.autoClosingQuotes": "never",
}
"""The passage has its own indentation and brackets."""

RECORD = """selector => {
  const ghost = () => [...document.querySelectorAll(selector)].map(each => each.textContent).join("\\n");
  const bench = (window.bench = {});
  let shown = ghost();
  const pressed = ({ timeStamp }) => Object.assign(bench, { key: timeStamp, gone: !shown, seen: 0 });
  const drawn = () => {
    const [now, key] = [ghost(), bench.key];
    if (now === shown) return;
    shown = now;
    bench.gone ||= !now;
    requestAnimationFrame(at => { if (now && now === shown && key === bench.key) bench.seen ||= at; });
  };
  addEventListener("keydown", pressed, true);
  const all = { subtree: true, childList: true, characterData: true };
  new MutationObserver(drawn).observe(document.querySelector(".editor-instance"), all);
}"""
"""Notes the last key, the first frame with grey text after it, and whether there was a time without."""


@dataclass
class Looks:
    """What a typist saw in a passage: milliseconds from the last key of a burst."""

    name: str
    asked: list[float] = field(default_factory=list)
    along: list[float] = field(default_factory=list)
    nothing: int = 0

    def row(self) -> list[object]:
        seen = self.asked + self.along
        looks = len(seen) + self.nothing
        return [
            self.name, str(looks), f"{len(seen) / max(1, looks):.0%}", str(len(self.asked)),
            percentile(self.asked, 0.5), percentile(self.asked, 0.95), percentile(seen, 0.5),
        ]  # fmt: skip


COLUMNS = ("file", "looks", "with text", "newly asked", "p50 ms", "p95 ms", "p50 ms of all")


def main() -> None:
    try:
        with _window() as window:
            looks = [type_passage(window, each) for each in passages(effort(KEYS, 12))]
    except pytest.skip.Exception as reason:
        note(f"VS Code was not measured. {reason}")
        return
    show(
        f"VS Code: from a key to grey text, {BURST} keys at {KEY_SECONDS * 1000:.0f} ms, then a look",
        COLUMNS,
        [*(each.row() for each in looks), _all(looks).row()],
    )
    note("Seen: one frame after the text was drawn. Goal: p50 ≤ 250 ms.")


def type_passage(window: Window, passage: Passage) -> Looks:
    """Type a passage in bursts, and look for a suggestion after each."""
    looks = Looks(passage.name)
    window.load(passage.before)
    for start in range(0, len(passage.typed), BURST):
        window.page.keyboard.type(passage.typed[start : start + BURST], delay=KEY_SECONDS * 1000)
        _look(window, looks)
    return looks


def _look(window: Window, looks: Looks) -> None:
    try:
        window.page.wait_for_function("bench.seen", timeout=PATIENCE_MS)
    except NothingSeen:
        looks.nothing += 1
        return
    seen: dict[str, Any] = window.page.evaluate("bench")
    (looks.asked if seen["gone"] else looks.along).append(seen["seen"] - seen["key"])


@contextmanager
def _window() -> Iterator[Window]:
    """VS Code with the extension and the server, ready."""
    tools = find_tools()
    with tempfile.TemporaryDirectory(prefix="fimble-bench-") as made, apart() as runtime:
        folder = Path(made)
        variables = {"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(runtime), "FIMBLE_MODEL": "bundled"}
        extension = build_extension(tools, folder)
        with open_window(tools, folder / "run", extension, variables, **LITERALLY) as window:
            window.settings(path=fimble())
            window.status_is("^fimble is ready fimble")
            window.page.evaluate(RECORD, GHOST)
            yield window


def _all(looks: list[Looks]) -> Looks:
    everything = Looks("all")
    for each in looks:
        everything.asked += each.asked
        everything.along += each.along
        everything.nothing += each.nothing
    return everything


if __name__ == "__main__":
    main()
