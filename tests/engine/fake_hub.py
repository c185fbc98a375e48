"""As much of the Hugging Face hub as a download needs, on a port of this machine.

A file is at ``/owner/repository/resolve/REVISION/file``, which leads on to another host as the real hub does
(``localhost`` instead of ``127.0.0.1``). What goes wrong is said beforehand in :class:`Trouble`.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

COMMIT = "c" * 40


@dataclass
class Trouble:
    """``status`` and ``code`` answer the question for a file, ``cdn_statuses`` the next ones for its bytes.
    ``breaks`` are after how many bytes the next connections end. ``sends`` are other bytes than promised;
    ``whole`` sends all of them whatever is asked for."""

    status: int = 302
    code: str = ""
    cdn_statuses: list[int] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    sends: bytes | None = None
    whole: bool = False


@dataclass
class FakeHub:
    """``asked`` are the ranges and keys with which bytes were asked for."""

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)
    asked: list[tuple[str, str]] = field(default_factory=list)
    gate: threading.Event | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        name = "/".join(request.match_info[part] for part in ("owner", "repository", "file"))
        headers = {"X-Repo-Commit": COMMIT}
        if self.trouble.status != 302:
            return web.Response(status=self.trouble.status, headers={"X-Error-Code": self.trouble.code})
        if name not in self.files:
            return web.Response(status=404, headers={"X-Error-Code": "EntryNotFound"})
        headers["X-Linked-Etag"] = f'"{hashlib.sha256(self.files[name]).hexdigest()}"'
        headers["X-Linked-Size"] = str(len(self.files[name]))
        headers["Location"] = f"http://localhost:{self.port}/cdn/{name}"
        return web.Response(status=302, headers=headers)

    async def bytes(self, request: web.Request) -> web.StreamResponse:
        ranged = request.headers.get("Range", "")
        self.asked.append((ranged, request.headers.get("Authorization", "")))
        if self.trouble.cdn_statuses:
            return web.Response(status=self.trouble.cdn_statuses.pop(0))
        if self.gate is not None:
            await asyncio.to_thread(self.gate.wait)
        whole = self.files[request.match_info["name"]] if self.trouble.sends is None else self.trouble.sends
        ranged = "" if self.trouble.whole else ranged
        start = int(ranged.removeprefix("bytes=").rstrip("-")) if ranged else 0
        body = whole[start:]
        headers = {"Content-Length": str(len(body))}
        if ranged:
            headers["Content-Range"] = f"bytes {start}-{len(whole) - 1}/{len(whole)}"
        response = web.StreamResponse(status=206 if ranged else 200, headers=headers)
        await response.prepare(request)
        if self.trouble.breaks:
            await response.write(body[: self.trouble.breaks.pop(0)])
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(body)
        return response


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """A hub on a loop and a thread of its own, since the library that asks it waits."""
    hub, loop, ready = FakeHub(), asyncio.new_event_loop(), threading.Event()
    done: asyncio.Event = asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_route("*", "/{owner}/{repository}/resolve/{revision}/{file:.+}", hub.resolve)
        app.router.add_get("/cdn/{name:.+}", hub.bytes)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        hub.port = runner.addresses[0][1]
        ready.set()
        await done.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(30)
        yield hub
    finally:
        if hub.gate is not None:
            hub.gate.set()
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()
