"""What every test of the window gets: no screen, settings of its own, and a check that it cleaned up."""

from __future__ import annotations

import gc
import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt, QThread
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from tests.ui.window import category, driver, segmenter, start  # noqa: F401


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    """Nothing is read from, or left in, the home of whoever runs the tests."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name, folder in (("XDG_CONFIG_HOME", ".config"), ("XDG_DATA_HOME", ".data"), ("XDG_CACHE_HOME", ".cache")):
        monkeypatch.setenv(name, str(home / folder))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for kind in (QSettings.Format.IniFormat, QSettings.Format.NativeFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(home / ".config"))


def _windows() -> list[QWidget]:
    """Windows that belong to nobody; a tool tip belongs to Qt."""
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if isValid(widget) and widget.parentWidget() is None and widget.windowType() != Qt.WindowType.ToolTip
    ]


@pytest.fixture(autouse=True)
def no_leftovers(qapp, monkeypatch):
    """Fail a test that leaves a window or a running thread behind."""
    before = _windows()
    started: list[QThread] = []
    original = QThread.start

    def remember(thread, *arguments):
        started.append(thread)
        original(thread, *arguments)

    monkeypatch.setattr(QThread, "start", remember)
    yield
    running = [thread for thread in started if isValid(thread) and thread.isRunning()]
    for thread in running:
        thread.requestInterruption()
        thread.quit()
        thread.wait(5000)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if (clipboard := QGuiApplication.clipboard()).mimeData() is not None:
        clipboard.clear()  # without a screen Qt keeps what was copied beyond the end of Python, and crashes on it
    left = [widget for widget in _windows() if widget not in before]
    if left:
        del left
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        left = [widget for widget in _windows() if widget not in before]
    names = [f"{type(widget).__name__} {widget.objectName() or widget.windowTitle()!r}" for widget in left]
    for widget in left:
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not running, f"left running: {running}"
    assert not names, f"left open: {names}"
