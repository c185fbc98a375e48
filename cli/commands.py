"""The subcommands of ``fimble`` and their options. Each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fimble.engine.version import VERSION

from .cluster import app as cluster_app
from .keys import app as keys_app
from .models import app as models_app

app = typer.Typer(
    name="fimble",
    help="Code suggestions at your cursor, from a model that runs where you want.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(keys_app, name="keys")
app.add_typer(models_app, name="models")
app.add_typer(cluster_app, name="cluster")

Model = Annotated[
    str | None,
    typer.Option("--model", "-m", help="`bundled`, a name of `fimble models list`, or a GGUF file."),
]
EngineOption = Annotated[
    str | None, typer.Option("--engine", help="`local`, or the address of a fimble server to ask instead.")
]
Threads = Annotated[int | None, typer.Option(help="Threads for the model; by default half the cores.")]
MOST_TOKENS = 8000
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"fimble {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
def lsp(
    tcp: Annotated[int | None, typer.Option(metavar="PORT", help="Listen on a loopback port.")] = None,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak over standard input and output (default).")
    ] = True,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "warning",
) -> None:
    """Run the language server for an editor."""
    from .lsp import run

    raise typer.Exit(run(tcp, log_level))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one [8741].")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM), for HTTPS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's private key (PEM).")] = None,
    database: Annotated[
        str | None, typer.Option(help="SQLAlchemy URL of keys and usage [SQLite in the data folder].")
    ] = None,
    limits: Annotated[str | None, typer.Option(help="Where limits are counted: memory or redis://….")] = None,
    usage_days: Annotated[int | None, typer.Option(help="Days that usage is kept; 0: none [400].")] = None,
    max_body_mb: Annotated[float | None, typer.Option(help="Largest request, in megabytes [8].")] = None,
    request_seconds: Annotated[float | None, typer.Option(help="Longest time for an answer [120].")] = None,
    shutdown_seconds: Annotated[
        float | None, typer.Option(help="Time for answers under way when it is stopped [5].")
    ] = None,
    compat: Annotated[
        str | None,
        typer.Option(help="Listen where clients of these look, too: llama,tabby,ollama, each with :PORT."),
    ] = None,
    raw_prompts: Annotated[
        bool | None, typer.Option("--raw-prompts", help="Read control tokens in everybody's prompts.")
    ] = None,
    eagerness: Annotated[
        str | None,
        typer.Option(help="How sure suggestions are for other programs' clients; off: no matter [balanced]."),
    ] = None,
    search: Annotated[str | None, typer.Option(help="URL of a SearXNG-compatible search [none].")] = None,
    model: Model = None,
    engine: EngineOption = None,
    threads: Threads = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes with the model loaded [one for each core, if the model is small]."),
    ] = None,
    queue: Annotated[int | None, typer.Option(help="How many requests may wait [32].")] = None,
    log_level: Annotated[
        str, typer.Option(help="debug, info (a line for each request), warning or error.")
    ] = "warning",
) -> None:
    """Run the HTTP server. Other machines may ask it once there is a key: fimble keys create NAME."""
    from .serve import run

    server = {
        "host": host, "port": port, "tls_cert": tls_cert, "tls_key": tls_key, "database": database,
        "limits": limits, "usage_days": usage_days, "max_body_mb": max_body_mb,
        "request_seconds": request_seconds, "shutdown_seconds": shutdown_seconds, "compat": compat,
        "raw_prompts": raw_prompts, "eagerness": eagerness, "search": search,
    }  # fmt: skip
    settings = {"model": model, "engine": engine, "threads": threads, "workers": workers, "queue": queue}
    run(server, settings, log_level)


@app.command()
def usage(
    days: Annotated[int, typer.Option(min=1, help="How many days back, today included.")] = 30,
    by: Annotated[str, typer.Option(help="key, day, model or endpoint.")] = "key",
    database: Annotated[str | None, typer.Option(help="SQLAlchemy URL, as for serve.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what the keys of a server have used: requests, tokens, latencies."""
    from .usage import run

    run(days, by, database, as_json)


# unknown options are let through because the file "-" looks like one
@app.command(context_settings={"ignore_unknown_options": True})
def complete(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE:COLUMN", help="Where; - for FILE reads stdin.")],
    model: Model = None,
    engine: EngineOption = None,
    language: Annotated[str, typer.Option(help="Language id; by default from the file name.")] = "",
    mode: Annotated[str, typer.Option(help="auto, line or block.")] = "auto",
    max_tokens: Annotated[
        int | None, typer.Option(min=1, max=MOST_TOKENS, help="At most this many tokens.")
    ] = None,
    eagerness: Annotated[
        str, typer.Option(help="subtle, balanced or eager: how sure it must be; else all is printed.")
    ] = "",
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read FILE's text, not yet saved, from stdin.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the text to insert at a place. Lines and columns count from 1, as editors show them."""
    from .complete import run

    run(place, {"model": model, "engine": engine}, language, mode, max_tokens, eagerness, stdin, as_json)


@app.command(context_settings={"ignore_unknown_options": True})
def why(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE:COLUMN", help="Where; - for FILE reads stdin.")],
    model: Model = None,
    engine: EngineOption = None,
    language: Annotated[str, typer.Option(help="Language id; by default from the file name.")] = "",
    eagerness: Annotated[
        str, typer.Option(help="subtle, balanced or eager: how sure it must be [as in the settings].")
    ] = "",
    workspace: Annotated[
        Path | None, typer.Option(help="The project's folder [the repository that holds the file].")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how the suggestion at a place comes about: prompt, proposals, probabilities, cuts, verdict."""
    from .why import run

    run(place, {"model": model, "engine": engine}, language, eagerness, workspace, as_json)


@app.command()
def doctor(model: Model = None, engine: EngineOption = None, as_json: AsJson = False) -> None:
    """Check the installation: what is there, which model, does it answer, how fast; and what to do."""
    from .doctor import run

    run({"model": model, "engine": engine}, as_json)


@app.command()
def stats(
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 30,
    html: Annotated[Path | None, typer.Option(help="Write a page with charts instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what suggestions were good for: shown, accepted, kept, and how fast. Local records only."""
    from .stats import run

    run(days, html, as_json)


@app.command()
def demo(
    file: Annotated[
        Path | None, typer.Argument(help="A source file to type; by default one that comes along.")
    ] = None,
    model: Model = None,
    key_ms: Annotated[int, typer.Option(help="Milliseconds a key.")] = 45,
) -> None:
    """Watch a file being typed, with suggestions from the real language server and their latencies."""
    from .demo import run

    run(file, model, key_ms)
