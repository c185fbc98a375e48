"""``fimble cluster``: engines on a Ray cluster. What they do is in :mod:`.cluster_work`, imported when they
run."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Run engines on a Ray cluster, or on one that is started here.", no_args_is_help=True)

Address = Annotated[
    str, typer.Option(help="Ray's address; auto: the cluster of this machine, or RAY_ADDRESS.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def deploy(
    replicas: Annotated[
        str, typer.Option(metavar="MIN[:MAX]", help="How many replicas, by how much is asked.")
    ] = "1:8",
    cpus: Annotated[float, typer.Option(min=0, help="Processors that a replica has for itself.")] = 1,
    gpus: Annotated[float, typer.Option(min=0, help="GPUs that a replica has; parts are possible.")] = 0,
    target_ongoing: Annotated[
        float, typer.Option(min=0.1, help="Requests at a time that a replica is made for.")
    ] = 4,
    models: Annotated[int, typer.Option(min=1, help="Models that a replica keeps open.")] = 2,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="The default model, as for serve; on every machine.")
    ] = None,
    address: Address = "auto",
    temp_dir: Annotated[
        str | None, typer.Option(help="Where a Ray that is started here keeps its files [/tmp/ray].")
    ] = None,
) -> None:
    """Deploy engines with the models of the settings, and wait until they answer. Where no Ray cluster runs,
    one is started on this machine."""
    from . import cluster_work

    size = {"cpus": cpus, "gpus": gpus, "target_ongoing": target_ongoing, "models": models}
    cluster_work.deploy(replicas, size, model, address, temp_dir)


@app.command()
def status(address: Address = "auto", as_json: AsJson = False) -> None:
    """Show the replicas: where they are, what they do, which models they keep."""
    from . import cluster_work

    cluster_work.status(address, as_json)


@app.command()
def down(address: Address = "auto") -> None:
    """Remove the deployment, and stop Ray if `deploy` has started it."""
    from . import cluster_work

    print(cluster_work.down(address))
