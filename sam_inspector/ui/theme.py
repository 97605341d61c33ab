"""The look: light and dark palettes over Qt's Fusion style, and the colours that mean something on an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from sam_inspector.core.errors import InputError

SchemeChoice = Literal["system", "light", "dark"]

BASE_FONT_PX = 13
GRID_PX = 8
"""All distances are multiples, or a half, of this."""
ICON_PX = 20

ACCENT = "#2F6FDE"
# Okabe and Ito's colours, which people with any common colour vision deficiency can tell apart.
MASK = "#56B4E9"
GROUND_TRUTH = "#F0E442"
TRUE_POSITIVE = "#009E73"
FALSE_POSITIVE = "#D55E00"
FALSE_NEGATIVE = "#0072B2"
POINT_REGIONS = "#CC79A7"
"""Where generated points come from."""
POSITIVE_POINT = "#009E73"
NEGATIVE_POINT = "#D55E00"
STALE = "#9A9DA1"
"""A mask that does not belong to the prompts on screen."""
WARNING = "#E69F00"
HALO = "#000000"
RIM = "#FFFFFF"


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one scheme, as `#RRGGBB`.

    Attributes
    ----------
    window
        Tool bars, menus and the status bar.
    panel
        Docks.
    header
        Titles of docks and tables.
    field
        Lists, tables and text fields.
    hover
        What the pointer is over.
    selected
        Selected rows; the text keeps its colour.
    border, separator
        Lines around fields, and the fainter ones between rows.
    text, muted, disabled
        From most to least important.
    link
        The accent where it is text or a thin line.
    canvas
        Behind the image; neutral, so that the image's colours are judged fairly.
    """

    dark: bool
    window: str
    panel: str
    header: str
    field: str
    hover: str
    selected: str
    border: str
    separator: str
    text: str
    muted: str
    disabled: str
    link: str
    canvas: str


LIGHT = Colours(
    dark=False,
    window="#F0F1F3",
    panel="#F0F1F3",
    header="#E4E6EA",
    field="#FFFFFF",
    hover="#E2E5EA",
    selected="#DCE6FA",
    border="#B9BEC6",
    separator="#D5D8DD",
    text="#1B1D20",
    muted="#5F656D",
    disabled="#9BA0A8",
    link="#2458B8",
    canvas="#D9DBDE",
)
DARK = Colours(
    dark=True,
    window="#1F2124",
    panel="#1F2124",
    header="#26292D",
    field="#191B1D",
    hover="#303338",
    selected="#2A4173",
    border="#44484F",
    separator="#34373C",
    text="#E6E8EB",
    muted="#9CA2AA",
    disabled="#666B73",
    link="#8FB4F8",
    canvas="#2B2D30",
)


def colours() -> Colours:
    """The scheme in use, read from the application's palette."""
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def apply_theme(app: QApplication, scheme: str = "system") -> None:
    """Dress the application; with `system` it follows the system's scheme from then on.

    Parameters
    ----------
    scheme
        `system`, `light` or `dark`.

    Raises
    ------
    InputError
        For another name.
    """
    if scheme not in get_args(SchemeChoice):
        raise InputError(f"There is no colour scheme {scheme!r}; choose system, light or dark.")
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setFont(base_font())
    follower = app.findChild(_SchemeFollower) or _SchemeFollower(app)
    follower.choose(scheme)


def base_font() -> QFont:
    """The system's font at 13 px or, where the system's is larger, at its size; digits of equal width."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(max(BASE_FONT_PX, QFontInfo(font).pixelSize()))
    return with_tabular_digits(font)


def with_tabular_digits(font: QFont) -> QFont:
    """The font with digits of equal width, so that numbers stand still while they change."""
    font = QFont(font)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


class _SchemeFollower(QObject):
    """Keeps the application's palette at the scheme that was chosen, or the system's."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._choice = "system"
        self._shown: Colours | None = None
        app.styleHints().colorSchemeChanged.connect(self._refresh)

    def choose(self, choice: str) -> None:
        self._choice = choice
        hints = self._app.styleHints()
        # Title bars and native dialogs follow this, where the platform can.
        if choice == "system":
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(Qt.ColorScheme.Dark if choice == "dark" else Qt.ColorScheme.Light)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        system_is_dark = self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        dark = self._choice == "dark" or (self._choice == "system" and system_is_dark)
        scheme = DARK if dark else LIGHT
        if scheme is self._shown:
            return
        self._shown = scheme
        self._app.setPalette(palette(scheme))
        for name in OUTLINED:
            # PySide wants a str here, whatever its stubs say.
            self._app.setPalette(outlined_palette(scheme), name)  # type: ignore[arg-type]
        self._app.setStyleSheet(style_sheet(scheme))


