"""One of SAM's masks as a card: picture, name, predicted IoU, and the key that chooses it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from sam_inspector.ui.panels.key_hint import draw_key, key_size
from sam_inspector.ui.panels.keyboard_focus import KeyboardFocus
from sam_inspector.ui.panels.look import RADIUS, accent, faint, field, font_px, hover_fill, mix, muted, outline, text
from sam_inspector.ui.panels.metric_texts import estimate_text, estimate_words

PICTURE = 64
SMALL_PICTURE = 40
PAD = 6


class CandidateButton(KeyboardFocus, QAbstractButton):
    """A card; in its small form it leaves out the words."""

    HEIGHT = PICTURE + 2 * PAD
    FULL_WIDTH = 180
    SMALL_WIDTH = 98

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.index = 0
        self._key = ""
        self._caption, self._number = "predicted IoU", ""
        self._shows_chosen = False
        self._picture = QPixmap()
        self._stale = self._number_stale = False
        self._small = False
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._on_clicked)

    def show_card(
        self, index: int, title: str, key: str, picture: QImage, predicted_iou: float, *, chosen: bool
    ) -> None:
        """Show a mask."""
        self.index, self._key, self._number = index, key, estimate_text(predicted_iou)
        self._picture = QPixmap.fromImage(picture)
        self._shows_chosen = chosen
        self.setText(title)
        self.setChecked(chosen)
        self.setAccessibleDescription(f"predicted IoU {self._number}")
        self.setToolTip(f"{title}: SAM itself expects an IoU of {estimate_words(predicted_iou)} ({key})")
        self.update()

    def set_stale(self, stale: bool) -> None:
        """Grey the card while its mask is not of the prompts on screen."""
        self._stale = stale
        self.update()

    def set_small(self, small: bool) -> None:
        """Leave out the words, or show them."""
        self._small = small
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.SMALL_WIDTH if self._small else self.FULL_WIDTH, self.HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    @Slot()
    def _on_clicked(self) -> None:
        # The session decides what is chosen; until it does, the card shows what holds.
        self.setChecked(self._shows_chosen)
        self.chosen.emit(self.index)

    # --- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        fill = hover_fill() if self.underMouse() and not self.isChecked() else field()
        width = 2 if self.isChecked() else 1
        border = outline() if not self.isChecked() else mix(accent(), field(), 0.5) if self._stale else accent()
        painter.setPen(QPen(border, width))
        painter.setBrush(fill)
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), RADIUS, RADIUS)
        side = SMALL_PICTURE if self._small else PICTURE
        self._draw_picture(painter, QRect(PAD, (self.height() - side) // 2, side, side))
        if self._key:
            key = key_size(self._key)
            # Beside the number; in the small form, where there is no room beside it, above.
            y = PAD + 6 if self._small else self.height() - key.height() - PAD - 2
            draw_key(painter, QRectF(self.width() - key.width() - PAD - 2, y, key.width(), key.height()), self._key)
        self._draw_words(painter, PAD + side + 9)
        if self.shows_focus:
            painter.setPen(QPen(accent(), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(3.5, 3.5, -3.5, -3.5))

    def _draw_picture(self, painter: QPainter, place: QRect) -> None:
        painter.fillRect(place, mix(field(), QColor(128, 128, 128), 0.25))
        if self._picture.isNull():
            return
        size = self._picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, size.width(), size.height())
        target.moveCenter(place.center())
        painter.setOpacity(0.4 if self._stale else 1.0)
        painter.drawPixmap(target, self._picture)
        painter.setOpacity(1.0)

    def lines(self) -> list[tuple[QFont, QColor, str]]:
        """The words beside the picture: font, colour and text of each line."""
        ink = faint() if self._stale else text()
        lines = [
            (font_px(13, bold=True), ink, self.text()),
            (font_px(12), faint() if self._stale else muted(), self._caption),
            (font_px(15, bold=True), faint() if self._stale or self._number_stale else ink, self._number),
        ]
        return lines[2:] if self._small and self._key else lines

    def _draw_words(self, painter: QPainter, left: int) -> None:
        room = self.width() - left - 4
        lines = self.lines()
        heights = [QFontMetrics(font).height() for font, *_ in lines]
        y = (self.height() - sum(heights)) // 2 + (12 if len(lines) == 1 else 0)
        for (font, pen, words), height in zip(lines, heights, strict=True):
            painter.setFont(font)
            painter.setPen(pen)
            shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, room)
            painter.drawText(left, y, room, height, int(Qt.AlignmentFlag.AlignVCenter), shown)
            y += height
