"""Names of models: Ollama's have a tag, ours have none."""

from __future__ import annotations

from ...call import Call

TAG = ":latest"


async def known(call: Call, name: str) -> str:
    """The id of the model that a name means, with or without a tag; empty for the name of a model that is
    not here, which means the default one."""
    ids = {model.id for model in await call.services.models.all()}
    return next((each for each in (name, name.rpartition(":")[0]) if each in ids), "")


def tagged(id: str) -> str:
    """As Ollama lists it: some clients split names at the colon."""
    return id if ":" in id else id + TAG
