"""Where the program's own files (samples, icons) are."""

import sys
from pathlib import Path


def resources_path() -> Path:
    """The folder of the program's resources: in the frozen bundle, in the installed package, or in the checkout."""
    if hasattr(sys, "_MEIPASS"):
        return Path(sys._MEIPASS) / "resources"
    package = Path(__file__).parent
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"
