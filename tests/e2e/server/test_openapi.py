"""Requests made up from the OpenAPI document, right ones and wrong ones: no fault of the server, no answer
that the document does not describe, no hang."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Serve

pytestmark = pytest.mark.e2e
LEFT_OUT = "positive_data_acceptance"
"""A schema cannot tell which models, grammars or upstreams there are."""

REFUSALS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 413, 415, 422, 429, 501]
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 501, 504]
"""
"""More elements than are allowed may also be more bytes than are allowed. A deadline of two milliseconds may
pass. Mistral's clients are told of a wrong body with 422, llama-server's of what cannot be done with 501."""


@pytest.mark.timeout(400)
def test_the_document_is_true(serve: Serve, tmp_path: Path) -> None:
    scopes = ("ann", "--scopes", "complete,chat,usage,admin")
    flags = ("--request-seconds", "10", "--log-level", "info")
    served = serve(*flags, fake={"answer": "return a + b"}, key=scopes)
    (tmp_path / "schemathesis.toml").write_text(REFUSALS)
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", served.url + "/openapi.json",
        "--checks", "all", "--exclude-checks", LEFT_OUT, "--phases", "coverage,fuzzing",
        "--max-examples", "10", "--seed", "1", "--no-color",
        "--header", f"Authorization: Bearer {served.key}",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    log = served.log.read_text()
    assert "POST /v1/chat/completions 200 ok" in log
    assert "internal_error" not in log
