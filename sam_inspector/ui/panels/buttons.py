"""The panels' own buttons: the one accented action, a link, and a small icon."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolButton, QWidget

from sam_inspector.ui import icons
from sam_inspector.ui.panels.keyboard_focus import KeyboardFocus
from sam_inspector.ui.panels.look import RADIUS, accent, faint, font_px, hairline, hover_fill, mix, outline, text

ICON_PX = 16


class PlainButton(KeyboardFocus, QPushButton):
    """A quiet button: an outline, an icon before the text."""

    accented = False

    def __init__(self, words: str, icon: str = "", *, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self._icon = icon
        self.setFont(font_px(13, bold=self.accented))
        self.setToolTip(tip)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: D102
        metrics = self.fontMetrics()
        icon = ICON_PX + 6 if self._icon else 0
        return QSize(metrics.horizontalAdvance(self.text()) + icon + 24, max(28, metrics.height() + 12))

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        # Where there is little room the icon goes first.
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 16, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen, fill, border = text(), self.palette().color(QPalette.ColorRole.Button), outline()
        if self.accented:
            pen, fill, border = QColor("white"), accent(), accent()
        if not self.isEnabled():
            pen, fill, border = faint(), self.palette().color(QPalette.ColorRole.Window), hairline()
        elif self.isDown() or self.underMouse():
            fill = mix(fill, pen, 0.16 if self.isDown() else 0.08)
        painter.setPen(QPen(accent() if self.shows_focus else border, 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        if self.shows_focus and self.accented:
            painter.setPen(QPen(pen, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5), RADIUS - 1, RADIUS - 1)
        words = self.fontMetrics().horizontalAdvance(self.text())
        has_icon = bool(self._icon) and self.width() >= words + ICON_PX + 6 + 12
        x = max(6, (self.width() - words - (ICON_PX + 6 if has_icon else 0)) // 2)
        if has_icon:
            place = QRect(x, (self.height() - ICON_PX) // 2, ICON_PX, ICON_PX)
            icons.icon(self._icon, pen.name()).paint(painter, place)
            x += ICON_PX + 6
        painter.setPen(pen)
        room = self.rect().adjusted(x, 0, -4, 0)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), shown)


class AccentButton(PlainButton):
    """The one action of a panel that goes on with the work."""

    accented = True


class LinkButton(KeyboardFocus, QPushButton):
    """Words that do something, in the colour of a link."""

    def __init__(self, words: str, *, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self.setFont(font_px(13))
        self.setToolTip(tip)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 4, max(24, self.fontMetrics().height() + 6))

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        font = self.font()
        font.setUnderline(self.underMouse() or self.shows_focus)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.Link) if self.isEnabled() else faint())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())


class IconButton(KeyboardFocus, QToolButton):
    """A flat button that is only an icon; its tooltip says what it does."""

    def __init__(self, icon: QIcon, tip: str, *, px: int = ICON_PX, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setIcon(icon)
        self.setIconSize(QSize(px, px))
        self.setFixedSize(px + 8, px + 8)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setToolTip(tip)
        self.setAccessibleName(tip)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isEnabled() and (self.underMouse() or self.shows_focus or self.isChecked()):
            outlined = self.shows_focus or self.isChecked()
            painter.setPen(QPen(accent(), 1) if outlined else Qt.PenStyle.NoPen)
            painter.setBrush(mix(hover_fill(), text(), 0.1) if self.isDown() else hover_fill())
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        place = QRect(QPoint(0, 0), self.iconSize())
        place.moveCenter(self.rect().center())
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        self.icon().paint(painter, place, Qt.AlignmentFlag.AlignCenter, mode, QIcon.State.Off)
