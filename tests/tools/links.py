"""Links below ``typings/fimble`` that let type checkers find an editable install; ignored by git."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    folder = ROOT / "typings" / "fimble"
    folder.mkdir(parents=True, exist_ok=True)
    for room in ("engine", "lsp", "server", "cli"):
        link = folder / room
        if not link.exists():
            link.symlink_to(ROOT / room, target_is_directory=True)


if __name__ == "__main__":
    main()
