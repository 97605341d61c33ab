"""A row of choices of which one holds, drawn as one control."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from sam_inspector.ui.panels.keyboard_focus import KeyboardFocus
from sam_inspector.ui.panels.look import RADIUS, accent, faint, field, font_px, hover_fill, outline, text


class _Segment(KeyboardFocus, QAbstractButton):
    """One choice; only the ends of the row are round."""

    def __init__(self, name: str, title: str, tip: str, can_shrink: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.name, self._can_shrink = name, can_shrink
        self.first = self.last = False
        self.setText(title)
        self.setToolTip(tip)
        self.setCheckable(True)
        self.setFont(font_px(13))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 20, max(28, metrics.height() + 12))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height()) if self._can_shrink else self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen, fill, border = text(), field(), outline()
        if not self.isEnabled():
            pen = faint()
        elif self.isChecked():
            pen, fill, border = QColor("white"), accent(), accent()
        elif self.underMouse():
            fill = hover_fill()
        shape = self._shape()
        painter.fillPath(shape, fill)
        painter.setPen(QPen(border, 1))
        painter.drawPath(shape)
        if self.shows_focus:
            painter.setPen(QPen(pen, 1, Qt.PenStyle.DotLine))
            painter.drawRect(QRectF(self.rect()).adjusted(4.5, 4.5, -4.5, -4.5))
        painter.setPen(pen)
        room = self.rect().adjusted(6, 0, -6, 0)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), shown)

    def _shape(self) -> QPainterPath:
        # Neighbours share one line: every segment but the last leaves its right edge to the next.
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5 if self.last else 0.5, -0.5)
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRoundedRect(box, RADIUS, RADIUS)
        if not self.first:
            path.addRect(box.adjusted(0, 0, -RADIUS, 0))
        if not self.last:
            path.addRect(box.adjusted(RADIUS, 0, 0, 0))
        return path.simplified()


class SegmentedControl(QWidget):
    """Equal segments in a row; `chosen` is sent only when a person chooses.

    Parameters
    ----------
    choices
        `(name, title, tooltip)` each.
    can_shrink
        Titles are cut where room is short; else each keeps its words.
    """

    chosen = Signal(str)

    def __init__(
        self, choices: Sequence[tuple[str, str, str]], parent: QWidget | None = None, *, can_shrink: bool = True
    ) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._segments: dict[str, _Segment] = {}
        for name, title, tip in choices:
            segment = _Segment(name, title, tip, can_shrink, self)
            self._group.addButton(segment)
            self._segments[name] = segment
            row.addWidget(segment, 1)
        segments = list(self._segments.values())
        segments[0].first, segments[-1].last = True, True
        segments[0].setChecked(True)
        self._group.buttonClicked.connect(self._on_clicked)

    def choice(self) -> str:
        """The name of the segment that holds."""
        return next(name for name, segment in self._segments.items() if segment.isChecked())

    def set_choice(self, name: str) -> None:
        """Show another choice."""
        self._segments[name].setChecked(True)

    def segment(self, name: str) -> QAbstractButton:
        """The button of a choice."""
        return self._segments[name]

    @Slot(QAbstractButton)
    def _on_clicked(self, segment: _Segment) -> None:
        self.chosen.emit(segment.name)
