"""Icons of one family and one style, in the colour of the text they stand beside, whatever the theme."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap

from sam_inspector.ui import theme
from sam_inspector.ui.icon_font import glyphs, icon_font

GLYPHS = {
    "about": "info",
    "accept": "check",
    "add": "plus",
    "alert": "warning",
    "background": "image-square",
    "best": "trophy",
    "box": "bounding-box",
    "brush": "paint-brush",
    "cancel": "x",
    "check": "check",
    "clear": "trash",
    "close": "x",
    "collapse": "caret-down",
    "copy": "copy",
    "cut": "scissors",
    "defect": "warning",
    "delete": "trash",
    "device": "cpu",
    "done": "check-circle",
    "down": "caret-down",
    "download": "download-simple",
    "eraser": "eraser",
    "error": "warning-circle",
    "expand": "caret-right",
    "export": "export",
    "file": "file",
    "filter": "funnel",
    "fit": "corners-out",
    "folder": "folder-open",
    "good": "check-circle",
    "help": "question",
    "hidden": "eye-slash",
    "image": "image",
    "info": "info",
    "layers": "stack",
    "left": "caret-left",
    "list": "list",
    "more": "dots-three",
    "negative": "minus-circle",
    "next": "caret-right",
    "open": "folder-open",
    "pan": "hand",
    "pause": "pause",
    "play": "play",
    "polygon": "polygon",
    "positive": "plus-circle",
    "previous": "caret-left",
    "redo": "arrow-u-up-right",
    "refresh": "arrow-clockwise",
    "remove": "minus",
    "reset": "arrow-counter-clockwise",
    "right": "caret-right",
    "save": "floppy-disk",
    "search": "magnifying-glass",
    "settings": "gear",
    "sliders": "sliders",
    "undecided": "circle-dashed",
    "undo": "arrow-u-up-left",
    "unsure": "question",
    "up": "caret-up",
    "visible": "eye",
    "waiting": "hourglass",
    "warning": "warning",
    "zoom-in": "plus",
    "zoom-out": "minus",
}
"""What an icon means, and the family's name for its glyph."""


class _GlyphEngine(QIconEngine):
    """Draws a glyph when asked, so that a change of theme needs no new icons."""

    def __init__(self, glyph: str, colour: str | None) -> None:
        super().__init__()
        self._glyph = glyph
        self._colour = colour

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._glyph, self._colour)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setFont(icon_font(max(1, rect.height())))
        painter.setPen(self._pen_colour(mode, state))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._glyph)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return made

    def _pen_colour(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        palette = QGuiApplication.palette()
        if mode == QIcon.Mode.Disabled:
            return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        if self._colour is not None:
            return QColor(self._colour)
        if mode == QIcon.Mode.Selected:
            return palette.color(QPalette.ColorRole.HighlightedText)
        if state == QIcon.State.On:
            return QColor(theme.colours().link)
        return palette.color(QPalette.ColorRole.ButtonText)


@lru_cache(maxsize=256)
def icon(name: str, colour: str | None = None) -> QIcon:
    """An icon by what it means.

    Parameters
    ----------
    name
        A key of `GLYPHS`.
    colour
        `#RRGGBB` where the colour itself has a meaning; None takes the text's.

    Raises
    ------
    KeyError
        For a name that is not in `GLYPHS`.
    """
    return QIcon(_GlyphEngine(glyphs()[GLYPHS[name]], colour))


def pixmap(name: str, size_px: int = theme.ICON_PX, colour: str | None = None, ratio: float = 1.0) -> QPixmap:
    """A drawn icon, for places that take no `QIcon`; it does not follow the theme.

    Parameters
    ----------
    ratio
        Device pixels of the screen for one pixel of the layout.
    """
    return icon(name, colour).pixmap(QSize(size_px, size_px), ratio)
