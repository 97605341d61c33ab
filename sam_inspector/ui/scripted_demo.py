"""The real window driven unseen: one image of the samples, one box dragged with the mouse, its scores, one picture.

For machines without a display. Nothing is stubbed: events go through the canvas, masks come from the compute thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from sam_inspector.core.errors import SamInspectorError
from sam_inspector.core.geometry import components, pixel_to_view
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.work import ImageWork
from sam_inspector.ui.app import Application, build, make_qt_application
from sam_inspector.ui.settings import Settings

TIMEOUT_MS = 300_000
PICTURE_SIZE = (1440, 900)
BOX_MARGIN_PX = 4
"""A person's box is not the tight one."""


class DemoError(SamInspectorError):
    """The demo could not be shown."""


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """What the demo saw; seconds of the first encoding and of the last decoding."""

    image: str
    scores: MaskScores
    encode_seconds: float
    decode_seconds: float
    device_label: str
    picture: Path

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "picture": str(self.picture)}


def run_scripted_demo(samples: Path, start_key: str, *, model: str, device: str, picture: Path) -> DemoOutcome:
    """Open the samples, drag a box around the largest defect of one image, wait for the scores.

    Raises
    ------
    DemoError
        When the model can't be loaded or no mask comes.
    """
    make_qt_application()
    application = build(settings=Settings(model=model, device=device))
    try:
        return _drive(application, samples, start_key, picture)
    finally:
        application.window.close()
        application.close()


def _drive(application: Application, samples: Path, start_key: str, picture: Path) -> DemoOutcome:
    window, session, presenter = application.window, application.session, application.presenter
    seen: dict[str, Any] = {"encode": 0.0, "decode": 0.0, "device": "", "trouble": ""}
    presenter.encoding_changed.connect(lambda state, seconds: seen.update(encode=seconds or seen["encode"]))
    presenter.decoded.connect(lambda seconds: seen.update(decode=seconds))
    presenter.model_ready.connect(lambda ready: seen.update(device=ready.device_label))
    presenter.trouble.connect(lambda level, text: seen.update(trouble=text) if level == "error" else None)
    window.resize(*PICTURE_SIZE)
    window.show()
    application.controls.model.load()
    presenter.open_path(samples, start_key)
    _wait(lambda: bool(seen["trouble"]) or (session.opened is not None and bool(seen["device"])))
    opened = session.opened
    if opened is None or opened.ground_truth is None:
        raise DemoError(seen["trouble"] or f"{samples} has no image with a ground truth: install the program again.")
    session.edit_work(ImageWork(), "begin anew")  # the user may have worked on the samples before
    session.set_tool("box")
    largest = max(components(opened.ground_truth), key=lambda component: component.area)
    x0, y0, x1, y1 = largest.box
    _drag_box(application, (x0 - BOX_MARGIN_PX, y0 - BOX_MARGIN_PX), (x1 + BOX_MARGIN_PX, y1 + BOX_MARGIN_PX))
    _wait(lambda: bool(seen["trouble"]) or session.scores_are_current)
    if session.scores is None or session.scores.iou is None:
        raise DemoError(seen["trouble"] or "No mask came; run “sam-inspector doctor”.")
    _pause(300)  # thumbnails
    picture.parent.mkdir(parents=True, exist_ok=True)
    if not window.grab().save(str(picture)):
        raise DemoError(f"The picture can't be written to {picture}: give another place with --picture.")
    return DemoOutcome(opened.key, session.scores, seen["encode"], seen["decode"], seen["device"], picture)


def _drag_box(application: Application, start: tuple[float, float], end: tuple[float, float]) -> None:
    canvas = application.window.views.canvas
    opened = application.session.opened
    assert opened is not None

    def at(x: float, y: float) -> QPointF:
        x, y = min(max(x, 0), opened.image.width - 1), min(max(y, 0), opened.image.height - 1)
        return canvas.view_point(QPointF(*pixel_to_view(x, y)))

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    for kind, point, button, buttons in (
        (QEvent.Type.MouseButtonPress, at(*start), left, left),
        (QEvent.Type.MouseMove, at(*middle), none, left),
        (QEvent.Type.MouseMove, at(*end), none, left),
        (QEvent.Type.MouseButtonRelease, at(*end), left, none),
    ):
        place = canvas.viewport().mapToGlobal(point)
        event = QMouseEvent(kind, point, place, button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas.viewport(), event)


def _wait(until: Callable[[], bool]) -> None:
    """Let the window live until something has happened; there is no user whose events could come in between."""
    loop = QEventLoop()
    look = QTimer()
    look.setInterval(10)
    look.timeout.connect(lambda: loop.quit() if until() else None)
    look.start()
    stop = QTimer()
    stop.setSingleShot(True)
    stop.timeout.connect(loop.quit)
    stop.start(TIMEOUT_MS)
    loop.exec()


def _pause(ms: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()
