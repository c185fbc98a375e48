"""The shared engine is killed, stopped or ended at five moments, and the editor gets answers again.

The editor's whole engine with a real service and a real worker behind it, and the fake model.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import FimbleError
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest

from .processes import PATIENCE_SECONDS, SERVICE, WORKER, running, runtime_folder, send, until

pytestmark = pytest.mark.e2e
FAKE = {"answer": "abcdefghij" * 10, "prompt_token_ms": 3.0, "token_ms": 5.0}
SHORT, LONG = "x = ", "y = " * 100
SIGNALS = [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM]


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with runtime_folder() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
        monkeypatch.setenv("FIMBLE_FAKE", json.dumps(FAKE))
        yield folder


@dataclass
class Editor:
    """The engine as a language server has it, and the service that it has found."""

    engine: Engine
    mark: Path

    async def text(self, prefix: str = SHORT) -> str:
        request = FimRequest(prefix, "", mode="line", max_tokens=20, trim=False, document=prefix)
        return (await self.engine.complete(request)).text

    async def decode(self, at_first_piece: Callable[[], object]) -> None:
        """Take an answer piece by piece."""
        request = FimRequest(SHORT, "", mode="line", max_tokens=90, trim=False)
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(self.engine.stream(request)) as deltas:
            await anext(deltas)
            at_first_piece()
            async for _ in deltas:
                pass

    async def answers_again(self) -> None:
        """A fault may cost requests; soon one is answered."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._try():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def _try(self) -> bool:
        try:
            return await self.text() == "abcdefghij" * 2
        except FimbleError:
            return False

    def services(self) -> list[int]:
        return running(SERVICE, self.mark)

    def hit(self, number: signal.Signals) -> list[int]:
        hit = self.services()
        for process in hit:
            send(process, number)
        return hit


@pytest.fixture
async def editor(mark: Path) -> AsyncIterator[Editor]:
    engine = Engine(Settings(engine="shared", model="fake"))
    yield Editor(engine, mark)
    await engine.close()


async def ended(asked: asyncio.Task[str]) -> None:
    """The request under way ends, one way or the other."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(asked, return_exceptions=True)
    assert isinstance(asked.exception(), FimbleError | None)


@pytest.mark.parametrize("number", SIGNALS)
class TestTheServiceIsHit:
    async def test_while_it_starts(self, editor: Editor, number: signal.Signals) -> None:
        asked = asyncio.create_task(editor.text())
        await until(lambda: bool(editor.services()))
        editor.hit(number)
        await ended(asked)
        await editor.answers_again()

    async def test_while_the_model_loads(self, editor: Editor, number: signal.Signals) -> None:
        asked = asyncio.create_task(editor.text())
        await until(lambda: bool(running(WORKER, editor.mark)))
        editor.hit(number)
        await ended(asked)
        await editor.answers_again()

    async def test_while_it_is_idle(self, editor: Editor, number: signal.Signals) -> None:
        await editor.engine.models()
        editor.hit(number)
        await editor.answers_again()

    async def test_while_the_prompt_is_read(self, editor: Editor, number: signal.Signals) -> None:
        await editor.engine.models()
        asked = asyncio.create_task(editor.text(LONG))
        await until(lambda: cpu_waits(running(WORKER, editor.mark)[0]))
        editor.hit(number)
        await ended(asked)
        await editor.answers_again()

    async def test_while_it_decodes(self, editor: Editor, number: signal.Signals) -> None:
        with pytest.raises(FimbleError):
            await editor.decode(lambda: editor.hit(number))
        await editor.answers_again()


def cpu_waits(worker: int) -> bool:
    """Whether some thread of the worker sleeps inside a call of the fake model."""
    threads = Path(f"/proc/{worker}/task").glob("*/wchan")
    return any("nanosleep" in thread.read_text() for thread in threads)


async def test_an_end_on_request_is_at_once_though_editors_are_joined(editor: Editor) -> None:
    await editor.answers_again()
    (before,) = editor.services()
    editor.hit(signal.SIGTERM)
    await until(lambda: not editor.services() or editor.services() != [before])
    await editor.answers_again()
    assert len(editor.services()) == 1


async def test_a_service_that_goes_on_does_no_harm(editor: Editor) -> None:
    await editor.answers_again()
    stopped = editor.hit(signal.SIGSTOP)
    await editor.answers_again()  # by a worker of the editor's own
    newcomer = Editor(Engine(Settings(engine="shared", model="fake")), editor.mark)
    await newcomer.answers_again()
    for process in stopped:
        send(process, signal.SIGCONT)
    await editor.answers_again()
    await newcomer.answers_again()
    third = Editor(Engine(Settings(engine="shared", model="fake")), editor.mark)
    await third.answers_again()
    assert editor.services() == stopped
    await newcomer.engine.close()
    await third.engine.close()


async def test_a_runtime_folder_of_another_user_costs_only_the_sharing(
    editor: Editor, caplog: pytest.LogCaptureFixture
) -> None:
    if os.getuid() != 0:
        pytest.skip("needs root to give a folder away")
    (editor.mark / "fimble").mkdir(mode=0o777)
    os.chown(editor.mark / "fimble", 65534, 65534)
    await editor.answers_again()
    assert not editor.services()
    assert "belongs to another user" in caplog.text
    assert "belongs to another user" in editor.engine.serving.why
    assert str(editor.engine.serving) == "local, while the shared engine is away"
