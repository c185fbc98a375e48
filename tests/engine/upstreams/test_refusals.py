"""What another fimble cannot be asked for is refused, not dropped. Nothing is sent for that."""

from __future__ import annotations

import pytest

from fimble.engine.errors import UnsupportedParameter
from fimble.engine.serving import Serving
from fimble.engine.types import JSON_OBJECT, Dry, FimRequest, Request, Sampling
from fimble.engine.upstreams.backend import UpstreamBackend
from fimble.engine.upstreams.gateway import Gateway
from fimble.engine.upstreams.health import Health
from fimble.engine.upstreams.member import Member

from .scripted import Scripted
from .upstream import Upstream


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
    ],
)
async def test_what_cannot_be_passed_on_is_refused(
    remote: UpstreamBackend, server: Upstream, request_: Request, param: str
) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        await anext(remote.generate(request_))
    assert caught.value.param == param
    assert f"`{param}`" in caught.value.message
    assert server.asked == []


async def test_the_next_in_line_may_honour_it(remote: UpstreamBackend, server: Upstream) -> None:
    other = Scripted(Serving("other"))
    members = [Member("one", remote, Health(1.0)), Member("two", other, Health(1.0))]
    gateway = Gateway(members, name="model")
    made = [delta.text async for delta in gateway.generate(suggestion(Sampling(0.5, top_k=3)))]
    assert "".join(made) == "other"
    assert server.asked == []
