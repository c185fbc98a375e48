"""What lives as long as one editor's connection, and how its parts are joined."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fimble.engine.types import FimRequest, Snippet

from .context.exclusion import Exclusion, path_of
from .context.request import build_request
from .context.snippets import OutlineCache, related
from .control import Control
from .documents import Document, Documents, Place, Snapshot
from .engine_life import EngineLife
from .notices import Notices
from .options import Options, read_options
from .statistics import Statistics
from .status import Status
from .suggestions import Suggestion, SuggestionMemory

log = logging.getLogger(__name__)


class Session:
    """State of one connection. Everything happens on the server's event loop."""

    def __init__(self, notices: Notices, status: Status, statistics: Statistics) -> None:
        self.notices, self.status, self.statistics = notices, status, statistics
        self.documents = Documents()
        self.options = Options()
        self.control = Control(Exclusion([]))
        self.engine = EngineLife(notices, status)
        self.counters = Counters()
        self.focus: str | None = None
        self._outlines = OutlineCache()
        self._memories: dict[str, SuggestionMemory] = {}
        self._ahead: dict[str, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def set_folders(self, folders: list[str]) -> None:
        """Take the workspace's folders, given as addresses."""
        paths = [path for uri in folders if (path := path_of(uri)) is not None]
        self.control.exclusion = Exclusion(paths, self.notices.once)

    def configure(self, sent: object) -> None:
        """Take options, at the start and whenever they change; a changed engine is started anew."""
        self.options, engine_settings, problems = read_options(sent)
        for problem in problems:
            self.notices.once(problem)
        options = self.options
        self.control.configure(options.enabled, options.disabled_languages, options.disabled_paths)
        self.statistics.enabled = options.statistics
        self.engine.configure(engine_settings)
        self.show_switches()

    def start(self) -> None:
        """Begin to load the model, unless nothing is to be computed."""
        if self.control.enabled:
            self.spawn(self.engine.load())

    def off(self, document: Document) -> bool:
        """Whether a document gets no suggestions."""
        return self.control.reason(document.uri, document.language) is not None

    def focus_on(self, uri: str | None) -> None:
        """The user looks at this document now."""
        self.focus = uri
        self.show_switches()

    def show_switches(self) -> None:
        """Tell the editor whether suggestions are on for the document that has the focus."""
        document = self.documents.get(self.focus) if self.focus else None
        uri, language = (document.uri, document.language) if document else ("", "")
        self.status.switched(self.control.reason(uri, language))

    def memory(self, uri: str) -> SuggestionMemory:
        return self._memories.setdefault(uri, SuggestionMemory())

    def suggestion(self, id: str) -> tuple[str, Suggestion] | None:
        """A suggestion made a while ago, with its document's address."""
        for uri, memory in self._memories.items():
            if (found := memory.get(id)) is not None:
                return uri, found
        return None

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self.documents.close(uri)
        self._outlines.forget(uri)
        self._memories.pop(uri, None)
        self._stop_ahead(uri)
        if self.focus == uri:
            self.focus_on(None)

    def request(self, document: Document, snapshot: Snapshot, invoked: bool = False) -> FimRequest:
        """The engine's request for a place in a document."""
        exclusion = self.control.exclusion
        snippets: tuple[Snippet, ...] = ()
        if self.options.context_files:
            others = (
                (other, exclusion.relative_path(other.uri)) for other in self.documents if not self.off(other)
            )
            snippets = related(document, others, self._outlines)
        path = exclusion.relative_path(document.uri)
        return build_request(snapshot, path, snippets, invoked)

    def warm(self, document: Document, place: Place) -> None:
        """Evaluate the prompt for a place ahead of the request that may come for it."""
        self._stop_ahead(document.uri)
        if self.engine.running is not None and not self.off(document):
            request = self.request(document, document.snapshot(place))
            self.ahead(document.uri, self.engine.running.warm(request))

    def ahead(self, uri: str, work: Coroutine[Any, Any, Any]) -> None:
        """Do something for a document before it is asked for, in place of what was begun earlier."""
        self._stop_ahead(uri)
        self._ahead[uri] = self.spawn(work)

    def _stop_ahead(self, uri: str) -> None:
        if (task := self._ahead.pop(uri, None)) is not None:
            task.cancel()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside the requests; it is cancelled when the session ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do something after a while, unless the session has ended by then."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            call()

        self.spawn(wait())

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.statistics.close()
        await self.engine.close()


class Counters:
    """What happened in this session, for people who want to know."""

    def __init__(self) -> None:
        self.requests = self.suggestions = self.from_memory = self.accepted = 0
        self.prompt_tokens = self.cached_tokens = self.completion_tokens = 0

    def to_wire(self) -> dict[str, int]:
        return dict(vars(self))
