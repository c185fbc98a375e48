"""Thousands of random messages, right and wrong ones, against the real server: its documents always equal a
naive model's, nothing fails inside, and every request is answered exactly once."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from typing import Any

import pytest

from fimble.lsp.positions import Encoding, Place

from .editor import Editor, Scripted, place, span
from .reference import Reference

MESSAGES, CHECK_EVERY = 1_700, 50
URIS = [f"file:///w/{name}" for name in ("a.py", "b.py", "c.js", "ü.txt", "x/.env")]
PIECES = ["a", "b = 1", "\n", "\r\n", "\r", "😀", "é", "€𝒳", "\t", "(", ")", '"', "com", "\u2028", "\x00"]
COMMANDS = ["toggle", "snooze", "status", "stats", "restart", "models", "model", "accepted", "nonsense"]
ALLOWED = {-32600, -32601, -32602, -32700, -32800}
"""Errors that tell a client of its own mistake, or of its own cancellation."""


class Fuzz:
    """Random messages from one seed, and what they should have done."""

    def __init__(self, editor: Editor, encoding: Encoding, seed: int) -> None:
        self.editor, self.encoding, self.random = editor, encoding, random.Random(seed)
        self.texts: dict[str, Reference] = {}
        self.ids: list[int] = []

    def step(self) -> None:
        kinds: list[Callable[[], None]] = [
            self.open, self.close, self.ask, self.ask, self.ask, self.cancel, self.command, self.strange,
            self.unreadable, self.notification, *([self.change] * 6),
        ]  # fmt: skip
        self.random.choice(kinds)()

    def open(self) -> None:
        uri, text = self.random.choice(URIS), self.text(20)
        self.editor.open(uri, text, self.random.choice(["python", "javascript", "plaintext", ""]))
        self.texts[uri] = Reference(text, self.encoding)

    def close(self) -> None:
        uri = self.random.choice(URIS)
        self.editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        self.texts.pop(uri, None)

    def change(self) -> None:
        uri, changes = (
            self.random.choice(URIS),
            [self.edit() for _ in range(self.random.choice([1, 1, 1, 3]))],
        )
        self.editor.change(uri, *changes)
        if (model := self.texts.get(uri)) is not None:
            for each in changes:
                if isinstance(each, str):
                    model.text = each
                else:
                    model.change(Place(*each[0]), Place(*each[1]), each[2])

    def edit(self) -> tuple[tuple[int, int], tuple[int, int], str] | str:
        if self.random.random() < 0.1:
            return self.text(12)
        start, end = sorted([self.place(), self.place()])
        return start, end, self.text(3)

    def ask(self) -> None:
        uri, at = self.random.choice(URIS), self.place()
        selected = None
        if self.random.random() < 0.2:
            selected = {"range": span((at[0], max(0, at[1] - 2)), at), "text": self.text(2)}
        invoked, menu = self.random.random() < 0.2, self.random.random() < 0.3
        self.ids.append(self.editor.ask(uri, at, invoked, selected, menu))

    def cancel(self) -> None:
        id = self.random.choice(self.ids[-3:] or [10**6])
        self.editor.notify("$/cancelRequest", {"id": id})

    def command(self) -> None:
        arguments: list[object] = [self.junk() for _ in range(self.random.randrange(3))]
        if self.random.random() < 0.5:
            keys = ("minutes", "enabled", "language", "name")
            arguments = [{self.random.choice(keys): self.junk()}]
        name = "fimble." + self.random.choice(COMMANDS)
        params = {"command": name, "arguments": arguments}
        self.ids.append(self.editor.request("workspace/executeCommand", params))

    def strange(self) -> None:
        """A method that is right with parameters that are not, or one that nobody knows."""
        methods = [
            "textDocument/inlineCompletion", "textDocument/completion", "textDocument/hover", "x/y",
            "textDocument/didOpen", "initialize", "workspace/executeCommand",
        ]  # fmt: skip
        self.ids.append(self.editor.request(self.random.choice(methods), self.junk()))

    def notification(self) -> None:
        methods = [
            "textDocument/didChange", "textDocument/didOpen", "textDocument/didClose", "$/cancelRequest",
            "textDocument/didFocus", "textDocument/didShowCompletion", "$/setTrace", "x/y",
            "textDocument/didPartiallyAcceptCompletion", "workspace/didChangeConfiguration", "initialized",
            "workspace/didChangeWorkspaceFolders", "textDocument/inlineCompletion",
            "notebookDocument/didOpen",
        ]  # fmt: skip
        params: object = self.junk()
        if self.random.random() < 0.3:
            item = {"item": {"command": {"arguments": [self.junk()]}}, "acceptedLength": self.junk()}
            params = self.random.choice([item, {"settings": {"fimble": self.options()}}])
        self.editor.notify(self.random.choice(methods), params)

    def options(self) -> dict[str, object]:
        keys = ["enabled", "disabledLanguages", "disabledPaths", "candidates", "prefetch", "threads", "key"]
        return {self.random.choice(keys): self.random.choice([self.junk(), ["!", "*.js"], True, True])}

    def unreadable(self) -> None:
        body = self.random.choice(
            [b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"jsonrpc": "1.0", "id": -1}',
             b'{"jsonrpc": "2.0"}', b'{"jsonrpc": "2.0", "id": "nobody\'s", "result": {}}',
             b'{"jsonrpc": "2.0", "id": 1.5, "method": "x"}', b'{"jsonrpc": "2.0", "method": 5}',
             b'{"jsonrpc": "2.0", "id": 3, "result": 3}', b'{"jsonrpc": "2.0", "id": {}, "error": []}']
        )  # fmt: skip
        self.editor.send_bytes(body)

    def junk(self, depth: int = 0) -> Any:
        kinds: list[object] = [
            None, True, -1, 0, 7, 2**31, 1e300, -0.5, "", "x" * 2_000, "😀", "file://[",
            self.random.choice(URIS), [], {}, {"textDocument": {"uri": self.random.choice(URIS)}},
            place((0, 1)),
        ]  # fmt: skip
        if depth < 3 and self.random.random() < 0.3:
            key = self.random.choice(
                ["textDocument", "position", "contentChanges", "uri", "range", "event", "id"]
            )
            return self.random.choice([[self.junk(depth + 1)], {key: self.junk(depth + 1)}])
        return self.random.choice(kinds)

    def text(self, pieces: int) -> str:
        return "".join(self.random.choices(PIECES, k=self.random.randrange(pieces + 1)))

    def place(self) -> tuple[int, int]:
        far = self.random.random() < 0.02
        return (2**31 - 1, 2**31 - 1) if far else (self.random.randrange(8), self.random.randrange(14))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_random_messages(encoding: Encoding, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    editor = Editor(Scripted("compute(1, 2)", "", "a\n    b", "😀"))
    await editor.start({"completion": "always"}, encoding=encoding)
    fuzz = Fuzz(editor, encoding, seed=20)
    for number in range(MESSAGES):
        fuzz.step()
        if number % CHECK_EVERY == 0:
            await editor.command("fimble.toggle", {"enabled": True})
            kept = {each.uri: each.text for each in editor.server.session.documents}
            assert kept == {uri: model.text for uri, model in fuzz.texts.items()}
    assert (await editor.command("fimble.stats"))["suggestions"] > 0
    await editor.until(lambda: all(id in editor.answers for id in fuzz.ids))
    for id in fuzz.ids:
        (answer,) = editor.answers[id]
        assert "error" not in answer or answer["error"]["code"] in ALLOWED, answer
    assert not [each for each in editor.shown() if "error" in each.lower()], editor.shown()
    assert [each.getMessage() for each in caplog.records if not each.name.startswith("pygls")] == []
    assert await editor.stop() == 0
    assert json.dumps(editor.notified)
