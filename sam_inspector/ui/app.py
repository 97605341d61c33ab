"""Builds the objects of the window and wires them; nothing else does."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

import platformdirs
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from sam_inspector import __version__
from sam_inspector.models.embeddings_folder import embeddings_folder
from sam_inspector.ui.automatic_bindings import AutomaticBindings
from sam_inspector.ui.bindings import Bindings
from sam_inspector.ui.cascade_bindings import CascadeBindings
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.controls import Controls
from sam_inspector.ui.exchanged_background import ExchangedBackground
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.main_window import MainWindow
from sam_inspector.ui.messages import Messages
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import LayerState, PromptSource, Session
from sam_inspector.ui.settings import (
    APP,
    LayerSetting,
    Settings,
    load_settings,
    load_window_state,
    save_settings,
    save_window_state,
)
from sam_inspector.ui.theme import apply_theme
from sam_inspector.ui.workspaces import Workspaces

logger = logging.getLogger(__name__)

SWITCH_SECONDS = 0.001


@dataclass(frozen=True, eq=False)
class Application:
    """All objects of a running window; tests and the scripted demo drive it through these."""

    window: MainWindow
    session: Session
    presenter: Presenter
    bindings: Bindings
    controls: Controls
    messages: Messages
    compute: ComputeThread
    files: FileThread
    settings: Settings
    workspaces: Workspaces

    def close(self) -> None:
        """Save, end the threads, remember the choices. Safe to call twice."""
        if self.files.isFinished():
            return
        self.presenter.saver.save_now()
        self.presenter.automatic.close()
        self.files.close()
        self.compute.close()
        _remember(self)


def build(
    *,
    settings: Settings | None = None,
    load: Callable[..., Any] | None = None,
    cache_folder: Path | None = None,
    load_clip: Callable[..., Any] | None = None,
) -> Application:
    """Make the window and its threads; nothing is shown or loaded yet.

    Parameters
    ----------
    load
        Makes a segmenter in place of the real loader, for tests.
    cache_folder
        Where embeddings are kept between runs; None keeps them in memory only.
    load_clip
        Makes a CLIP model in place of the real loader, for tests.
    """
    settings = settings or load_settings()
    session = Session()
    _apply(settings, session)
    window = MainWindow()
    compute = ComputeThread(load, cache_folder, load_clip)
    files = FileThread()
    presenter = Presenter(session, compute, files, parent=window)
    bindings = Bindings(session, presenter, window.views, parent=window)
    CascadeBindings(session, presenter, window.views, parent=window)
    AutomaticBindings(session, presenter.automatic, window.views, parent=window)
    ExchangedBackground(session, presenter, compute, window.views, parent=window)
    controls = Controls(window, session, presenter, bindings, settings, parent=window)
    messages = Messages(window, session, presenter, controls, settings, parent=window)
    workspaces = Workspaces(window, session, presenter, compute, files, controls, settings, parent=window)
    application = Application(
        window, session, presenter, bindings, controls, messages, compute, files, settings, workspaces
    )
    window.closing.connect(application.close)
    window.restore(load_window_state())
    window.show_workspace(False)
    # The compute thread starts with the first model: importing torch would slow the window down while it opens.
    files.start()
    return application


def run_window(
    path: Path | None, *, start_key: str | None = None, model: str | None = None, device: str | None = None
) -> int:
    """Open the window and stay until it is closed; gives the exit status."""
    _log_to_file()
    app = make_qt_application()
    application = build(cache_folder=embeddings_folder())
    settings = application.settings
    if model is not None and model != "mobile_sam":
        settings.model = model
    if device is not None and device != "auto":
        settings.device = device
    application.controls.model.show_wanted()
    application.window.show()
    QTimer.singleShot(0, application.window, application.controls.model.load)
    if path is not None:
        application.presenter.open_path(path, start_key)
    elif settings.recent and Path(settings.recent[0]).exists():
        application.presenter.open_path(Path(settings.recent[0]), settings.last_image or None)
    _listen_to_interrupts(app, application)
    status = app.exec()
    application.close()
    return int(status)


def make_qt_application() -> QApplication:
    """The Qt application, dressed."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication([APP])
    app.setApplicationName(APP)
    app.setApplicationDisplayName("SAM Inspector")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName(APP)
    apply_theme(app, load_settings().theme)
    # A thread that computes in Python lets the window wait so long each time that Qt calls into Python: the usual 5 ms
    # add up within one event.
    sys.setswitchinterval(SWITCH_SECONDS)
    sys.excepthook = _tell_defect
    return app


def _apply(settings: Settings, session: Session) -> None:
    session.source = PromptSource(settings.source, settings.gt_mode, settings.gt_preset, settings.gt_points)
    session.options = type(session.options)(
        refine=settings.refine, single_point_multimask=settings.single_point_multimask
    )
    session.sort_candidates = settings.sort_candidates
    session.three_passes = settings.three_passes
    for name, layer in settings.layers.items():
        if name in session.layers:
            session.layers[name] = LayerState(layer.visible, min(1.0, max(0.0, layer.opacity)))


def _remember(application: Application) -> None:
    session, settings = application.session, application.settings
    settings.source, settings.gt_mode = session.source.kind, session.source.mode
    settings.gt_preset, settings.gt_points = session.source.preset, session.source.points
    settings.refine = session.options.refine
    settings.single_point_multimask = session.options.single_point_multimask
    settings.sort_candidates = session.sort_candidates
    settings.three_passes = session.three_passes
    settings.layers = {
        name: LayerSetting(visible=state.visible, opacity=state.opacity) for name, state in session.layers.items()
    }
    if session.dataset is not None:
        settings.remember(session.dataset.root, session.current_key or "")
    save_settings(settings)
    save_window_state(application.window.state())


def _log_to_file() -> None:
    folder = platformdirs.user_log_path(APP, appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(folder / "sam-inspector.log", maxBytes=1_000_000, backupCount=2)
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("sam_inspector").addHandler(handler)
    logging.getLogger("sam_inspector").setLevel(os.environ.get("SAM_INSPECTOR_LOG", "INFO"))


def _listen_to_interrupts(app: QApplication, owner: Application) -> None:
    """Ctrl-C in the shell closes the window; Python sees the signal only when it gets to run, hence the timer."""
    signal.signal(signal.SIGINT, lambda *_: owner.window.close())
    timer = QTimer(owner.window)
    timer.timeout.connect(QObject(owner.window).objectName)
    timer.start(200)


def _tell_defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A defect in a slot: told in the window and the log; the window goes on, with all work kept."""
    logger.error("A defect.", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    for window in app.topLevelWidgets():
        if isinstance(window, MainWindow):
            window.views.banners.show_banner(
                "error", f"Something went wrong inside the program ({error}); what you did is kept. The log has more."
            )
