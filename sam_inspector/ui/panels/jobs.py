"""The jobs strip: long work with its progress, and the cross that ends it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from sam_inspector.ui import icons
from sam_inspector.ui.panels.buttons import IconButton, LinkButton
from sam_inspector.ui.panels.labels import ElidedLabel
from sam_inspector.ui.panels.look import GAP, accent, font_px, outline

BAR_WIDTH = 96


@dataclass(frozen=True, slots=True)
class JobRow:
    """How far a job is.

    Attributes
    ----------
    number
        Names the job in the signal.
    title
        As `Encode folder`.
    fraction
        From 0 to 1; None while it is not known.
    text
        As `14 of 23`.
    seconds_left
        None while it can't be told.
    is_paused
        It waits until a person lets it go on.
    """

    number: int
    title: str
    fraction: float | None
    text: str = ""
    seconds_left: float | None = None
    is_paused: bool = False

    @property
    def progress(self) -> str:
        """What stands beside the bar."""
        left = "paused" if self.is_paused else time_left(self.seconds_left)
        return ", ".join(part for part in (self.text, left) if part)


def time_left(seconds: float | None) -> str:
    """`3 s left`, `2 min left`; empty when it is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{max(1, round(seconds))} s left"
    return f"{round(seconds / 60)} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"


class _Bar(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fraction: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(32)

    def sizeHint(self) -> QSize:
        return QSize(BAR_WIDTH, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        y = self.height() // 2 - 3
        painter.fillRect(0, y, self.width(), 6, outline())
        if self.fraction is not None:
            painter.fillRect(0, y, round(self.width() * min(1.0, max(0.0, self.fraction))), 6, accent())


class JobsStrip(QWidget):
    """Shows the newest job, and how many others there are; hidden when there is none."""

    cancel_requested = Signal(int)
    """Number of the job"""
    appeared = Signal()
    """The first job is there, or the last one is over."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[int, JobRow] = {}
        self._is_busy = False
        self.others = LinkButton("", tip="All jobs")
        self.title = ElidedLabel(px=12, bold=True)
        self.bar = _Bar()
        self.progress = ElidedLabel(px=12, tone="muted")
        self.cancel = IconButton(icons.icon("cancel"), "Cancel", px=12)
        # Room for the widest usual words, so that nothing moves while the numbers count.
        self.progress.setMaximumWidth(QFontMetrics(font_px(12)).horizontalAdvance("00,000 of 00,000, 00 min left"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for widget in (self.others, self.title, self.bar, self.progress, self.cancel):
            row.addWidget(widget)
        self.others.clicked.connect(self._show_all)
        self.cancel.clicked.connect(self._on_cancel)
        # Hidden outright, or it would come up with its parent.
        self.hide()

    def set_job(self, job: JobRow) -> None:
        """Show a job, or that it went on."""
        self._jobs[job.number] = job
        self._refresh()

    def remove_job(self, number: int) -> None:
        """A job is over."""
        self._jobs.pop(number, None)
        self._refresh()

    def jobs(self) -> tuple[JobRow, ...]:
        """The jobs under way, oldest first."""
        return tuple(self._jobs.values())

    def shown(self) -> JobRow | None:
        """The newest one."""
        return next(reversed(self._jobs.values()), None)

    def _refresh(self) -> None:
        job = self.shown()
        if (job is None) == self._is_busy:
            self._is_busy = job is not None
            self.setVisible(self._is_busy)
            self.appeared.emit()
        if job is None:
            return
        self.title.setText(job.title)
        self.bar.fraction = job.fraction
        self.bar.update()
        self.progress.setText(job.progress)
        self.cancel.setToolTip(f"Cancel: {job.title}")
        others = len(self._jobs) - 1
        self.others.setText(f"{others} more")
        self.others.setVisible(others > 0)
        lines = [f"{row.title}: {row.progress}" for row in reversed(self._jobs.values())]
        self.setToolTip("\n".join(lines))
        self.updateGeometry()

    def menu_of_jobs(self) -> QMenu:
        """One entry a job, the newest first; choosing one ends it."""
        menu = QMenu(self)
        for job in reversed(self._jobs.values()):
            action = menu.addAction(icons.icon("cancel"), f"Cancel: {job.title}, {job.progress}".rstrip(", "))
            action.setData(job.number)
        menu.triggered.connect(self._on_menu)
        return menu

    @Slot()
    def _show_all(self) -> None:
        menu = self.menu_of_jobs()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.others.mapToGlobal(self.others.rect().topLeft()))

    @Slot(QAction)
    def _on_menu(self, action: QAction) -> None:
        self.cancel_requested.emit(action.data())

    @Slot()
    def _on_cancel(self) -> None:
        job = self.shown()
        if job is not None:
            self.cancel_requested.emit(job.number)
