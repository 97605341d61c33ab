"""Charts as SVG, drawn into the report: no script, sharp on paper, told apart without colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 320, 250
LEFT, TOP, RIGHT, BOTTOM = 44, 12, 10, 38
STYLES = (
    ("#0072B2", ""),
    ("#D55E00", "6 3"),
    ("#009E73", "2 2"),
    ("#CC79A7", "8 3 2 3"),
    ("#000000", "1 3"),
    ("#E69F00", "10 4"),
)
"""Colours that the colour-blind can tell (Okabe & Ito), each with dashes of its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its name, and points whose x never falls."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


def line_chart(lines: Sequence[Line], x_title: str, y_title: str, *, x_end: float = 1.0) -> str:
    """Curves over `[0, x_end] × [0, 1]`, as an SVG element."""
    parts = _frame(x_title, y_title, x_end)
    for number, line in enumerate(lines):
        colour, dashes = STYLES[number % len(STYLES)]
        points = " ".join(f"{_x(x, x_end):.1f},{_y(y):.1f}" for x, y in zip(line.x, line.y, strict=True))
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"{dashed}/>')
    return _svg(parts, f"{y_title} over {x_title}: {', '.join(line.name for line in lines)}")


def histogram(counts: Mapping[str, Sequence[int]], x_title: str) -> str:
    """Counts in equal bins of [0, 1], an outline for each name, as an SVG element."""
    highest = max((max(values, default=0) for values in counts.values()), default=0)
    highest = max(4, -(-highest // 4) * 4)  # so that the four steps are whole images
    parts = _frame(x_title, "images", 1.0, y_end=highest)
    for number, values in enumerate(counts.values()):
        colour, dashes = STYLES[number % len(STYLES)]
        points = [f"{_x(0, 1):.1f},{_y(0):.1f}"]
        for place, count in enumerate(values):
            for edge in (place, place + 1):
                points.append(f"{_x(edge / len(values), 1):.1f},{_y(count / highest):.1f}")
        points.append(f"{_x(1, 1):.1f},{_y(0):.1f}")
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        joined = " ".join(points)
        parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="1.6"{dashed}/>')
    return _svg(parts, f"Images by {x_title}")


def legend(names: Sequence[str]) -> str:
    """One line of marks and names that all charts of a report share, as an SVG element."""
    parts, x = [], 0.0
    for number, name in enumerate(names):
        colour, dashes = STYLES[number % len(STYLES)]
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        parts.append(f'<line x1="{x}" y1="9" x2="{x + 26}" y2="9" stroke="{colour}" stroke-width="2"{dashed}/>')
        parts.append(f'<text x="{x + 32}" y="13">{escape(name)}</text>')
        x += 48 + 7.2 * len(name)
    return f'<svg class="legend" width="{x:.0f}" height="18" role="img">{"".join(parts)}</svg>'


def _frame(x_title: str, y_title: str, x_end: float, y_end: float = 1.0) -> list[str]:
    parts = []
    for step in range(5):
        share = step / 4
        x, y = _x(share * x_end, x_end), _y(share)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">{share * x_end:g}</text>')
        parts.append(f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{share * y_end:g}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x_title)}</text>')
    turned = f'transform="rotate(-90)" x="{-(TOP + HEIGHT - BOTTOM) / 2}" y="11"'
    parts.append(f'<text {turned} text-anchor="middle">{escape(y_title)}</text>')
    return parts


def _svg(parts: Sequence[str], label: str) -> str:
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg class="chart" {size} role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def _x(value: float, end: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * value / end


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)
