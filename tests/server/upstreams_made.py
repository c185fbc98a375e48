"""A model ``cloud`` of two upstreams, ``east`` and ``west``, which say what tests tell them to, and beside it
a model ``small`` on this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from fimble.engine.errors import FimbleError, UpstreamUnavailable
from fimble.engine.types import Delta, ModelInfo, Request, Usage
from fimble.engine.upstreams.gateway import Gateway
from fimble.engine.upstreams.health import Health
from fimble.engine.upstreams.member import Member

from .conftest import FailingBackend

CLOUD = ModelInfo(
    "theirs", "remote http://upstream", 4096, supports_fim=False, supports_chat=True, supports_reasoning=True
)
AWAY = UpstreamUnavailable("The upstream is away.")
SETTINGS: dict[str, Any] = {
    "model": "cloud",
    "models": {"cloud": {"upstreams": ("east", "west")}, "small": {"model": "fake"}},
}


class Upstream(FailingBackend):
    """Says ``text`` after ``thoughts``, or fails with ``error``, and remembers what it was asked."""

    def __init__(self, text: str) -> None:
        super().__init__(RuntimeError())
        self.text, self.thoughts = text, ""
        self.error: FimbleError | None = None
        self.heard: list[Request] = []
        self.about = CLOUD

    async def info(self) -> ModelInfo:
        return self.about

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        self.heard.append(request)
        if self.error is not None:
            raise self.error
        if self.thoughts:
            yield Delta("", reasoning=self.thoughts)
        yield Delta(self.text, usage=Usage(11, 1))
        yield Delta("", "stop", Usage(11, 7, 3))


class Cloud:
    """Both upstreams, and the gateway in front of them."""

    def __init__(self) -> None:
        self.east, self.west = Upstream("from the east"), Upstream("from the west")
        named = {"east": self.east, "west": self.west}
        members = [Member(name, backend, Health(60.0)) for name, backend in named.items()]
        self.gateway = Gateway(members, name="cloud")
