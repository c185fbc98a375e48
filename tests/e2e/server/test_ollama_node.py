"""The official ``ollama`` client for JavaScript, with nothing replaced but the address and the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Serve
from .telling import wait_until_idle
from .test_ollama_python import ANSWER

pytestmark = pytest.mark.e2e


def test_the_javascript_client(serve: Serve, node: Callable[..., str], tmp_path: Path) -> None:
    endless = serve(
        fake={"endless": True, "token_ms": 990, "answer": "x"},
        FIMBLE_SERVER_DATABASE=f"sqlite:///{tmp_path}/other.db",
    )
    served = serve(fake={"answer": ANSWER}, key=("ann",))
    done = node("ollama.mjs", served.url, served.key, endless.url).splitlines()
    assert done == [
        f"ok {name}"
        for name in (
            "generate", "generate streamed", "chat", "models", "errors", "a stream that is aborted",
        )
    ]  # fmt: skip
    wait_until_idle(endless)
