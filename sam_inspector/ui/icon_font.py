"""The font of the icon family and the places of its glyphs, read from the files that come with qtawesome.

Importing qtawesome would load all of its families and, through qtpy, every class of Qt: some 200 ms of the time in
which the window opens.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

FAMILY = "ph"
"""Phosphor, regular weight, as qtawesome calls it."""
FONT_FILES, TABLE_FILES = "phosphor-[0-9]*.ttf", "phosphor-charmap-*.json"


@lru_cache(maxsize=1)
def glyphs() -> dict[str, str]:
    """Each glyph's name and the character that it is drawn by."""
    file = _file(TABLE_FILES)
    if file is None:
        import qtawesome

        return dict(qtawesome.charmap(FAMILY))
    return {name: chr(int(code, 16)) for name, code in json.loads(file.read_text("utf-8")).items()}


def icon_font(height_px: int) -> QFont:
    """The font in a size."""
    font = QFont(_family())
    font.setPixelSize(height_px)
    return font


@lru_cache(maxsize=1)
def _family() -> str:
    """The name under which Qt knows the font, which is loaded first."""
    file = _file(FONT_FILES)
    if file is not None:
        families = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(file)))
        if families:
            return families[0]
    # It knows what to do on machines that allow installed fonts only.
    import qtawesome

    return str(qtawesome.font(FAMILY, 20).family())


def _file(pattern: str) -> Path | None:
    spec = find_spec("qtawesome")
    folders = [] if spec is None else spec.submodule_search_locations or []
    return next((file for folder in folders for file in sorted((Path(folder) / "fonts").glob(pattern))), None)
