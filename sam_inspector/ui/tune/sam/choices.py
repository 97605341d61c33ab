"""What a person chose to tune, and the name that the tuned model gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sam_inspector.methods.spt.settings import SptSettings
from sam_inspector.models.tuned.finding import SUFFIX

Images = Literal["marked", "accepted", "selected"]
LONGEST_NAME = 40
SIGNS = " -_."
"""What a name may have beside letters and digits, so that it can be that of a file everywhere."""


@dataclass(frozen=True, slots=True)
class SamChoices:
    """A wish; nothing of it has been looked at yet.

    Attributes
    ----------
    name
        Of the tuned model, and of its file.
    images
        `marked`: all with ground truth or an accepted mask; `accepted`: those on which the person accepted one;
        `selected`: those marked ones that are selected in the list of images.
    left_out
        Categories that are not to be learnt from.
    """

    name: str = ""
    images: Images = "marked"
    left_out: tuple[str, ...] = ()
    settings: SptSettings = field(default_factory=SptSettings)

    def file(self, folder: Path) -> Path:
        """Where the tuned model is written."""
        return folder / f"{self.name}{SUFFIX}"


def safe_name(text: str) -> str:
    """A name made from other words; signs that a file's name can't have become dashes."""
    safe = "".join(sign if sign.isalnum() or sign in SIGNS else "-" for sign in text)
    return safe[:LONGEST_NAME].strip(SIGNS)
