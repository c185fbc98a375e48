"""What another server cannot be asked for is refused, not dropped. Nothing is sent for that."""

from __future__ import annotations

import pytest

from fimble.engine.errors import UnsupportedParameter
from fimble.engine.remote.backend import RemoteBackend
from fimble.engine.remote.fallback import FallbackBackend
from fimble.engine.remote.health import Health
from fimble.engine.types import (
    JSON_OBJECT,
    ChatRequest,
    Dry,
    FimRequest,
    Message,
    Request,
    Sampling,
    TextRequest,
)


def suggestion(sampling: Sampling) -> FimRequest:
    return FimRequest("a", "b", sampling=sampling)


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        (suggestion(Sampling(0.5, top_k=3)), "top_k"),
        (suggestion(Sampling(top_p=0.5)), "top_p"),
        (suggestion(Sampling(min_p=0.5)), "min_p"),
        (suggestion(Sampling(repetition_penalty=1.1)), "repetition_penalty"),
        (suggestion(Sampling(frequency_penalty=0.1)), "frequency_penalty"),
        (suggestion(Sampling(presence_penalty=0.1)), "presence_penalty"),
        (suggestion(Sampling(dry=Dry())), "dry"),
        (suggestion(Sampling(logit_bias=((1, 1.0),))), "logit_bias"),
        (FimRequest("a", "b", logprobs=0), "logprobs"),
        (FimRequest("a", "b", grammar=JSON_OBJECT), "grammar"),
        (TextRequest("a"), None),
        (ChatRequest((Message("user", "a"),)), None),
    ],
)
async def test_what_cannot_be_passed_on_is_refused(
    remote: RemoteBackend, request_: Request, param: str | None
) -> None:
    for backend in (remote, FallbackBackend(remote, lambda: pytest.fail("nobody was away"), Health(1.0))):
        with pytest.raises(UnsupportedParameter) as caught:
            await anext(backend.generate(request_))
        assert caught.value.param == param
