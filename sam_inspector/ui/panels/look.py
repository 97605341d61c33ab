"""Type sizes, spacing and quiet colours of the panels, all from the theme in use."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QGuiApplication

from sam_inspector.ui import theme

MARGIN = 12
GAP = theme.GRID_PX
RADIUS = 4


def font_px(px: float, *, bold: bool = False) -> QFont:
    """The application's font at a size given for the 13 px base; it grows with the system's font."""
    base = QGuiApplication.font()
    font = theme.with_tabular_digits(base)
    actual = base.pixelSize() if base.pixelSize() > 0 else theme.BASE_FONT_PX
    font.setPixelSize(max(1, round(px * actual / theme.BASE_FONT_PX)))
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def mix(first: QColor, second: QColor, share: float) -> QColor:
    """`first` with a share from 0 to 1 of `second`."""
    return QColor.fromRgbF(
        first.redF() + (second.redF() - first.redF()) * share,
        first.greenF() + (second.greenF() - first.greenF()) * share,
        first.blueF() + (second.blueF() - first.blueF()) * share,
    )


def text() -> QColor:
    """What is read first."""
    return QColor(theme.colours().text)


def muted() -> QColor:
    """Captions, units, hints."""
    return QColor(theme.colours().muted)


def faint() -> QColor:
    """What is switched off, or not of the mask on screen."""
    return QColor(theme.colours().disabled)


def field() -> QColor:
    """Behind lists, tables and cards."""
    return QColor(theme.colours().field)


def hairline() -> QColor:
    """Lines between rows."""
    return QColor(theme.colours().separator)


def outline() -> QColor:
    """Borders of controls and cards."""
    return QColor(theme.colours().border)


def header_fill() -> QColor:
    """The band behind a title."""
    return QColor(theme.colours().header)


def hover_fill() -> QColor:
    """What the pointer is over."""
    return QColor(theme.colours().hover)


def selection_fill() -> QColor:
    """A chosen row."""
    return QColor(theme.colours().selected)


def accent() -> QColor:
    """The one accent."""
    return QColor(theme.ACCENT)


def changed() -> QColor:
    """Words that point at a value that is not the preset's; dark enough on light, light enough on dark."""
    return QColor("#F0925A" if theme.colours().dark else "#A84A00")
