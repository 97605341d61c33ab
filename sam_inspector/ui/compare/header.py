"""The line above the panes: which image, what is shown, the zoom, and what can be done with all panes."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from sam_inspector.ui import icons
from sam_inspector.ui.compare.title_bar import MenuButton
from sam_inspector.ui.panels.buttons import IconButton, PlainButton
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, hairline, header_fill

HEIGHT_PX = 40
DESCRIPTION_FROM_PX, WORDS_FROM_PX = 1100, 900
COPY_TIP = "Put all panes on the clipboard, as a picture for paper"
SAVE_TIP = "Save all panes as a picture for paper (PNG)"
WAIT_TIP = "A sheet can be made once all panes have answered"
SHOWN = (
    ("prompts", "Prompts", "Boxes and points of every pane"),
    ("mask", "Mask (K)", "What each pane takes as defect"),
    ("gt", "Ground truth (G)", "The true mask, dashed"),
    ("errors", "Error view (X)", "What is right, too much and missed, in the place of the mask"),
)
"""Layers that can be shown and hidden; they are the same as in Inspect."""
CELLS = (
    ("difference", "Difference pane", "Where two panes disagree"),
    ("summary", "Summary", "All panes in one table"),
    ("cross", "Cross-hair", "The pointer's place in all panes"),
)


class CompareHeader(QWidget):
    """Set by the controller; it tells what a person wants."""

    step_requested = Signal(int)
    add_requested = Signal()
    copy_requested = Signal()
    save_requested = Signal()
    fit_requested = Signal()
    shown_toggled = Signal(str, bool)
    """Name of `SHOWN` or `CELLS`, and whether it is wanted"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(max(HEIGHT_PX, self.fontMetrics().height() + 20))
        self.path = ElidedLabel("", bold=True, mode=Qt.TextElideMode.ElideMiddle)
        self.description = ElidedLabel("", tone="muted", px=12)
        self.previous = IconButton(icons.icon("left"), "Previous image (A)")
        self.next = IconButton(icons.icon("right"), "Next image (D)")
        self.show_menu = MenuButton()
        self.show_menu.setText("Show")
        self.show_menu.setToolTip("What the panes show")
        self.zoom = TonedLabel("–")
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.zoom.setMinimumWidth(52)
        self.zoom.setToolTip("Screen pixels for each image pixel, in all panes")
        self.fit = IconButton(icons.icon("fit"), "Show the whole image in all panes (F)")
        self.add = PlainButton("Add pane", "add", tip="One pane more, up to six")
        self.copy = PlainButton("Copy sheet", "copy", tip=COPY_TIP)
        self.save = PlainButton("Save sheet…", "save", tip=SAVE_TIP)
        self.actions_by_name: dict[str, QAction] = {}
        self._has_image = self._is_answered = False
        self._fill_menu(self.show_menu.menu())
        self._lay_out()
        self.previous.clicked.connect(self._go_back)
        self.next.clicked.connect(self._go_on)
        self.add.clicked.connect(self.add_requested)
        self.copy.clicked.connect(self.copy_requested)
        self.save.clicked.connect(self.save_requested)
        self.fit.clicked.connect(self.fit_requested)

    def _fill_menu(self, menu: QMenu) -> None:
        for rows in (SHOWN, CELLS):
            if menu.actions():
                menu.addSeparator()
            for name, words, tip in rows:
                action = menu.addAction(words)
                action.setCheckable(True)
                action.setToolTip(tip)
                action.setObjectName(name)
                action.triggered.connect(self._toggle)
                self.actions_by_name[name] = action

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 0, GAP, 1)
        row.setSpacing(GAP // 2)
        row.addWidget(self.previous)
        row.addWidget(self.next)
        row.addSpacing(GAP // 2)
        row.addWidget(self.path, 3)
        row.addWidget(self.description, 2)
        row.addStretch(1)
        for widget in (self.show_menu, self.zoom, self.fit, self.add, self.copy, self.save):
            row.addWidget(widget)

    # --- setters ------------------------------------------------------------------------------------------------------

    def set_image(self, key: str, description: str) -> None:
        """Name the image on screen; empty when there is none."""
        self.path.setText(" / ".join(key.split("/")))
        self.path.setToolTip(key)
        self.description.setText(description)
        self.description.setToolTip(description)
        self.fit.setEnabled(bool(description))
        self._has_image = bool(description)
        self._offer_sheet()

    def set_answered(self, is_answered: bool) -> None:
        """Whether every pane has its answer, or failed: before that a sheet would show half of it."""
        self._is_answered = is_answered
        self._offer_sheet()

    def _offer_sheet(self) -> None:
        for button, tip in ((self.copy, COPY_TIP), (self.save, SAVE_TIP)):
            button.setEnabled(self._has_image and self._is_answered)
            button.setToolTip(WAIT_TIP if self._has_image and not self._is_answered else tip)

    def set_shown(self, shown: Mapping[str, bool]) -> None:
        """Which of `SHOWN` and `CELLS` hold."""
        for name, holds in shown.items():
            self.actions_by_name[name].setChecked(holds)

    def set_can_add(self, can_add: bool) -> None:
        """Whether there is room for another pane."""
        self.add.setEnabled(can_add)
        self.add.setToolTip("One pane more, up to six" if can_add else "There are six panes already: close one first")

    @Slot(float)
    def set_zoom(self, factor: float) -> None:
        """Show the zoom; 1 is one image pixel on one screen pixel."""
        percent = 100 * factor
        self.zoom.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")

    # --- room ---------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where room is short the path matters more."""
        super().resizeEvent(event)
        self.description.setVisible(self.width() > DESCRIPTION_FROM_PX)
        has_room = self.width() > WORDS_FROM_PX
        self.copy.setText("Copy sheet" if has_room else "Copy")
        self.save.setText("Save sheet…" if has_room else "Save…")

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), header_fill())
        painter.fillRect(0, self.height() - 1, self.width(), 1, hairline())

    @Slot()
    def _go_back(self) -> None:
        self.step_requested.emit(-1)

    @Slot()
    def _go_on(self) -> None:
        self.step_requested.emit(1)

    @Slot(bool)
    def _toggle(self, wanted: bool) -> None:
        self.shown_toggled.emit(self.sender().objectName(), wanted)
