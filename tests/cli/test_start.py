"""What an editor's start waits for: the answer to ``initialize`` comes before what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys
sys.argv = ["fimble", *{arguments}]
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from fimble.cli.main import main
main()
"""
LATER = ("typer", "pydantic", "numpy", "fimble.engine.engine")


def framed(**message: object) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize("arguments", [["lsp"], ["lsp", "--stdio"]])
def test_initialize_is_answered_before_the_engine_is_imported(arguments: list[str]) -> None:
    said = framed(id=1, method="initialize", params={"capabilities": {}}) + framed(method="exit")
    command = [sys.executable, "-P", "-c", PROGRAM.format(arguments=arguments)]
    ended = subprocess.run(command, input=said, capture_output=True, timeout=60)
    answer = json.loads(ended.stdout.partition(b"\r\n\r\n")[2])
    assert answer["result"]["serverInfo"]["name"] == "fimble"
    assert ended.returncode == 1  # no shutdown was asked for
    imported = set(ended.stderr.decode().split())
    assert "fimble.lsp.server" in imported
    assert imported.isdisjoint(LATER)


def test_wrong_options_are_refused_in_a_sentence() -> None:
    command = [sys.executable, "-P", "-m", "fimble.cli.main", "lsp", "--nonsense"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "--nonsense" in ended.stderr
