"""``python -m training.corpus --out FOLDER [--paths …] [--list sources.toml] [--wheels-on-disk]``."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import fetch
from .build import Plan, build
from .shards import CorpusError


def main() -> int:
    arguments = _parser().parse_args()
    listed: dict[str, Any] = tomllib.loads(arguments.list.read_text()) if arguments.list else {}
    plan = Plan(
        archives=_archives(arguments, listed),
        held_out=frozenset(name.lower() for name in listed.get("held_out", [])),
        licences=dict(listed.get("licences", {})),
    )
    try:
        manifest = build(plan, arguments.out)
        if not manifest["packages"]:
            raise CorpusError("no usable package was found in what was given")
    except (CorpusError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for name, size in manifest["bytes"].items():
        print(f"{name:30} {size / 1e6:9.1f} MB")
    print(f"{len(manifest['packages'])} packages; dropped: {manifest['dropped']}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="training.corpus", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for shards and manifest")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/fimble-dev/packages"))
    parser.add_argument("--paths", type=Path, nargs="*", default=[], help="archives or folders")
    parser.add_argument("--list", type=Path, help="TOML file with names under pip, npm and deb")
    parser.add_argument("--wheels-on-disk", action="store_true", help="pip's local index folders")
    return parser


def _archives(arguments: argparse.Namespace, listed: dict[str, Any]) -> Iterator[Path]:
    cache: Path = arguments.cache.expanduser()
    yield from arguments.paths
    if arguments.wheels_on_disk:
        yield from fetch.wheels_on_disk()
    yield from fetch.fetch_pip(listed.get("pip", []), cache / "pip")
    yield from fetch.fetch_npm(listed.get("npm", []), cache / "npm")
    yield from fetch.fetch_deb(listed.get("deb", []), cache / "deb")
    yield from fetch.fetch_deb_binary(listed.get("deb_binary", []), cache / "deb-binary")


if __name__ == "__main__":
    sys.exit(main())
