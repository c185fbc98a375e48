"""A model's tokens, as llama-server and fimble tell them: ``/tokenize``, ``/detokenize``,
``/apply-template``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from ...types import ChatRequest, Delta, TokensRequest
from ..base import Ask
from ..json_values import read
from .apis import APIS
from .bodies import encoded, unsupported
from .conversation import message_bodies
from .known import Known
from .values import Count


class PieceBody(Struct):
    """A token; ``piece`` is its text, or its bytes where they are a part of a character."""

    id: Count
    piece: str | list[int]


class TokensBody(Struct):
    tokens: list[PieceBody]


class ContentBody(Struct):
    content: str


class PromptBody(Struct):
    prompt: str


def ask_tokens(known: Known, request: TokensRequest) -> Ask:
    """Raises :class:`~...errors.UnsupportedParameter` for texts and ids in one list."""
    of = request.of
    body: dict[str, Any]
    if isinstance(of, str):
        body = {"content": of, "add_special": request.starts, "parse_special": request.controls}
        return _ask(known, "/tokenize", body | {"with_pieces": True}, _tokens)
    if isinstance(of, ChatRequest):
        if of.tools:
            raise unsupported(known.program, "tools")
        messages = message_bodies(known, APIS[known.upstream.kind], of.messages)
        return _ask(known, "/apply-template", {"messages": messages}, _prompt)
    if not all(isinstance(each, int) for each in of):
        raise unsupported(known.program, "prompt")
    return _ask(known, "/detokenize", {"tokens": list(of)}, _content)


def _ask(known: Known, path: str, body: dict[str, Any], make: Callable[[bytes], Delta]) -> Ask:
    return Ask(known.path(path), encoded(body), _Reader(make), framing="document", done=None)


class _Reader:
    enough = False

    def __init__(self, make: Callable[[bytes], Delta]) -> None:
        self._make = make

    def feed(self, data: bytes) -> Iterable[Delta]:
        return [self._make(data)]

    def end(self) -> Iterable[Delta]:
        return ()


def _tokens(data: bytes) -> Delta:
    pieces = [(each.id, _bytes(each.piece)) for each in read(data, TokensBody).tokens]
    text = b"".join(piece for _, piece in pieces).decode("utf-8", "replace")
    return Delta(text, "stop", tokens=tuple(pieces))


def _content(data: bytes) -> Delta:
    return Delta(read(data, ContentBody).content, "stop")


def _prompt(data: bytes) -> Delta:
    return Delta(read(data, PromptBody).prompt, "stop")


def _bytes(piece: str | list[int]) -> bytes:
    return piece.encode("utf-8", "replace") if isinstance(piece, str) else bytes(piece)
