"""What is deployed: how many replicas with how much of a machine, and the settings of their engines."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..backends.local import slots_of
from ..errors import SettingsError
from ..runtimes.memory import SEQUENCES
from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """Replicas are made for ``target_ongoing`` requests each, between ``least`` and ``most`` of them. One has
    ``cpus`` and ``gpus`` for itself, and keeps so many ``models`` open. ``queue`` is how many requests wait
    at each front."""

    least: int = 1
    most: int = 8
    cpus: float = 1.0
    gpus: float = 0.0
    target_ongoing: float = 4.0
    models: int = 2
    queue: int = 256

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise SettingsError("`--replicas` should be MIN or MIN:MAX, with 1 <= MIN <= MAX, such as 2:8.")


def replica_settings(settings: Settings, plan: Plan) -> Settings:
    """The settings of a replica's engine: one worker, as many threads as it has processors for itself, and
    models that run there. Keys of other servers stay here."""
    models = {name: table.model_copy(update={"upstreams": ()}) for name, table in settings.models.items()
              if table.model}  # fmt: skip
    return settings.model_copy(
        update={
            "engine": "local", "isolation": "process", "workers": 1, "idle_minutes": 0, "models": models,
            "threads": settings.threads or max(1, math.floor(plan.cpus)),
            "sequences": settings.sequences or SEQUENCES, "key": None, "upstreams": {}, "rules": (),
            "memory_folders": (),
        }
    )  # fmt: skip


def most_ongoing(settings: Settings) -> int:
    """How many requests a replica takes at a time: suggestions and answers that take a while."""
    return 2 * slots_of(settings.sequences)
