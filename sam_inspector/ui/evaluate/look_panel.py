"""In the table's place: one image of a run, large, with the run's mask, its errors and its prompts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sam_inspector.core.prompts import Prompts
from sam_inspector.ui import icons
from sam_inspector.ui.compare.linked_views import LinkedView
from sam_inspector.ui.evaluate.look import Look, LookAt
from sam_inspector.ui.panels.buttons import IconButton, PlainButton
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import MARGIN
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.segmented import SegmentedControl

ERRORS = (
    ("errors", "Errors", "What the mask has right, too much and missed"),
    ("mask", "Mask", "The mask and the outline of the ground truth"),
)
NOT_WORKED_ON = "The mask is the run's own; your work on this image in Inspect is neither shown nor changed."
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


class LookPanel(QWidget):
    """Shows a `Look`; zooms and pans like the canvas."""

    stepped = Signal(int)
    """To the next image, 1, or to the previous one, -1"""
    edit_requested = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("")
        self.layers = SegmentedControl(ERRORS)
        self.previous = IconButton(icons.icon("previous"), "Previous image (Left)")
        self.next = IconButton(icons.icon("next"), "Next image (Right)")
        self.edit = PlainButton("Edit in Inspect", tip="Open the image in Inspect with these prompts, to change them")
        self.back = PlainButton("Table", "left", tip="Back to the table (Esc)")
        self.info = ElidedLabel(px=12, tone="muted")
        self.info.setContentsMargins(MARGIN, 4, MARGIN, 4)
        self.note = TonedLabel(px=12, tone="changed", wrap=True)
        self.note.setContentsMargins(MARGIN, 6, MARGIN, 6)
        self.view = LinkedView()
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view.installEventFilter(self)
        for widget in (self.previous, self.next, self.layers, self.edit, self.back):
            self.header.add_button(widget)
        self.header.setMinimumHeight(40)
        self.info.setToolTip(NOT_WORKED_ON)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.header, self.info, self.note):
            column.addWidget(part)
        column.addWidget(self.view, 1)
        self.setMinimumHeight(160)
        self.previous.clicked.connect(lambda: self.stepped.emit(-1))
        self.next.clicked.connect(lambda: self.stepped.emit(1))
        self.edit.clicked.connect(self.edit_requested)
        self.back.clicked.connect(self.closed)
        self.layers.chosen.connect(self._show_layers)
        self._show_layers()

    def expect(self, at: LookAt, place: int | None, total: int) -> None:
        """Name the image that is being read.

        Parameters
        ----------
        place
            Where it stands in the strip; None where it is not in it.
        """
        row, name = at.image.row, at.image.row.path.removeprefix("test/")
        figure = f"IoU {row.iou:.3f}" if row.iou is not None else at.image.figure
        self.header.title.setText(name)
        self.info.setText(f"{at.mode}, {figure}: the run's mask and prompts, without your work in Inspect")
        self.view.setAccessibleName(f"{row.category}/{row.path}, {at.mode}, {figure}")
        self.previous.setEnabled(place is not None and place > 0)
        self.next.setEnabled(place is not None and place + 1 < total)
        self.edit.setEnabled(False)

    def show_look(self, look: Look) -> None:
        """Show it."""
        view = self.view
        view.set_image(look.pyramid)
        view.set_ground_truth(look.truth)
        view.set_mask(look.mask, False)
        view.set_errors(look.errors)
        view.set_prompts(look.prompts, Prompts(), False)
        view.set_placeholder("" if look.pyramid is not None else "There is no picture of this image")
        self.note.setText(" ".join(look.notes))
        self.note.setVisible(bool(look.notes))
        can_edit = look.pyramid is not None and look.is_same and bool(look.prompts)
        self.edit.setEnabled(can_edit)
        reason = "" if can_edit else "The run has no prompts of this image: there is nothing to edit."
        self.edit.setToolTip(reason or "Open the image in Inspect with these prompts, to change them")
        self._show_layers()

    @Slot()
    def _show_layers(self) -> None:
        shows_errors = self.layers.choice() == "errors"
        self.view.set_layer("errors", shows_errors, 0.6)
        self.view.set_layer("mask", not shows_errors, 0.4)
        self.view.set_layer("gt", not shows_errors, 1.0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in STEPS:
                self.stepped.emit(STEPS[Qt.Key(event.key())])
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.closed.emit()
                return True
        return super().eventFilter(watched, event)
