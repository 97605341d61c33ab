"""What follows from the panes together: the rows of the summary, and the cells of a sheet."""

from __future__ import annotations

from collections.abc import Sequence

from sam_inspector.ui.compare.answer import PaneAnswer
from sam_inspector.ui.compare.controller import CompareController
from sam_inspector.ui.compare.difference import DifferenceOverlay, overlap_text
from sam_inspector.ui.compare.layout import LETTERS, CompareLayout
from sam_inspector.ui.compare.mode_texts import pane_title
from sam_inspector.ui.compare.pane import PaneState
from sam_inspector.ui.compare.sheet_values import SheetCell
from sam_inspector.ui.compare.summary_rows import SummaryRow, asked_text
from sam_inspector.ui.model_names import model_title


def answer_of(state: PaneState) -> PaneAnswer | None:
    """The answer for the image on screen; not the one before, which a pane shows greyed."""
    return state.answer if state.status == "ready" else None


def summary_rows(controller: CompareController, titles: Sequence[str], key: str) -> list[SummaryRow]:
    """A row for each pane; `key` names the image on screen."""
    summaries = controller.sitting.summaries(controller.keys())
    found = []
    for place, (state, summary) in enumerate(zip(controller.states, summaries, strict=True)):
        answer = answer_of(state)
        found.append(
            SummaryRow(
                LETTERS[place],
                titles[place],
                model_title(controller.model_of(place)),
                _detail(answer),
                answer.scores if answer is not None else None,
                state.seconds,
                summary,
                summary.ious.get(key) if answer is not None else None,
                state.is_best,
            )
        )
    return found


def _detail(answer: PaneAnswer | None) -> str:
    if answer is None:
        return ""
    return "no region" if answer.mask.raster is None and not answer.prompts else asked_text(answer.prompts)


def pane_cells(controller: CompareController, rows: Sequence[SummaryRow], points: int) -> list[SheetCell]:
    """A cell for each pane."""
    cells = []
    for place, (row, state) in enumerate(zip(rows, controller.states, strict=True)):
        title = pane_title(controller.layout.panes[place].mode, controller.model_of(place), points)
        cells.append(SheetCell(row.letter, title, _figures(row), state.words, row.is_best, answer_of(state)))
    return cells


def difference_cell(layout: CompareLayout, difference: DifferenceOverlay) -> SheetCell:
    """The cell of the difference pane."""
    letters = (LETTERS[layout.pair[0]], LETTERS[layout.pair[1]])
    title = f"Difference of {letters[0]} and {letters[1]}"
    return SheetCell("", title, f"overlap {overlap_text(difference)}", difference=difference, letters=letters)


def _figures(row: SummaryRow) -> str:
    parts = [f"IoU {row.scores.iou:.3f}"] if row.scores is not None and row.scores.iou is not None else []
    return ", ".join(parts + ([f"{1000 * row.seconds:,.0f} ms"] if row.seconds is not None else []))
