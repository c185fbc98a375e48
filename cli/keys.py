"""``fimble keys``: make, list, revoke and rotate the keys of a server. What they do is in
:mod:`.keyring`, imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Make, list, revoke and rotate a server's keys.", no_args_is_help=True)

DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", help="SQLAlchemy URL; by default what `fimble serve` uses on this machine."),
]
Name = Annotated[str, typer.Argument(help="What the key is called, such as a person or a machine.")]
Existing = Annotated[str, typer.Argument(metavar="NAME", help="The key's name or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def create(
    name: Name,
    expires: Annotated[str | None, typer.Option(help="Such as 12h, 30d, 6w, 1y or 2027-01-31.")] = None,
    scopes: Annotated[str, typer.Option(help="Of: complete,chat,usage,admin,raw.")] = "complete,chat,usage",
    models: Annotated[str, typer.Option(help="Models it may use, separated by commas; none: all.")] = "",
    rpm: Annotated[int | None, typer.Option(min=1, help="Requests a minute.")] = None,
    tpm: Annotated[int | None, typer.Option(min=1, help="Tokens a minute.")] = None,
    daily_tokens: Annotated[int | None, typer.Option(min=1, help="Tokens a day, in UTC.")] = None,
    concurrent: Annotated[int | None, typer.Option(min=1, help="Requests at once.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Tokens in one answer.")] = None,
    database: DatabaseOption = None,
) -> None:
    """Make a key and print it: the only time that it is shown."""
    from . import keyring

    limits = (rpm, tpm, daily_tokens, concurrent, max_tokens)
    print(keyring.create(database, name, expires, scopes, models, limits))


@app.command(name="list")
def list_all(database: DatabaseOption = None, as_json: AsJson = False) -> None:
    """List the keys with their scopes and limits."""
    from . import keyring

    keyring.show(database, as_json)


@app.command()
def revoke(name: Existing, database: DatabaseOption = None) -> None:
    """Make a key useless; servers notice within seconds, also in the middle of an answer."""
    from . import keyring

    print(keyring.revoke(database, name))


@app.command()
def rotate(name: Existing, database: DatabaseOption = None) -> None:
    """Print a new secret for a key; the old one stops working within seconds."""
    from . import keyring

    print(keyring.rotate(database, name))
