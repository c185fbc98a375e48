"""Asks a fimble server over HTTP what belongs at Kakoune's cursor, and tells Kakoune: see fimble.kak.

Standard input is the buffer; the environment is what Kakoune gives to shell commands.
"""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

TIMEOUT_SECONDS = 15
SECRET = re.compile(
    r"\.env(\..*)?|.*\.(env|pem|key|p12|pfx|jks|keystore|kdbx|asc|gpg|ppk)|id_(rsa|dsa|ecdsa|ed25519).*"
    r"|[._]?netrc|\.(pgpass|htpasswd|npmrc|pypirc|git-credentials)|known_hosts|authorized_keys|shadow",
    re.IGNORECASE,
)
"""Files that keep keys and passwords are not sent anywhere."""


def around_cursor(text: bytes, line: int, column: int) -> tuple[str, str]:
    """What stands before the cursor and after it; Kakoune counts from 1, in bytes."""
    lines = text.splitlines(keepends=True)
    at = sum(map(len, lines[: line - 1])) + column - 1
    return text[:at].decode(errors="replace"), text[at:].decode(errors="replace")


def ask(prefix: str, suffix: str, env: dict[str, str]) -> str:
    name = Path(env["kak_buffile"]).name
    body = {"prefix": prefix, "suffix": suffix, "language": env["kak_opt_filetype"], "file_path": name}
    headers = {"Content-Type": "application/json"}
    if env["kak_opt_fimble_key"]:
        headers["Authorization"] = "Bearer " + env["kak_opt_fimble_key"]
    url = env["kak_opt_fimble_url"].rstrip("/") + "/complete"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        return str(json.load(answer)["completion"])


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def ghost(text: str) -> str:
    """The first line, as Kakoune draws it: no markup, one column a character."""
    first, _, more = text.partition("\n")
    shown = first.replace("\t", "    ") + (" …" if more else "")
    return shown.replace("\\", "\\\\").replace("{", "\\{")


def command(env: dict[str, str]) -> str:
    """What Kakoune is to do with the answer."""
    if SECRET.fullmatch(Path(env["kak_buffile"]).name):
        return "nop"
    line, column = int(env["kak_cursor_line"]), int(env["kak_cursor_column"])
    try:
        text = ask(*around_cursor(sys.stdin.buffer.read(), line, column), env)
    except urllib.error.HTTPError as error:
        hint = "It wants another fimble_key." if error.code == 401 else "`fimble doctor` may tell why."
        return "fimble-fail " + quoted(f"the server answered {error.code}. {hint}")
    except OSError:
        where = env["kak_opt_fimble_url"]
        return "fimble-fail " + quoted(f"no server answers at {where}. Start one: fimble serve")
    if not text:
        return "nop"
    place = f"{line}.{column}"
    spec = quoted(f"{place}+0|{{FimbleGhost}}{ghost(text)}")
    return f"fimble-show {env['kak_timestamp']} {place} {quoted(text)} {spec}"


def main() -> None:
    env = dict(os.environ)
    told = f"evaluate-commands -client {env['kak_client']} {quoted(command(env))}"
    subprocess.run(["kak", "-p", env["kak_session"]], input=told.encode(), check=False)


if __name__ == "__main__":
    main()
