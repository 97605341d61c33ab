import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from sam_inspector.core.errors import InputError
from sam_inspector.ui import icons, theme


@pytest.fixture
def app(qapp):
    yield qapp
    theme.apply_theme(qapp, "system")


def _channel(value):
    value /= 255
    return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4


def _contrast(one, other):
    """As the Web Content Accessibility Guidelines define it."""
    light = sorted(
        0.2126 * _channel(colour.red()) + 0.7152 * _channel(colour.green()) + 0.0722 * _channel(colour.blue())
        for colour in (QColor(one), QColor(other))
    )
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_text_can_be_read_on_everything_it_stands_on(colours):
    for ground in (colours.window, colours.panel, colours.header, colours.field, colours.selected, colours.hover):
        assert _contrast(colours.text, ground) >= 7
        assert _contrast(colours.muted, ground) >= 3.5
    assert _contrast("#FFFFFF", theme.ACCENT) >= 4.5


def test_the_scheme_can_be_chosen(app):
    for scheme, colours in (("dark", theme.DARK), ("light", theme.LIGHT), ("dark", theme.DARK)):
        theme.apply_theme(app, scheme)
        assert theme.colours() is colours
        assert app.palette().color(QPalette.ColorRole.Window).name().upper() == colours.window
        assert colours.header in app.styleSheet()
    assert QApplication.font().pixelSize() >= theme.BASE_FONT_PX


def test_an_unknown_scheme_is_refused(app):
    with pytest.raises(InputError, match="system, light or dark"):
        theme.apply_theme(app, "blue")


def test_all_icons_have_a_glyph_and_are_made_once(qapp):
    for name in icons.GLYPHS:
        assert _ink(icons.icon(name)) is not None, name
    assert icons.icon("undo") is icons.icon("undo")


def _ink(icon, mode=QIcon.Mode.Normal, state=QIcon.State.Off):
    """The most opaque colour drawn, or None."""
    image = icon.pixmap(QSize(20, 20), mode, state).toImage()
    colours = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    strongest = max(colours, key=lambda colour: colour.alpha())
    return strongest if strongest.alpha() > 150 else None


def test_icons_follow_the_theme_and_their_state(app):
    icon = icons.icon("positive")
    for scheme, colours in (("light", theme.LIGHT), ("dark", theme.DARK)):
        theme.apply_theme(app, scheme)
        for mode, state, expected in (
            (QIcon.Mode.Normal, QIcon.State.Off, colours.text),
            (QIcon.Mode.Normal, QIcon.State.On, colours.link),
            (QIcon.Mode.Disabled, QIcon.State.Off, colours.disabled),
        ):
            found = _ink(icon, mode, state)
            difference = max(
                abs(one - other) for one, other in zip(found.getRgb()[:3], QColor(expected).getRgb()[:3], strict=True)
            )
            assert difference < 6, (scheme, mode, state, found.name())