def palette(scheme: Colours) -> QPalette:
    """Qt's palette of a scheme."""
    role = QPalette.ColorRole
    made = QPalette()
    for name, colour in (
        (role.Window, scheme.window),
        (role.WindowText, scheme.text),
        (role.Base, scheme.field),
        (role.AlternateBase, scheme.panel),
        (role.ToolTipBase, scheme.header),
        (role.ToolTipText, scheme.text),
        (role.PlaceholderText, scheme.muted),
        (role.Text, scheme.text),
        (role.Button, scheme.header if scheme.dark else "#FBFBFC"),
        (role.ButtonText, scheme.text),
        (role.BrightText, "#FFFFFF"),
        (role.Link, scheme.link),
        (role.Highlight, ACCENT),
        (role.HighlightedText, "#FFFFFF"),
        (role.Accent, ACCENT),
        (role.Light, scheme.hover),
        (role.Midlight, scheme.separator),
        (role.Mid, scheme.border),
        (role.Dark, scheme.border),
        (role.Shadow, "#000000" if scheme.dark else "#8A8F97"),
    ):
        made.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, name, QColor(scheme.disabled))
    made.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(scheme.border))
    return made


OUTLINED = ("QComboBox", "QAbstractSpinBox", "QCheckBox", "QRadioButton", "QTreeView")


def outlined_palette(scheme: Colours) -> QPalette:
    """The palette of small controls: Fusion outlines them in the window's colour made darker, black on a dark one."""
    made = palette(scheme)
    made.setColor(QPalette.ColorRole.Window, QColor(scheme.border).lighter(140))
    return made


def style_sheet(scheme: Colours) -> str:
    """The few things Fusion can't be told through its palette."""
    button = scheme.header if scheme.dark else "#FBFBFC"
    handle = scheme.hover if scheme.dark else "#FFFFFF"
    return f"""
QMainWindow::separator {{ background: {scheme.separator}; width: 1px; height: 1px; }}
QMainWindow::separator:hover {{ background: {ACCENT}; }}
QMenuBar {{ background: {scheme.window}; border: none; border-bottom: 1px solid {scheme.separator}; }}
QMenuBar::item {{ background: transparent; padding: 5px 10px; }}
QMenuBar::item:selected {{ background: {scheme.hover}; }}
QToolBar {{ background: {scheme.window}; border: none; border-bottom: 1px solid {scheme.separator};
    padding: 4px 8px; spacing: 4px; }}
QToolBar::separator {{ background: {scheme.separator}; width: 1px; margin: 4px 6px; }}
QToolBar QToolButton, QToolButton[flat="true"] {{ border: 1px solid transparent; border-radius: 3px; padding: 4px; }}
QToolBar QToolButton:hover, QToolButton[flat="true"]:hover {{ background: {scheme.hover}; }}
QToolBar QToolButton:pressed, QToolBar QToolButton:checked, QToolButton[flat="true"]:checked {{
    background: {scheme.selected}; border-color: {ACCENT}; }}
QDockWidget {{ titlebar-close-icon: none; titlebar-normal-icon: none; }}
QDockWidget::title {{ background: {scheme.header}; padding: 7px 10px; border-bottom: 1px solid {scheme.separator}; }}
QStatusBar {{ background: {scheme.window}; border-top: 1px solid {scheme.separator}; }}
QStatusBar::item {{ border: none; }}
QHeaderView::section {{ background: {scheme.header}; border: none; border-bottom: 1px solid {scheme.border};
    padding: 4px 8px; }}
QPushButton {{ background: {button}; border: 1px solid {scheme.border}; border-radius: 3px; padding: 5px 12px; }}
QPushButton:hover {{ background: {scheme.hover}; }}
QPushButton:pressed, QPushButton:checked {{ background: {scheme.selected}; border-color: {ACCENT}; }}
QPushButton:default {{ background: {ACCENT}; border-color: {ACCENT}; color: #FFFFFF; }}
QPushButton:disabled {{ background: transparent; color: {scheme.disabled}; border-color: {scheme.separator}; }}
QLineEdit {{ background: {scheme.field}; border: 1px solid {scheme.border}; border-radius: 3px; padding: 4px 6px; }}
QLineEdit:focus {{ border-color: {ACCENT}; }}
QComboBox QLineEdit, QAbstractSpinBox QLineEdit {{ border: none; padding: 0; }}
QAbstractItemView {{ border: 1px solid {scheme.border}; gridline-color: {scheme.separator};
    selection-background-color: {scheme.selected}; selection-color: {scheme.text}; }}
QProgressBar {{ background: {scheme.separator}; border: none; border-radius: 2px; text-align: center; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::groove:horizontal {{ background: {scheme.border}; height: 3px; border-radius: 1px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 1px; }}
QSlider::sub-page:horizontal:disabled {{ background: {scheme.border}; }}
QSlider::handle:horizontal {{ background: {handle}; border: 1px solid {scheme.muted}; width: 12px; height: 12px;
    margin: -6px 0; border-radius: 7px; }}
QSlider::handle:horizontal:disabled {{ background: {scheme.border}; border-color: {scheme.border}; }}
QToolTip {{ background: {scheme.header}; color: {scheme.text}; border: 1px solid {scheme.border}; padding: 4px; }}
"""
