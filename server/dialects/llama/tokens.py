"""``POST /tokenize``, ``/detokenize`` and ``/apply-template``: what a text or a conversation is to the
model."""

from __future__ import annotations

from pydantic import BaseModel

from fimble.engine.types import ChatRequest, TokensRequest

from ...call import Call
from ...chat.conversation import check_images, to_engine
from ...endpoint import Answer, Endpoint
from ..fill import may_control
from .dialect import LLAMA
from .schema import DetokenizeRequest, TemplateRequest, TokenizeRequest


class PieceBody(BaseModel):
    """``piece`` is a text, or bytes where it is a part of a character."""

    id: int
    piece: str | list[int]


class TokensBody(BaseModel):
    tokens: list[int] | list[PieceBody]


class ContentBody(BaseModel):
    content: str


class PromptBody(BaseModel):
    prompt: str


async def tokenize(call: Call, body: TokenizeRequest) -> Answer:
    await call.model(None)
    controls = body.parse_special and may_control(call)
    made = await call.engine.tokens(TokensRequest(body.content, body.add_special, controls, user=call.user))
    if body.with_pieces:
        return TokensBody(tokens=[PieceBody(id=token, piece=_piece(data)) for token, data in made.tokens])
    return TokensBody(tokens=[token for token, _ in made.tokens])


async def detokenize(call: Call, body: DetokenizeRequest) -> Answer:
    await call.model(None)
    return ContentBody(
        content=(await call.engine.tokens(TokensRequest(tuple(body.tokens), user=call.user))).text
    )


async def apply_template(call: Call, body: TemplateRequest) -> Answer:
    check_images(body.messages, await call.model(None))
    chat = ChatRequest(await to_engine(body.messages, call.services.readers))
    return PromptBody(prompt=(await call.engine.tokens(TokensRequest(chat, user=call.user))).text)


def _piece(data: bytes) -> str | list[int]:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return list(data)


ENDPOINTS = (
    Endpoint(
        method="POST", path="/tokenize", summary="The token ids of a text", handle=tokenize,
        takes=TokenizeRequest, gives=TokensBody, scopes=frozenset({"complete"}), counted=True, dialect=LLAMA,
    ),
    Endpoint(
        method="POST", path="/detokenize", summary="The text of token ids", handle=detokenize,
        takes=DetokenizeRequest, gives=ContentBody, scopes=frozenset({"complete"}), counted=True,
        dialect=LLAMA,
    ),
    Endpoint(
        method="POST", path="/apply-template", summary="The prompt that a conversation becomes",
        handle=apply_template, takes=TemplateRequest, gives=PromptBody, scopes=frozenset({"chat"}),
        statuses=frozenset({501}),
        counted=True, dialect=LLAMA,
    ),
)  # fmt: skip
