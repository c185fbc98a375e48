"""The server as people run it: start, stop, keys, TLS, workers, the bundled model, curl."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .conftest import FIMBLE, Serve, Served, program, wait_for

pytestmark = pytest.mark.e2e
HOLE = {"prefix": "def add(a, b):\n    return ", "suffix": "\n", "language": "python"}


def ask(served: Served, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(
            urllib.request.Request(served.url + path, data, headers), timeout=60
        ) as got:
            return got.status, json.load(got)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_bundled_model_answers_every_endpoint(serve: Serve) -> None:
    served = serve()
    status, made = ask(served, "/complete", HOLE | {"details": True})
    assert status == 200
    assert made["usage"]["prompt_tokens"] > 0
    assert made["timings"]["total_ms"] > 0
    status, made = ask(served, "/v1/completions", {"prompt": "def f(", "max_tokens": 5, "logprobs": 1})
    assert status == 200
    assert len(made["choices"][0]["logprobs"]["tokens"]) <= 5
    status, made = ask(served, "/v1/complete", {"prompt": "import ", "max_tokens": 5})
    assert (status, made["object"]) == (200, "completion")
    chat = {"messages": [{"role": "user", "content": "add two numbers"}], "max_tokens": 8}
    status, made = ask(served, "/v1/chat/completions", chat)
    assert (status, made["object"]) == (200, "chat.completion")
    status, made = ask(served, "/v1/models")
    [model] = made["data"]
    assert (status, model["supports_fim"], model["loaded"]) == (200, True, True)
    assert served.stop() == 0


def test_a_grammar_binds_the_bundled_model(serve: Serve) -> None:
    served = serve()
    form = {"type": "json_schema", "json_schema": {"name": "b", "schema": {"type": "boolean"}}}
    body = {"messages": [{"role": "user", "content": "is it?"}], "response_format": form, "max_tokens": 20}
    assert json.loads(ask(served, "/v1/chat/completions", body)[1]["choices"][0]["message"]["content"]) in (
        True, False,
    )  # fmt: skip


def test_other_machines_are_let_in_only_with_keys(serve: Serve, tmp_path: Path) -> None:
    served = serve(fake={})
    command = [*FIMBLE, "serve", "--host", "0.0.0.0", "--port", "0"]
    refused = subprocess.run(command, env=served.environment, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "fimble keys create" in refused.stderr
    everywhere = serve("--host", "0.0.0.0", fake={"answer": "x"}, key=("ann",))
    local = replace(everywhere, url=everywhere.url.replace("0.0.0.0", "127.0.0.1"))
    assert ask(local, "/complete", HOLE)[0] == 401
    assert ask(local, "/complete", HOLE, local.key) == (200, {"completion": "x", "finish_reason": "stop"})


def test_a_key_that_is_made_revoked_and_counted_from_the_command_line(serve: Serve) -> None:
    served = serve(fake={"answer": "x"})
    key = served.fimble("keys", "create", "ann")
    wait_for(lambda: ask(served, "/complete", HOLE)[0] == 401)
    assert ask(served, "/complete", HOLE, key)[0] == 200
    assert ask(served, "/v1/usage", key=key)[1]["total"]["requests"] == 1
    rows = {row["key"]: row for row in json.loads(served.fimble("usage", "--json"))}
    assert rows["ann"]["requests"] == 1
    served.fimble("keys", "revoke", "ann")
    wait_for(lambda: ask(served, "/complete", HOLE, key)[0] == 401)


def test_curl(serve: Serve) -> None:
    served = serve(fake={"answer": "a + b"})
    command = [
        program("curl"), "--silent", "--no-buffer", served.url + "/complete",
        "--header", "Content-Type: application/json", "--data", json.dumps(HOLE | {"stream": True}),
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    deltas = [json.loads(line[6:])["delta"] for line in shown.splitlines() if line.startswith("data: {")]
    assert "".join(deltas) == "a + b"
    assert shown.endswith("data: [DONE]\n\n")


def test_https(serve: Serve, tmp_path: Path) -> None:
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", str(private), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    served = serve("--tls-cert", str(certificate), "--tls-key", str(private), fake={"answer": "x"})
    assert served.url.startswith("https://")
    command = [program("curl"), "--silent", "--cacert", str(certificate), served.url + "/health"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert json.loads(shown) == {"status": "ok", "model": "fake"}


def test_a_private_key_with_a_password_is_refused_and_not_asked_for(serve: Serve, tmp_path: Path) -> None:
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-passout", "pass:secret", "-days", "1",
         "-subj", "/CN=localhost", "-keyout", str(private), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    served = serve(fake={})
    command = [*FIMBLE, "serve", "--port", "0", "--tls-cert", str(certificate), "--tls-key", str(private)]
    refused = subprocess.run(command, env=served.environment, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "cannot be used" in refused.stderr


def test_several_workers_share_the_work(serve: Serve) -> None:
    served = serve("--workers", "2", fake={"answer": "x"})
    with urllib.request.urlopen(served.url + "/metrics", timeout=60) as page:
        assert "fimble_workers 2.0" in page.read().decode()
    assert ask(served, "/complete", HOLE)[0] == 200


ENDLESS = {"endless": True, "token_ms": 5, "answer": "x"}


def open_stream(served: Served) -> socket.socket:
    """A stream under way, as a socket from which its first bytes were read."""
    body = json.dumps({"prompt": "x", "max_tokens": 4000, "stream": True}).encode()
    host, port = served.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=60)
    head = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    assert client.recv(1000).startswith(b"HTTP/1.1 200")
    return client


def test_stopping_waits_no_longer_than_it_is_told_to(serve: Serve) -> None:
    served = serve("--shutdown-seconds", "0.5", fake=ENDLESS)
    with open_stream(served):
        assert served.stop() == 0
    host, port = served.url.removeprefix("http://").split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_a_second_signal_does_not_wait(serve: Serve) -> None:
    served = serve("--shutdown-seconds", "500", fake=ENDLESS)
    with open_stream(served):
        served.process.send_signal(signal.SIGTERM)
        host, port = served.url.removeprefix("http://").split(":")
        wait_for(lambda: not listening(host, int(port)))
        assert served.stop() == 0


def listening(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def test_answers_under_way_are_finished(serve: Serve) -> None:
    served = serve(fake={"answer": "x" * 60, "token_ms": 5})
    with open_stream(served) as client:
        served.process.send_signal(signal.SIGINT)
        rest = b""
        while data := client.recv(65536):
            rest += data
    assert b"data: [DONE]" in rest
    assert served.process.wait(60) == 0


def test_no_text_is_left_anywhere(serve: Serve, tmp_path: Path) -> None:
    """Neither what was asked nor what was answered, not even at the most talkative log level."""
    served = serve("--log-level", "debug", fake={"answer": "s3cret-answer"})
    asked = HOLE | {"prefix": "s3cret-question", "file_path": "s3cret-path"}
    assert ask(served, "/complete", asked)[0] == 200
    assert ask(served, "/complete", asked | {"temperature": 9})[0] == 400
    assert ask(served, "/v1/completions", {"prompt": "s3cret-question", "stop": 5})[0] == 400
    assert ask(served, "/v1/s3cret-path")[0] == 404
    assert served.stop() == 0
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes(), path


def test_a_port_that_is_taken_is_one_sentence(serve: Serve) -> None:
    served = serve(fake={})
    port = served.url.rsplit(":", 1)[1]
    command = [*FIMBLE, "serve", "--port", port]
    refused = subprocess.run(command, env=served.environment, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert refused.stderr.startswith("fimble: Cannot listen on 127.0.0.1:")
    assert refused.stderr.count("\n") == 1
