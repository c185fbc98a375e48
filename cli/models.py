"""``fimble models``: what there is, download, choose, remove, look into a file. What they do is in
:mod:`.model_shelf`, imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Download, choose and remove models.", no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(help="A name from the list, or owner/repository/file.gguf of the Hugging Face hub.")
]
Usable = Annotated[str, typer.Argument(metavar="NAME", help="`bundled`, a name as for pull, or a GGUF file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command(name="list")
def list_all(as_json: AsJson = False) -> None:
    """List the models that are worth trying, those that are here, and the one in use."""
    from . import model_shelf

    model_shelf.show(as_json)


@app.command()
def pull(name: Name) -> None:
    """Download a model. What was broken off goes on where it stopped."""
    from . import model_shelf

    model_shelf.pull(name)


@app.command()
def use(name: Usable) -> None:
    """Write a model into the settings; editors take it when they start their engine again."""
    from . import model_shelf

    print(model_shelf.use(name))


@app.command()
def rm(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a downloaded model."""
    from . import model_shelf

    print(model_shelf.remove(name, yes))


@app.command()
def info(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A GGUF file, or a name as for use.")],
    as_json: AsJson = False,
) -> None:
    """Show what a model file says of itself, and whether it can suggest and chat."""
    from . import model_facts

    model_facts.show(file, as_json)
