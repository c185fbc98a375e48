"""The engine as a session sees it: made from settings, loaded, replaced when settings change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from fimble.engine.engine import Engine
from fimble.engine.errors import FimbleError
from fimble.engine.models.shelf import Row, rows
from fimble.engine.settings import Settings, load_settings
from fimble.engine.shared.spare import SPARE
from fimble.engine.workers.worker import OnState

from .notices import Notices
from .status import Status

log = logging.getLogger(__name__)
MakeEngine = Callable[[Settings, OnState], Engine]
DEFAULTS = {"engine": "shared"}
"""Editors share one engine unless the user wants it otherwise."""
TOLD = ("eagerness", "comments")
"""Settings that each request tells the engine; it need not be another one when they change."""
ADVICE = "Run `fimble doctor` in a terminal to see what is wrong."


class EngineLife:
    """Owns the engine. ``running`` is None until settings came, and when they cannot be used."""

    def __init__(self, notices: Notices, status: Status, make_engine: MakeEngine = Engine) -> None:
        self._notices, self._status, self._make_engine = notices, status, make_engine
        self.running: Engine | None = None
        self.settings: Settings | None = None
        self.configured = asyncio.Event()
        self._overrides: dict[str, Any] = {}
        self._broken = False
        self._closing: set[asyncio.Task[None]] = set()

    def configure(self, overrides: dict[str, Any]) -> bool:
        """Take settings from the editor; returns whether they changed anything. Mostly the engine is replaced
        then."""
        self._overrides = overrides
        settings, problems = load_settings(overrides, defaults=DEFAULTS)
        for problem in problems:
            self._notices.once(problem)
        if settings.engine != "shared" and (spare := SPARE.get(None)) is not None:
            spare.drop()
        before, self.settings = self.settings, settings
        if before is None or _of_engine(before) != _of_engine(settings):
            self._replace(settings)
        self.configured.set()
        return before != settings

    def restart(self) -> None:
        """Throw the engine away and make a new one, also with settings that were changed on disk."""
        self.settings = None
        self.configure(self._overrides)

    def choose_model(self, name: str) -> bool:
        """Use this model for the session, whatever the rules say; returns whether anything changed."""
        return self.configure({**self._overrides, "model": name, "rules": ()})

    def choices(self) -> list[Row]:
        """What :meth:`choose_model` takes, and what it would take once it is downloaded."""
        settings = self.settings or Settings()
        return rows(settings.model, settings.tables)

    async def load(self) -> None:
        """Start the model, so that the first request finds it ready."""
        engine = self.running
        if engine is None:
            return
        try:
            model = await engine.load()
        except FimbleError as error:
            if engine is self.running:
                self.failed(error)
            return
        if engine is self.running:
            self._status.model("ready", model.id)
            self._tell_serving(model.id)

    def succeeded(self, model: str) -> None:
        """The engine answered a request."""
        self._broken = False
        self._tell_serving(model)
        self._status.answered()

    def failed(self, error: FimbleError) -> None:
        """Tell of an error, once for each cause; it stays in the status until a request is answered."""
        self._notices.error(error)
        self._status.model("error", error.message, ADVICE)

    async def close(self) -> None:
        self._let_go()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _replace(self, settings: Settings) -> None:
        self._let_go()
        self._broken = False
        self._status.model("loading", "Starting")
        try:
            self.running = self._make(settings)
            self._tell_serving()
        except FimbleError as error:
            self.failed(error)

    def _make(self, settings: Settings) -> Engine:
        """An engine whose states are told for as long as it is the one in use."""
        made: list[Engine] = []

        def on_state(state: str, detail: str) -> None:
            if made and made[0] is self.running:
                self._on_state(state, detail)

        made.append(self._make_engine(settings, on_state))
        return made[0]

    def _let_go(self) -> None:
        engine, self.running = self.running, None
        self._notices.loaded()
        if engine is not None:
            task = asyncio.get_running_loop().create_task(engine.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _tell_serving(self, model: str = "") -> None:
        """Tell who answers now; an engine that is shared on this machine is a local one to people."""
        if self.running is not None:
            serving = self.running.serving
            shown = replace(serving, engine="local") if serving.engine == "shared" else serving
            self._status.served(str(shown), model or serving.model, serving.why)

    def _on_state(self, state: str, detail: str) -> None:
        name = Path(detail).name
        log.info("model %s %s", state, name)
        if state == "serving":
            self._tell_serving()
            return
        if self._broken and state in ("loading", "stopped"):
            return  # each request tries again; the error stays until one succeeds
        if state == "loading":
            self._notices.loading(name)
            self._status.model("loading", f"Loading {name}")
            return
        self._notices.loaded()
        self._broken = state == "failed"
        if self._broken:
            self._status.model("error", detail, ADVICE)
        else:
            self._status.model("ready", name)


def _of_engine(settings: Settings) -> dict[str, Any]:
    """What an engine is made of."""
    return settings.model_dump(exclude=set(TOLD))
