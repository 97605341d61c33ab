"""Whether a window can be shown here. Qt aborts the process where it finds no display, so this looks before."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path


def missing_display() -> str | None:
    """Why no window can be shown, or None when one can."""
    if sys.platform != "linux":
        return None
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal", "vnc"):
        return None
    if os.environ.get("WAYLAND_DISPLAY"):
        return None
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "There is no display (DISPLAY and WAYLAND_DISPLAY are not set)"
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", display)
    if local is None:
        return None
    name = f"/tmp/.X11-unix/X{local[1]}"
    if Path(name).exists() and _answers(name):
        return None
    return None if _answers("\0" + name) else f"No display answers at DISPLAY={display}"


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(address)
        except OSError:
            return False
    return True


def qt_trouble() -> str | None:
    """Why Qt can't be loaded, with what to install, or None."""
    try:
        from PySide6 import QtGui, QtWidgets  # noqa: F401
    except ImportError as error:
        library = re.search(r"(lib\S+\.so\S*)", str(error))
        if library is None:
            return f"Qt can't be loaded ({error}): install the program again with “pip install --force-reinstall .”."
        return (
            f"Qt needs the system library {library[1].rstrip(':')}: on Debian and Ubuntu run “apt-get install libegl1 "
            "libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libxcb-cursor0”, elsewhere install the package with it."
        )
    return None
