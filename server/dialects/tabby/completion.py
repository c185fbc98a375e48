"""``POST /v1/completions`` as Tabby's agent asks it: told apart from OpenAI's by ``segments``."""

from __future__ import annotations

from fimble.engine.engine import DEFAULT
from fimble.engine.prompt.sentinels import Hole
from fimble.engine.types import Snippet

from ...call import Call
from ...choices import new_id
from ...errors import ApiError, invalid, unsupported
from ..fill import Wanted, addressed, continued, filled, may_control, prompted, request_of
from .schema import (
    NOT_SAID,
    DebugData,
    DebugOptions,
    DebugSnippet,
    Relevant,
    Segments,
    TabbyChoice,
    TabbyRequest,
    TabbyResponse,
    snippet_of,
)

RAW_TOKENS = 64
"""So many tokens continue a raw prompt, as in Tabby."""


async def tabby_completion(call: Call, body: TabbyRequest) -> TabbyResponse:
    if body.mode != "standard":
        raise unsupported("mode", f"`mode`: there is no {body.mode!r} here. Leave it out.")
    options = body.debug_options or DebugOptions()
    if options.raw_prompt is not None:
        text, used = await _continued(call, body, options.raw_prompt), tuple[Snippet, ...]()
    elif body.segments is not None:
        text, used = await _filled(call, body, body.segments, options)
    else:
        raise invalid("`segments` is required.", "segments", "missing_field")
    answer = TabbyResponse(id=new_id("cmpl-"), choices=[TabbyChoice(index=0, text=text)], mode="standard")
    if body.debug_options is not None:
        answer.debug_data = _debug_data(options, body.segments.pieces() if body.segments else [], used)
    return answer


async def _filled(
    call: Call, body: TabbyRequest, segments: Segments, options: DebugOptions
) -> tuple[str, tuple[Snippet, ...]]:
    """The suggestion, and the texts of other files that could help."""
    alone = options.disable_retrieval_augmented_code_completion
    pieces = () if alone else tuple(snippet_of(each) for each in reversed(segments.pieces()))
    request = request_of(
        call,
        Hole(segments.prefix, segments.suffix, segments.filepath, pieces),
        Wanted(
            max_tokens=call.token_limit(None, None),
            sampling=body.sampling(),
            language="" if body.language == NOT_SAID else body.language,
            slot=segments.git_url,
            invoked=bool(body.temperature),
        ),
    )
    model, request = await addressed(call, "", request)
    [made] = await filled(call, model, request)
    return made.text, request.beside


async def _continued(call: Call, body: TabbyRequest, prompt: str) -> str:
    """What follows a prompt that the client has laid out itself."""
    if not may_control(call):
        message = "`debug_options.raw_prompt`: only a key with the scope `raw` may send prompts as they are."
        raise ApiError(403, "permission_error", "key_scope", message, "debug_options.raw_prompt")
    model = await call.model(None)
    wanted = Wanted(
        max_tokens=call.token_limit(None, RAW_TOKENS), sampling=body.sampling(), model=DEFAULT,
        invoked=bool(body.temperature),
    )  # fmt: skip
    [made] = await continued(call, model, [prompted(call, prompt, wanted, greedy=not body.temperature)])
    return made.text


def _debug_data(options: DebugOptions, sent: list[Relevant], used: tuple[Snippet, ...]) -> DebugData:
    found = DebugData()
    if options.return_snippets:
        found.snippets = [
            DebugSnippet(filepath=each.filepath, body=each.body, score=each.score)
            for each in sent if snippet_of(each) in used
        ]  # fmt: skip
    if options.return_prompt and options.raw_prompt is not None:
        found.prompt = options.raw_prompt
    return found
