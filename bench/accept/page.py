"""The committed page: how it was measured, and the tables."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from fimble.engine.models.catalogue import bundled_path
from fimble.engine.version import VERSION

from ..llama import llama_server
from ..tables import markdown
from .figures import Table
from .projects import projects
from .running import Plan

_HOW = """\
A simulated typist goes through files of projects that the bundled model has not learnt from, in the real
`fimble lsp`, with two other files of the project open. What is typed is taken out of the files on disk
too. After every key it looks at the grey text. A text is *new* when it is not what is left of the one
before. It is *right* when all of it is what comes next, *partly right* when its first line or its first
words are (at least 4 characters), else *wrong*. What is right is taken when it has at least 4
characters: all of it, else its first line, else its next word; each costs one key, so three words are
three keys. All that is taken so stays; *would stay* is the share of characters that agree in texts that
begin right, if they were taken whole. A text *parses* when the file with it has no more errors than
without it, where brackets that are open in the cursor's line may be closed behind it: of right texts there
a third has more errors *as is*. *Editor indents*: spaces and tabs that lines begin with count neither as
keys nor as characters. ± is twice the standard error over passages, for differences over the same passages.

llama.vim is asked for as its source at 02e6a4f asks llama-server, without its pieces of other files and
with no stop string, as it is shipped; its texts count from 2 characters on. It has the same model.
"""


def page(plan: Plan, made: Sequence[Table]) -> str:
    """The whole page, in Markdown."""
    tables = [markdown(table.title, table.columns, table.rows) for table in made]
    return "\n".join(
        ["# What suggestions are worth", "", _HOW, said(plan), "", _versions(), "", *tables, _list()]
    )


def said(plan: Plan) -> str:
    """What was typed, and how fast."""
    pace = f"a key every {plan.pace * 1000:.0f} ms" if plan.pace else "a key as soon as the answer is there"
    typed = f"About {plan.characters:,} characters of the `{plan.half}` projects, the same of each language"
    return f"{typed}; seed {plan.seed}; {pace}."


def _versions() -> str:
    found = [f"fimble {VERSION} with {bundled_path().name}"]
    if program := llama_server():
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        line = next((line for line in (shown.stderr + shown.stdout).splitlines() if "version" in line), "")
        found.append(f"llama-server {line}".strip())
    return "; ".join(found) + "."


def _list() -> str:
    rows = [[each.name, each.version, each.language, each.half, each.licence] for each in projects()]
    return markdown("Projects", ("name", "version", "language", "half", "licence"), rows)
