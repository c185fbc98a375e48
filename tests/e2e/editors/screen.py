"""What a Neovim shows, each time it has something new to show: the cells of its own interface protocol."""

from __future__ import annotations

from typing import Any

Cell = tuple[str, int]
WIDTH, HEIGHT = 60, 12


class Screen:
    """One attached user interface. ``frames`` has the lines that were seen with cells of a colour in them."""

    def __init__(self, api: Any, colour: int) -> None:
        self._api, self._colour = api, colour
        self._coloured: set[int] = set()
        self._cells: list[list[Cell]] = [[(" ", 0)] * WIDTH for _ in range(HEIGHT)]
        self.frames: list[str] = []
        api.ui_attach(WIDTH, HEIGHT, rgb=True, ext_linegrid=True)

    def look(self) -> None:
        """Take in all that was drawn until now."""
        self._api.command("call rpcnotify(0, 'looked')", async_=True)
        while (message := self._api.next_message())[1] != "looked":
            for name, *calls in message[2] if message[1] == "redraw" else []:
                self._draw(name, calls)

    def _draw(self, name: str, calls: list[list[Any]]) -> None:
        handle = getattr(self, f"_{name}", None)
        if handle is not None:
            for call in calls:
                handle(*call)

    def _hl_attr_define(self, number: int, attributes: dict[str, Any], *_: Any) -> None:
        change = (
            self._coloured.add if attributes.get("foreground") == self._colour else self._coloured.discard
        )
        change(number)

    def _grid_clear(self, _: int) -> None:
        self._cells = [[(" ", 0)] * WIDTH for _ in range(HEIGHT)]

    def _grid_line(self, _: int, row: int, column: int, cells: list[list[Any]], *__: Any) -> None:
        colour = 0
        for text, *more in cells:
            colour = more[0] if more else colour
            count = more[1] if len(more) > 1 else 1
            self._cells[row][column : column + count] = [(text, colour)] * count
            column += count

    def _grid_scroll(self, _: int, top: int, bottom: int, *more: int) -> None:
        rows = more[2]
        kept = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for row in kept:
            self._cells[row] = list(self._cells[row + rows])

    def _flush(self) -> None:
        for cells in self._cells:
            if any(number in self._coloured for _, number in cells):
                self.frames.append("".join(text for text, _ in cells).rstrip())
