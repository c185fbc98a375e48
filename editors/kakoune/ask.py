"""Asks what belongs at Kakoune's cursor, and tells Kakoune: see fimble.kak.

Standard input is the buffer; the environment is what Kakoune gives to shell commands. It is the fimble
program that asks the server: it looks whether the file is private, and lets no proxy see the text.
"""

import os
import re
import subprocess
import sys

TIMEOUT_SECONDS = 15


class Refused(Exception):
    """No suggestion, for a reason that the user should read."""


def ask(text: bytes, env: dict[str, str]) -> str:
    """The text for the cursor's place, perhaps none; raises Refused."""
    place = f"{env['kak_buffile']}:{env['kak_cursor_line']}:{env['kak_cursor_char_column']}"
    program = [env["kak_opt_fimble_program"], "complete", "--stdin", "--engine", env["kak_opt_fimble_url"]]
    program += ["--eagerness", env["kak_opt_fimble_eagerness"]]
    options = {"FIMBLE_FALLBACK": "false"}
    if env["kak_opt_fimble_key"]:
        options["FIMBLE_KEY"] = env["kak_opt_fimble_key"]
    try:
        ran = subprocess.run(
            [*program, place],
            input=text,
            env={**env, **options},
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise Refused(f"{program[0]} was not found. Install it, or set the option fimble_program.") from None
    except subprocess.TimeoutExpired:
        raise Refused(f"{env['kak_opt_fimble_url']} does not answer. Start a server: fimble serve") from None
    if ran.returncode != 0:
        told = ran.stderr.decode(errors="replace").strip().split("\n")[-1]
        raise Refused(told.removeprefix("fimble: "))
    return ran.stdout.decode(errors="replace")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def ghost(text: str) -> str:
    """The first line, as Kakoune draws it: no markup, one column a character."""
    first, _, more = text.partition("\n")
    shown = first.replace("\t", "    ") + (" …" if more else "")
    return shown.replace("\\", "\\\\").replace("{", "\\{")


def indents(text: bytes, suggested: str, env: dict[str, str]) -> bool:
    """Whether Tab indents: only blanks stand before the cursor, and the suggestion begins with a level.

    Tab types that level then, and takes the rest when it is pressed again.
    """
    lines = text.decode(errors="replace").split("\n")
    line, column = int(env["kak_cursor_line"]), int(env["kak_cursor_char_column"])
    level = int(env["kak_opt_indentwidth"]) or int(env["kak_opt_tabstop"])
    blanks = re.match(r"[ \t]*(?=\S)", suggested)
    width = len(blanks[0].expandtabs(int(env["kak_opt_tabstop"]))) if blanks else 0
    return not lines[line - 1][: column - 1].strip() and width >= level


def command(text: bytes, env: dict[str, str]) -> str:
    """What Kakoune is to do with the answer."""
    try:
        suggested = ask(text, env)
    except Refused as reason:
        return "fimble-fail " + quoted(str(reason))
    if not suggested:
        return "nop"
    place = f"{env['kak_cursor_line']}.{env['kak_cursor_column']}"
    spec = quoted(f"{place}+0|{{FimbleGhost}}{ghost(suggested)}")
    tab = "true" if indents(text, suggested, env) else "false"
    return f"fimble-show {env['kak_timestamp']} {place} {quoted(suggested)} {spec} {tab}"


def main() -> None:
    env = dict(os.environ)
    told = f"evaluate-commands -client {env['kak_client']} {quoted(command(sys.stdin.buffer.read(), env))}"
    subprocess.run(["kak", "-p", env["kak_session"]], input=told.encode(), check=False)


if __name__ == "__main__":
    main()
