"""Labels that know how to stand back, and to be cut in a decent place."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from sam_inspector.ui.panels import look
from sam_inspector.ui.panels.look import faint, font_px

Tone = Literal["text", "muted", "faint", "changed"]


class TonedLabel(QLabel):
    """Plain text at a size of the 13 px scale, in one of a few tones.

    The colour is taken from the palette while painting, so that it follows the theme.
    """

    def __init__(
        self,
        text: str = "",
        *,
        px: float = 13,
        bold: bool = False,
        tone: Tone = "text",
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._tone: Tone = tone
        self.setFont(font_px(px, bold=bold))
        self.setWordWrap(wrap)
        self.setTextFormat(Qt.TextFormat.PlainText)

    @property
    def tone(self) -> Tone:
        """How far the text stands back."""
        return self._tone

    def set_tone(self, tone: Tone) -> None:
        """Let the text stand out or back."""
        self._tone = tone
        self.update()

    def colour(self) -> QColor:
        """The text's colour now."""
        if self._tone == "faint" or not self.isEnabled():
            return faint()
        tones = {"muted": look.muted, "changed": look.changed}
        return tones.get(self._tone, look.text)()

    def shown_text(self) -> str:
        """What is painted."""
        return self.text()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setPen(self.colour())
        flags = int(self.alignment()) | int(Qt.TextFlag.TextWordWrap if self.wordWrap() else 0)
        painter.drawText(self.contentsRect(), flags, self.shown_text())


class ElidedLabel(TonedLabel):
    """One line that gives up its end or middle when there is no room; the whole text is its tooltip then."""

    def __init__(
        self,
        text: str = "",
        *,
        px: float = 13,
        bold: bool = False,
        tone: Tone = "text",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, px=px, bold=bold, tone=tone, parent=parent)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def shown_text(self) -> str:
        """What is left of the text at this width."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.fontMetrics().horizontalAdvance("…"), super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and not self.toolTip():
            QToolTip.showText(event.globalPos(), self.text() if self.shown_text() != self.text() else "", self)
            return True
        return super().event(event)
