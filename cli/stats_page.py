"""The statistics as a page: one file without scripts, light and dark by the reader's own preference."""

from __future__ import annotations

from html import escape

from fimble.lsp.summary import Summary

from .stats_rows import HEADINGS, cells

_STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1f2328; --soft: #6e7781; --line: #d0d7de; --bar: #6ca6f0; --good: #2da44e;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #8d96a0; --line: #30363d; --bar: #388bfd; --good: #3fb950; }
}
body {
  font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
  max-width: 56rem; margin: 3rem auto; padding: 0 1rem;
}
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
dl { display: flex; flex-wrap: wrap; gap: 2.5rem; } dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-size: 1.8rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; } th { color: var(--soft); font-weight: 500; }
svg { width: 100%; height: auto; } .made { fill: var(--bar); } .taken { fill: var(--good); }
text { fill: var(--soft); font-size: 10px; } .legend b { font-weight: 500; margin-right: 1rem; }
.legend i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .3rem; }
"""
_HEADINGS = ("language", *HEADINGS)
WIDTH, HEIGHT, FOOT = 800, 180, 18


def page(total: Summary, languages: list[Summary], dates: list[Summary]) -> str:
    """A whole HTML document."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>fimble: statistics</title><style>{_STYLE}</style><h1>What fimble suggested</h1>"
        f"{_figures(total)}<h2>By day</h2>{_legend()}{_chart(dates)}"
        f"<h2>By language</h2>{_table([*languages, total])}</html>\n"
    )


def _figures(total: Summary) -> str:
    retained = "–" if total.retained is None else f"{total.retained:.0%}"
    shown = {
        "suggestions": f"{total.suggestions:,}",
        "accepted": f"{total.acceptance:.0%}",
        "characters accepted": f"{total.accepted_characters:,}",
        "of them by memory": f"{total.remembered:.0%}",
        "still there after 30 s": retained,
        "milliseconds at p50": f"{total.p50_ms:.0f}",
    }
    return (
        "<dl>"
        + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())
        + "</dl>"
    )


def _legend() -> str:
    return (
        "<p class=legend><i style='background:var(--bar)'></i><b>suggested</b>"
        "<i style='background:var(--good)'></i><b>accepted</b></p>"
    )


def _chart(dates: list[Summary]) -> str:
    """Bars, one for each day, the accepted part in front of the suggested one."""
    most = max((day.suggestions for day in dates), default=0) or 1
    step = WIDTH / max(1, len(dates))
    bars = []
    for number, day in enumerate(dates):
        title = f"{escape(day.name)}: {day.suggestions} suggested, {day.accepted} accepted"
        for kind, count in (("made", day.suggestions), ("taken", day.accepted)):
            x, tall = (number + 0.1) * step, (HEIGHT - FOOT) * count / most
            place = f"x='{x:.1f}' y='{HEIGHT - FOOT - tall:.1f}' width='{0.8 * step:.1f}' height='{tall:.1f}'"
            bars.append(f"<rect class={kind} {place} rx='2'><title>{title}</title></rect>")
    ends = [(0, "start", dates[0]), (WIDTH, "end", dates[-1])] if dates else []
    labels = [_label(x, anchor, day.name) for x, anchor, day in ends]
    return f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role=img>{''.join(bars)}{''.join(labels)}</svg>"


def _label(x: int, anchor: str, name: str) -> str:
    return f"<text x='{x}' y='{HEIGHT - 4}' text-anchor='{anchor}'>{escape(name)}</text>"


def _table(summaries: list[Summary]) -> str:
    head = "".join(f"<th>{name}</th>" for name in _HEADINGS)
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in cells(summary)) for summary in summaries)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
