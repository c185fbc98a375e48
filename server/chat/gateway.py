"""Who may answer: the models that a request asks in turn, and which of their upstreams. What nobody here can
honour is told, never dropped."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.engine import routing as engine
from fimble.engine.engine import DEFAULT
from fimble.engine.served import BROKEN
from fimble.engine.types import ModelInfo
from fimble.engine.upstreams.stand_in import LOCAL

from ..call import Call
from ..errors import invalid, unsupported
from ..model_table import sound
from ..schema.chat import ChatCompletionsRequest
from ..schema.gateway import MaxPrice, Provider


async def asked_models(call: Call, body: ChatCompletionsRequest) -> list[ModelInfo]:
    """``model``, unless it only stands for the default one, and then ``models``, each once. Those that cannot
    be opened are left out, if another one can. Raises 403, 404 and 503."""
    if not body.models:
        return [await call.model(body.model)]
    first = [] if body.model in ("", DEFAULT) else [("model", body.model)]
    named = first + [(f"models.{i}", name) for i, name in enumerate(body.models)]
    found = {model.id: model for model in [await call.allowed(name, param=param) for param, name in named]}
    usable = [model for model in found.values() if model.backend != BROKEN]
    return usable or [sound(next(iter(found.values())))]


def routing_of(
    call: Call, body: ChatCompletionsRequest, models: Sequence[ModelInfo]
) -> engine.Routing | None:
    """What is said of the upstreams. Raises 400 where there are none, and for names that none of them has."""
    there = _upstreams(call, models)
    if body.route and not body.models and not there:
        raise unsupported(
            "route", "`route`: there is nothing to fall back to; name further models in `models`."
        )
    provider = body.provider
    if provider is None or not provider.model_fields_set:
        return None
    if not there:
        raise unsupported("provider", "`provider`: there are no upstreams to choose from.")
    _check_names(provider, there)
    most = _price(provider.max_price) if provider.max_price else None
    return engine.Routing(
        provider.sort, tuple(provider.order), tuple(provider.only), tuple(provider.ignore), most
    )


def _upstreams(call: Call, models: Sequence[ModelInfo]) -> list[str]:
    """The names of all that can answer for these models, in the place of some the local one."""
    ids = {model.id for model in models}
    found = dict.fromkeys(state.name for state in call.engine.upstreams() if state.model in ids)
    tables = call.engine.settings.models
    if any(id in tables and tables[id].upstreams and tables[id].model for id in ids):
        found[LOCAL] = None
    return list(found)


def _check_names(provider: Provider, there: Sequence[str]) -> None:
    listed = ", ".join(there)
    for field in ("order", "only", "ignore"):
        for index, name in enumerate(getattr(provider, field)):
            if name not in there:
                param = f"provider.{field}.{index}"
                raise invalid(f"`{param}`: there is no upstream {name!r}. There are: {listed}.", param)
    if not set(provider.only or there) - set(provider.ignore):
        raise invalid(f"`provider` leaves none of the upstreams that there are: {listed}.", "provider")


def _price(most: MaxPrice) -> engine.Price:
    bounds = (most.prompt, most.completion, most.request)
    return engine.Price(*(None if each is None else float(each) for each in bounds))
