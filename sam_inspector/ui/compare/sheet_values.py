"""What stands on a sheet, and the signs that it explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QTransform

from sam_inspector.ui import theme
from sam_inspector.ui.canvas.legend import paint_swatch
from sam_inspector.ui.canvas.overlays import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE, MaskOverlay
from sam_inspector.ui.canvas.prompt_items import paint_box, paint_point
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.compare.answer import PaneAnswer
from sam_inspector.ui.compare.difference import DifferenceOverlay
from sam_inspector.ui.session import LayerState


@dataclass(frozen=True, eq=False, slots=True)
class SheetCell:
    """One picture of the sheet.

    Attributes
    ----------
    figures
        At the right of the title, as `IoU 0.838, 41 ms`.
    note
        A sentence over the image where there is no mask.
    difference, letters
        Of the cell that shows where two panes disagree.
    """

    letter: str
    title: str
    figures: str = ""
    note: str = ""
    is_best: bool = False
    answer: PaneAnswer | None = None
    difference: DifferenceOverlay | None = None
    letters: tuple[str, str] = ("", "")


@dataclass(frozen=True, eq=False, slots=True)
class Sheet:
    """Everything on the sheet.

    Attributes
    ----------
    view, size
        From the image to a cell, and the cell's width and height: what is on screen.
    table
        Rows of the summary, the heads first.
    closing
        The last line.
    """

    heading: str
    subheading: str
    cells: tuple[SheetCell, ...]
    columns: int
    pyramid: ImagePyramid
    truth: MaskOverlay | None
    view: QTransform
    size: tuple[float, float]
    layers: Mapping[str, LayerState]
    table: tuple[tuple[str, ...], ...]
    closing: str
    font: QFont


def signs_of(sheet: Sheet) -> list[tuple[str, str]]:
    """The signs that lie over its images: what `draw_sign` calls them, and their words."""
    layers = sheet.layers
    signs: list[tuple[str, str]] = []
    if layers["errors"].visible and sheet.truth is not None:
        signs += [("right", "Right"), ("extra", "Too much"), ("missed", "Missed")]
    elif layers["mask"].visible:
        signs.append(("mask", "Mask"))
    if layers["gt"].visible and sheet.truth is not None:
        signs.append(("gt", "Ground truth"))
    if layers["prompts"].visible:
        signs += [("box", "Box"), ("plus", "Positive point"), ("minus", "Negative point")]
    return signs


def draw_sign(painter: QPainter, place: QRectF, kind: str) -> None:
    """One sign as it lies over an image."""
    painter.save()
    classes = {"right": TRUE_POSITIVE, "extra": FALSE_POSITIVE, "missed": FALSE_NEGATIVE}
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if kind in classes:
        paint_swatch(painter, place, classes[kind])
    elif kind == "mask":
        fill = QColor(theme.MASK)
        fill.setAlphaF(0.4)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(theme.MASK), 2))
        painter.drawRect(place.adjusted(1, 1, -1, -1))
    elif kind == "gt":
        painter.fillRect(place, QColor("#55585D"))  # yellow can't be seen on white
        pen = QPen(QColor(theme.GROUND_TRUTH), 2)
        pen.setDashPattern([1.7, 1.1])
        painter.setPen(pen)
        painter.drawRect(place.adjusted(2.5, 2.5, -2.5, -2.5))
    elif kind == "box":
        painter.fillRect(place, QColor("#A5A8AD"))
        paint_box(painter, place.adjusted(3, 3, -3, -3))
    else:
        paint_point(painter, place.center(), positive=kind == "plus", diameter=12.0)
    painter.restore()
