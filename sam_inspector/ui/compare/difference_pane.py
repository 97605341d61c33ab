"""The pane that shows where two others disagree."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QFontMetrics, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sam_inspector.ui import icons, theme
from sam_inspector.ui.canvas.legend import PADDING, SWATCH, Legend, share_text
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.compare.difference import DifferenceOverlay, overlap_text
from sam_inspector.ui.compare.difference_item import (
    DifferenceItem,
    GrayImageItem,
    class_names,
    paint_difference_swatch,
)
from sam_inspector.ui.compare.layout import LETTERS
from sam_inspector.ui.compare.pane import PaneView
from sam_inspector.ui.compare.title_bar import Figure, MenuButton, TitleBar, caption
from sam_inspector.ui.panels.buttons import IconButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import font_px

TRUTH_FROM_PX, TITLE_FROM_PX = 420, 300


class DifferenceLegend(Legend):
    """The classes, each with its pattern and its share of the image; in two rows where one is too long."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[list[tuple[int, str, str]]] = []
        self._columns: list[int] = []
        self._gap, self._swatch = PADDING, SWATCH.width()

    def texts(self) -> list[tuple[str, str]]:
        """Name and share of each class, as shown."""
        return [(name, share) for row in self._rows for _, name, share in row]

    def show_shares(self, overlay: DifferenceOverlay, letters: tuple[str, str], width: int) -> None:
        """Take names, shares and the size that these need within `width`."""
        names = class_names(letters, against_truth=overlay.against_truth)
        entries = [(kind, name, share_text(overlay.shares[kind - 1])) for kind, name in names]
        half = (len(entries) + 1) // 2
        two_rows = [entries[:half], entries[half:]]
        for rows, px, gap, swatch in (
            ([entries], 13, PADDING, 18),
            (two_rows, 13, PADDING, 18),
            (two_rows, 11, 7, 12),
            (two_rows, 10, 4, 10),
        ):
            self.setFont(font_px(px))
            self._rows, self._gap, self._swatch = rows, gap, swatch
            self._columns = [
                max(self._entry_width(*row[place][1:]) for row in rows if place < len(row))
                for place in range(len(rows[0]))
            ]
            needed = gap + sum(column + gap for column in self._columns)
            if needed <= width:
                break
        self.resize(min(needed, width), self._line * len(self._rows) + PADDING - 2)
        self.update()

    @property
    def _line(self) -> int:
        return QFontMetrics(self.font()).height() + 6

    def _entry_width(self, name: str, share: str) -> int:
        bold = QFontMetrics(self.bold()).horizontalAdvance(share)
        return self._swatch + 8 + QFontMetrics(self.font()).horizontalAdvance(name + " ") + bold

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card, the swatches and the words."""
        painter = self.begin()
        line, flags = self._line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        for number, row in enumerate(self._rows):
            x, y = self._gap, PADDING / 2 - 1 + number * line
            for column, (kind, name, share) in zip(self._columns, row, strict=False):
                swatch = QRectF(x, y + (line - SWATCH.height()) / 2, self._swatch, SWATCH.height())
                paint_difference_swatch(painter, swatch, kind)
                area = QRectF(x + self._swatch + 6, y, self.width(), line)
                painter.setPen(QColor(theme.colours().text))
                painter.setFont(self.font())
                painter.drawText(area, flags, name)
                area.setLeft(area.left() + QFontMetrics(self.font()).horizontalAdvance(name + " "))
                painter.setFont(self.bold())
                painter.drawText(area, flags, share)
                x += column + self._gap
        painter.end()


class DifferenceView(PaneView):
    """The image in gray with the classes over it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene().removeItem(self._image_item)
        self._image_item = GrayImageItem()
        self._items["image"] = self._image_item
        self._difference_item = DifferenceItem()
        for height, item in ((-1, self._image_item), (0.5, self._difference_item)):
            item.setZValue(height)
            self.scene().addItem(item)
        self.legend = DifferenceLegend(self.viewport())
        self._overlay: DifferenceOverlay | None = None
        self._letters = ("A", "B")

    def set_image(self, pyramid: ImagePyramid | None) -> None:
        """Show another image, or none."""
        super().set_image(pyramid)
        self._difference_item.set_bounds(self.sceneRect())

    def set_difference(self, overlay: DifferenceOverlay | None, letters: tuple[str, str], *, stale: bool) -> None:
        """Show where two panes disagree; faint while it is not of their masks, and None where it is not known."""
        # Shares are those of the masks on screen, or there are none.
        self._overlay, self._letters = None if stale else overlay, letters
        self._difference_item.set_overlay(overlay)
        self._difference_item.setOpacity(0.35 if stale else 1.0)
        self._place_difference_legend()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the legend at the foot."""
        super().resizeEvent(event)
        self._place_difference_legend()

    def _place_difference_legend(self) -> None:
        self.legend.setVisible(self._overlay is not None)
        if self._overlay is not None:
            view = self.viewport()
            self.legend.show_shares(self._overlay, self._letters, view.width() - 2 * theme.GRID_PX)
            self.legend.move(theme.GRID_PX, view.height() - self.legend.height() - theme.GRID_PX)


class DifferencePane(QWidget):
    """A title with two menus over a view."""

    chosen = Signal(int, int)
    """Side (0 or 1) and place of the pane chosen for it"""
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = DifferenceView()
        self.words = TonedLabel("Difference", bold=True)
        self.sides = (MenuButton(bold=True), MenuButton(bold=True))
        self.against = caption("")
        self.overlap = Figure("overlap")
        cross = IconButton(icons.icon("close"), "Close the difference; Show brings it back", px=12)
        cross.clicked.connect(self.close_requested)
        self.title = TitleBar()
        self.title.add(self.words, self.sides[0], caption("and"), self.sides[1], self.against)
        self.title.add_stretch()
        self.title.add(self.overlap, cross)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addWidget(self.view, 1)
        self.setMinimumSize(120, 100)
        self.setFocusProxy(self.view)

    def set_pair(self, pair: tuple[int, int], titles: list[str]) -> None:
        """Show which panes are compared, of those with these titles."""
        for side, button in enumerate(self.sides):
            button.setText(LETTERS[pair[side]])
            button.setToolTip(f"Pane {LETTERS[pair[side]]}: {titles[pair[side]]}; press for another")
            button.setAccessibleName(f"{'First' if side == 0 else 'Second'} pane of the difference")
            menu = button.menu()
            menu.clear()
            group = QActionGroup(menu)
            for place, title in enumerate(titles):
                action = QAction(f"{LETTERS[place]}   {title}", menu)
                action.setCheckable(True)
                action.setChecked(place == pair[side])
                action.triggered.connect(partial(self._choose, side, place))
                group.addAction(action)
                menu.addAction(action)

    def show_difference(
        self, overlay: DifferenceOverlay | None, pair: tuple[int, int], words: str, *, stale: bool = False
    ) -> None:
        """Show a difference, or say why there is none; `stale` greys the one before while the next is looked for."""
        letters = (LETTERS[pair[0]], LETTERS[pair[1]])
        self.view.set_difference(overlay, letters, stale=stale)
        self.view.card.say("" if overlay is not None else words, icon="waiting" if stale else "info")
        self.view.setAccessibleName(f"Difference of panes {letters[0]} and {letters[1]}")
        if overlay is None or stale:
            self.overlap.set_value("")
            self.against.setText("")
            return
        self.overlap.set_value(
            overlap_text(overlay),
            "IoU of the two masks: what both mark, as a share of what either marks; 1 where they are the same",
        )
        self.against.setText("against ground truth" if overlay.against_truth else "no ground truth")
        self.against.setToolTip(
            "Only A: there A is right and B is wrong, as the ground truth has it. Shares are of the whole image; what "
            "neither pane nor the ground truth marks has no colour."
            if overlay.against_truth
            else "Without a ground truth nobody knows who is right. Shares are of the whole image."
        )
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What matters least goes first."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.against.setVisible(self.width() >= TRUTH_FROM_PX)
        self.words.setVisible(self.width() >= TITLE_FROM_PX)

    def _choose(self, side: int, place: int, _checked: bool = False) -> None:
        self.chosen.emit(side, place)
