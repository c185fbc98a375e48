"""What an endpoint is: one declaration feeds the router, the checks and the OpenAPI document."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel

from .call import Call
from .dialect import OWN, Dialect
from .store.keys import Scope

Takes = TypeVar("Takes", bound=BaseModel)
Events = AsyncGenerator[BaseModel]
Answer = BaseModel | Events | web.Response
"""A whole answer, the events of a stream, or what is no JSON at all."""


class Nothing(BaseModel):
    """No body and no parameters."""


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[Takes]):
    """``takes`` is the JSON body of a POST, or the path and query parameters of a GET. ``scopes`` are
    those of which a key needs one; none: any key will do. ``public`` needs no key at all. ``counted``
    requests count against limits and in usage. ``unauthorized`` is the error type for a bad key, on
    which the dialects differ. ``media`` is the type of an answer that is no JSON. ``dialect`` is that of its
    errors and streams."""

    method: Literal["GET", "POST"]
    path: str
    summary: str
    handle: Callable[[Call, Takes], Awaitable[Answer]]
    takes: type[Takes]
    gives: type[BaseModel]
    events: type[BaseModel] | None = None
    scopes: frozenset[Scope] = frozenset()
    public: bool = False
    counted: bool = False
    unauthorized: Literal["authentication_error", "invalid_request_error"] = "authentication_error"
    media: str = "application/json"
    dialect: Dialect = OWN
    name: str = ""
    """Its name for generated clients, where several endpoints have one handler."""
    statuses: frozenset[int] = frozenset()
    """Of errors that only this endpoint has."""

    @property
    def operation(self) -> str:
        """A name for generated clients."""
        return self.name or self.handle.__name__


AnyEndpoint = Endpoint[Any]
