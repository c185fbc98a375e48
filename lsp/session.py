"""What lives as long as one editor's connection, and how its parts are joined."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from pygls.lsp.server import LanguageServer

from fimble.engine.engine import Engine

from .asks import Asks
from .capabilities import ClientCapabilities
from .context.beside import BesideCache
from .context.exclusion import Exclusion, path_of
from .copilot_client import copilots_words
from .counters import Counters
from .document import Document
from .documents import Documents
from .engine_life import EngineLife, MakeEngine
from .notices import Notices
from .options import Options, read_options
from .outcomes import Outcomes
from .pace import Pace
from .positions import Encoding
from .power import Power
from .projects import Projects
from .rests import Rests
from .statistics import Statistics
from .status import Status, own_words
from .suggestions import SuggestionMemory
from .switches import Off, Switches
from .tasks import Tasks


class Session:
    """State of one connection. Everything happens on the server's event loop."""

    def __init__(
        self,
        notices: Notices,
        status: Status,
        statistics: Statistics,
        encoding: Encoding = "utf-16",
        make_engine: MakeEngine = Engine,
    ) -> None:
        self.notices, self.status, self.statistics = notices, status, statistics
        self.encoding = encoding
        self.documents = Documents(encoding)
        self.beside = BesideCache()
        self.options = Options()
        self.switches = Switches(Exclusion([]))
        self.engine = EngineLife(notices, status, make_engine)
        self.projects = Projects(notices, status)
        self.counters = Counters()
        self.asks = Asks()
        self.tasks = Tasks()
        self._ids = itertools.count(1)
        self.memory = SuggestionMemory(self._ids)
        self.outcomes = Outcomes()
        self.pace, self.rests, self.power = Pace(), Rests(), Power()
        self.focus: str | None = None

    @classmethod
    def of(
        cls,
        server: LanguageServer,
        client: ClientCapabilities,
        encoding: Encoding,
        make_engine: MakeEngine | None = None,
    ) -> Session:
        """The session of a client that has introduced itself; ``make_engine`` replaces the engine's own."""
        notices = Notices(server, client.progress)
        words = (own_words, copilots_words) if client.copilot else (own_words,)
        status = Status(server.protocol.notify, words)
        return cls(notices, status, Statistics(), encoding, make_engine or Engine)

    def set_folders(self, folders: list[str]) -> None:
        """Take the workspace's folders, given as addresses."""
        paths = [path for uri in folders if (path := path_of(uri)) is not None]
        self.switches.exclusion = Exclusion(paths, self.notices.once)
        for document in self.documents:
            document.path = self.switches.exclusion.relative_path(document.uri)

    def open(self, uri: str, language: str, text: str) -> Document | None:
        """Keep a document that the editor opened; None when there are too many."""
        focused = self.focus == uri
        self.forget(uri)
        path = self.switches.exclusion.relative_path(uri)
        document = self.documents.open(uri, language, text, path)
        if focused:
            self.focus_on(uri)
        return document

    def configure(self, sent: object) -> None:
        """Take options, at the start and whenever they change; a changed engine is started anew."""
        options, engine_settings, problems = read_options(sent)
        for problem in problems:
            self.notices.once(problem)
        self.switches.configure(options.enabled, options.disabled_languages, options.path_patterns)
        self.statistics.enabled = options.statistics
        if self.engine.configure(engine_settings) or options != self.options:
            self._forget_suggestions()
        self.options = options
        self.show_switches()

    def choose_model(self, name: str) -> None:
        """Use another model for this session."""
        if self.engine.choose_model(name):
            self._forget_suggestions()

    def restart(self) -> None:
        """Make a new engine, also with settings that were changed on disk."""
        self.engine.restart()
        self._forget_suggestions()

    def start(self) -> None:
        """Begin to load the model and to read the workspace, unless nothing is to be computed."""
        if self.switches.enabled:
            self.tasks.spawn(self.engine.load())
            self.read_project(self.switches.exclusion.folders)

    def read_project(self, folders: Iterable[Path]) -> None:
        """Have the engine remember folders of the workspace as they are now."""
        if self.engine.running is not None and self.switches.enabled:
            self.projects.remember(self.engine.running, folders)

    def reason(self, document: Document) -> Off | None:
        """Why a document gets no suggestions; None when it does."""
        off = self.switches.reason(document.uri, document.language)
        if off is None and document.refusal is not None:
            return Off("off", document.refusal)
        return off

    def focus_on(self, uri: str | None) -> Off | None:
        """The user looks at this document now; returns why it gets no suggestions, if it does not."""
        self.focus = uri
        return self.show_switches()

    def show_switches(self) -> Off | None:
        """Tell the editor whether suggestions are on for the document that has the focus."""
        document = self.documents.get(self.focus) if self.focus else None
        off = self.reason(document) if document else self.switches.reason("", "")
        self.status.switched(off)
        return off

    def forget(self, uri: str) -> None:
        """A document was closed, or is opened anew."""
        self.documents.close(uri)
        self.memory.forget(uri)
        self.outcomes.forget(uri)
        self.rests.end(uri)
        self.asks.forget(uri)
        if self.focus == uri:
            self.tasks.stop_ahead()
            self.focus_on(None)

    def forget_all(self) -> None:
        """No document's text is known any more."""
        for document in self.documents:
            self.forget(document.uri)

    async def close(self) -> None:
        self.rests.close()
        await self.asks.close()
        await self.tasks.close()
        await self.power.close()
        self.notices.loaded()
        self.projects.forget()
        await self.statistics.close()
        await self.engine.close()

    def _forget_suggestions(self) -> None:
        """What another engine or other options made is not shown any more, nor what they are making now."""
        self.tasks.stop_ahead()
        self.rests.close()
        self.asks.clear()
        self.memory = SuggestionMemory(self._ids)
