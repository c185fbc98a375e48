"""A terminal's screen as an SVG picture."""

from __future__ import annotations

import io
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from .terminal import Terminal

FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
CURSOR</g>
</g>
</svg>
"""
"""rich's own format without its fonts, which a picture would load from elsewhere."""

THEME = TerminalTheme(
    (20, 22, 27),
    (224, 226, 234),
    [(20, 22, 27), (255, 120, 120), (150, 210, 130), (232, 200, 120),
     (120, 170, 240), (200, 150, 230), (110, 200, 210), (224, 226, 234)],
    [(110, 115, 130), (255, 150, 150), (180, 230, 160), (250, 220, 150),
     (150, 195, 255), (220, 175, 245), (140, 220, 230), (255, 255, 255)],
)  # fmt: skip


CELL_WIDTH, CELL_HEIGHT = 12.2, 24.4
"""What rich gives a character."""


def take_picture(terminal: Terminal, path: Path, title: str, bar: bool = False) -> None:
    """Write what the terminal shows, the cursor included: a block, or a bar between two characters."""
    lines = list(AnsiDecoder().decode(terminal.screen(colours=True).rstrip("\n")))
    column, row = terminal.cursor()
    if not bar:
        lines[row].pad_right(max(0, column + 1 - len(lines[row])))
        lines[row].stylize("reverse", column, column + 1)
    width = max(60, *(len(line) for line in lines))
    console = Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in lines:
        console.print(line, no_wrap=True, crop=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    code_format = FORMAT.replace("CURSOR", _bar(column, row) if bar else "")
    svg = console.export_svg(title=title, theme=THEME, code_format=code_format, unique_id="screen")
    path.write_text("\n".join(line.rstrip() for line in svg.split("\n")))


def _bar(column: int, row: int) -> str:
    x, y = column * CELL_WIDTH - 1, row * CELL_HEIGHT + 1.5
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="2" height="{CELL_HEIGHT}" fill="#e0e2ea"/>\n'
