"""What ``fimble cluster`` does. Ray is imported last, when its switches are set."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fimble.engine.cluster.knobs import JOINING
from fimble.engine.cluster.machine import a_cluster_runs, own_cluster, start_own, stop_own, whereabouts
from fimble.engine.cluster.names import MISSING
from fimble.engine.cluster.plan import Plan
from fimble.engine.errors import SettingsError
from fimble.engine.settings import require_settings

if TYPE_CHECKING:
    from fimble.engine.cluster.deploying import Report

NOTHING = "Nothing is deployed on this Ray cluster. Deploy with: fimble cluster deploy"


def deploy(
    replicas: str,
    size: dict[str, Any],
    model: str | None,
    address: str,
    temp_dir: str | None,
) -> None:
    """``size`` has the fields of :class:`Plan` that are about one replica."""
    settings = require_settings({"model": model})
    least, most = _range(replicas)
    plan = Plan(least, most, **size)
    _require_ray()
    if whereabouts(address, JOINING)[0] == "auto" and not a_cluster_runs():
        _tell("No Ray cluster runs on this machine: one is started, on loopback only.")
        start_own(temp_dir)
    _join(address)
    from fimble.engine.cluster.deploying import deploy

    deploy(settings, plan, _tell)
    front = "" if address == "auto" else f"RAY_ADDRESS={address} "
    print(f"The engine is deployed on Ray. Next: {front}fimble serve --engine ray")


def status(address: str, as_json: bool) -> None:
    _join(address)
    from fimble.engine.cluster.deploying import report

    found = report()
    if found is None:
        raise SettingsError(NOTHING)
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        _print_table(found)


def down(address: str) -> str:
    _require_ray()
    own = own_cluster()
    if own is not None and whereabouts(address, JOINING)[0] == own.address:
        stop_own(own)
        return "The deployment is removed, and the Ray that was started here is stopped."
    _join(address)
    from fimble.engine.cluster.deploying import remove

    return "The deployment is removed; Ray runs on." if remove() else NOTHING


def _range(replicas: str) -> tuple[int, int]:
    least, _, most = replicas.partition(":")
    try:
        return int(least), int(most or least)
    except ValueError:
        return 0, 0  # which the plan refuses with a sentence


def _join(address: str) -> None:
    _require_ray()
    found, environment = whereabouts(address, JOINING)
    os.environ.update(environment)
    from fimble.engine.cluster.deploying import connect

    connect(found)


def _require_ray() -> None:
    if importlib.util.find_spec("ray") is None:
        raise SettingsError(MISSING)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _print_table(found: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"{found.state}{f': {found.message}' if found.message else ''}")
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in ("replica", "node", "ongoing", "models"):
        table.add_column(name, justify="right" if name == "ongoing" else "left", overflow="fold")
    for row in found.replicas:
        table.add_row(row["replica"], row["node"], str(row["ongoing"]), ", ".join(row["models"]))
    console.print(table)
