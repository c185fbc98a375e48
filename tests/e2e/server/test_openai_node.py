"""The official ``openai`` client for JavaScript, with nothing replaced but the base URL and the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Serve
from .test_openai_python import ANSWER, CALL

pytestmark = pytest.mark.e2e


def test_the_javascript_client(serve: Serve, node: Callable[..., str], tmp_path: Path) -> None:
    caller = serve(fake={"answer": CALL}, FIMBLE_SERVER_DATABASE=f"sqlite:///{tmp_path}/other.db")
    served = serve(fake={"answer": ANSWER}, key=("ann",))
    done = node("openai.mjs", served.url, served.key, caller.url).splitlines()
    assert done == [
        f"ok {name}"
        for name in (
            "completions", "completions streamed", "chat", "chat streamed", "tools", "json schema",
            "models", "errors",
        )
    ]  # fmt: skip
