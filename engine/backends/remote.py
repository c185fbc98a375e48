"""Another fimble, over HTTP: the same request goes to its ``POST /complete``.

A closed iterator closes the connection, which stops the model at the other end.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import fields
from typing import Any

import aiohttp

from ..errors import (
    DeadlineExceeded,
    FimbleError,
    InvalidRequest,
    Overloaded,
    UnsupportedParameter,
    UpstreamRefused,
    UpstreamUnavailable,
)
from ..types import Delta, FimRequest, ModelInfo, Request, Sampling, Timings, Usage

SLOTS = 16
CONNECT_SECONDS = 2.0


class RemoteBackend:
    """A client of one server. ``timeout`` in seconds bounds the wait for each piece of an answer."""

    slots = SLOTS
    trims = True

    def __init__(self, address: str, key: str | None, timeout: float) -> None:
        self._address, self._timeout = address, timeout
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._session: aiohttp.ClientSession | None = None

    async def info(self) -> ModelInfo:
        models = await self._get("/v1/models")
        found = models["data"][0]
        return ModelInfo(
            str(found["id"]), f"remote {self._address}", int(found.get("context_window", 0)),
            bool(found.get("supports_fim", True)), loaded=True,
        )  # fmt: skip

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        if not isinstance(request, FimRequest):
            raise UnsupportedParameter(
                "This server passes suggestions on to another one, but neither text nor chat. "
                f"Send the request to {self._address} itself."
            )
        _check(request)
        async for event in self._post(_body(request)):
            if "error" in event:
                raise _error_of(503, event["error"])
            yield _delta(event)

    async def warm(self, request: FimRequest) -> None:
        body = {**_body(request), "max_tokens": 0}
        async for _ in self._post(body):
            pass

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The events of one streamed answer."""
        try:
            async with self._open().post(self._address + "/complete", json=body) as response:
                if response.status != 200:
                    raise _error_of(response.status, await _error_body(response))
                async for line in response.content:
                    data = line.decode("utf-8", "replace").removeprefix("data: ").strip()
                    if data == "[DONE]":
                        return
                    if data:
                        yield json.loads(data)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise self._unavailable(error) from error

    async def _get(self, path: str) -> dict[str, Any]:
        try:
            async with self._open().get(self._address + path) as response:
                if response.status != 200:
                    raise _error_of(response.status, await _error_body(response))
                found: dict[str, Any] = await response.json()
                return found
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise self._unavailable(error) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=self._timeout)
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self._session

    def _unavailable(self, error: BaseException) -> UpstreamUnavailable:
        return UpstreamUnavailable(
            f"The server {self._address} cannot be reached: {_reason(error)}. "
            "Check that it runs, and its address in `engine`."
        )


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__


def _check(request: FimRequest) -> None:
    """What ``POST /complete`` has no field for must not be dropped silently."""
    sampling = request.sampling
    plain = Sampling(temperature=sampling.temperature, seed=sampling.seed)
    names = [f.name for f in fields(sampling) if getattr(sampling, f.name) != getattr(plain, f.name)]
    names += [name for name in ("logprobs", "grammar") if getattr(request, name) is not None]
    if names:
        raise UnsupportedParameter(
            f"This server passes suggestions on to another one, but not `{names[0]}`. Leave it out.", names[0]
        )


def _body(request: FimRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "prefix": request.prefix,
        "suffix": request.suffix,
        "language": request.language or "plaintext",
        "stream": True,
        "details": True,
        "mode": request.mode,
        "temperature": request.sampling.temperature,
    }
    optional = {
        "file_path": request.path or None,
        "max_tokens": request.max_tokens,
        "seed": request.sampling.seed,
        "stop": list(request.stop) or None,
        "deadline_ms": None if request.deadline_ms is None else max(1, int(request.deadline_ms)),
        "model": request.model,
        "trim": None if request.trim else False,
        "context": [
            {"file_path": s.path, "content": s.text, "kind": s.kind} for s in request.snippets
        ] or None,
    }  # fmt: skip
    return body | {key: value for key, value in optional.items() if value is not None}


def _delta(event: dict[str, Any]) -> Delta:
    usage, timings = event.get("usage"), event.get("timings")
    return Delta(
        str(event.get("delta", "")),
        event.get("finish_reason"),
        Usage(**{k: int(v) for k, v in usage.items() if k in Usage.__slots__}) if usage else None,
        Timings(**timings) if timings else None,
    )


async def _error_body(response: aiohttp.ClientResponse) -> dict[str, Any]:
    try:
        body = await response.json()
        return dict(body["error"])
    except (ValueError, KeyError, TypeError, aiohttp.ClientError):
        return {"message": f"it answered {response.status}"}


def _error_of(status: int, body: dict[str, Any]) -> FimbleError:
    message = str(body.get("message", "no reason given"))
    if status in (401, 403):
        return UpstreamRefused(f"The server refused the key; check `key` in the settings. It said: {message}")
    if status == 429 or body.get("code") == "overloaded":
        return Overloaded(message)
    if status == 504:
        return DeadlineExceeded(message)
    if 400 <= status < 500:
        return InvalidRequest(message, body.get("param"))
    return UpstreamUnavailable(f"The server failed: {message}")
