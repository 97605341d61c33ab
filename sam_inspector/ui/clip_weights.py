"""The weights of CLIP in the window: whether they are there, and fetching them once a person has agreed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from sam_inspector.core.errors import Cancelled, SamInspectorError
from sam_inspector.models.clip_registry import ClipSpec, get_clip_spec
from sam_inspector.models.weights import get_weights, weights_path

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT_MS = 15_000


class _Fetch(QThread):
    """Fetches one file; a download of minutes must not keep the compute thread from answering clicks."""

    progressed = Signal(float, str)
    ended = Signal(str)
    """Why it came to nothing, or empty"""

    def __init__(self, spec: ClipSpec, get: Callable[..., Any], parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("fetch")
        self.spec = spec
        self.unwanted = threading.Event()
        self._get = get

    def run(self) -> None:
        try:
            self._get(self.spec, report=self.progressed.emit, cancelled=self.unwanted.is_set)
        except Cancelled:
            self.ended.emit("")
        except SamInspectorError as error:
            self.ended.emit(str(error))
        except Exception as error:
            logger.exception("Fetching failed.")
            self.ended.emit(f"Something went wrong inside the program ({error}): what you did is kept.")
        else:
            self.ended.emit("")


class ClipWeights(QObject):
    """Knows whether weights are there, and fetches them one file at a time.

    Parameters
    ----------
    get
        As `models.weights.get_weights`; tests pass a stand-in.
    """

    changed = Signal()
    """Fetching began, went on or ended"""
    failed = Signal(str)
    """One sentence"""

    def __init__(self, get: Callable[..., Any] = get_weights, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._get = get
        self._fetch: _Fetch | None = None
        self.fraction = 0.0
        self.text = ""

    def is_missing(self, name: str) -> bool:
        """Whether there is no file; whether it is the right one is seen when it is loaded."""
        spec = get_clip_spec(name)
        return spec.weights is not None and not weights_path(spec).is_file()

    def lost_file(self, name: str) -> Path | None:
        """The file of the user's own weights that a model stands for, where it is not there; else None."""
        file = get_clip_spec(name).file
        return None if file is None or file.is_file() else file

    @property
    def fetching(self) -> str:
        """Name of the model being fetched, or empty."""
        return self._fetch.spec.name if self._fetch is not None else ""

    def fetch(self, name: str) -> None:
        """Begin to fetch; one file at a time."""
        if self._fetch is not None:
            return
        self.fraction, self.text = 0.0, "Starting"
        self._fetch = _Fetch(get_clip_spec(name), self._get, self)
        self._fetch.progressed.connect(self._on_progressed)
        self._fetch.ended.connect(self._on_ended)
        self._fetch.start()
        self.changed.emit()

    def cancel(self) -> None:
        """Give up; what has come is kept, so that a later attempt goes on from there."""
        if self._fetch is not None:
            self._fetch.unwanted.set()

    def close(self) -> None:
        """End the thread."""
        self.cancel()
        if self._fetch is not None:
            self._fetch.wait(CLOSE_TIMEOUT_MS)

    @Slot(float, str)
    def _on_progressed(self, fraction: float, text: str) -> None:
        self.fraction, self.text = fraction, text
        self.changed.emit()

    @Slot(str)
    def _on_ended(self, why: str) -> None:
        fetch, self._fetch = self._fetch, None
        if fetch is not None:
            fetch.wait(CLOSE_TIMEOUT_MS)
            fetch.deleteLater()
        self.changed.emit()
        if why:
            self.failed.emit(why)
