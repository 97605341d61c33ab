"""The names of modes and models, as the menus of a pane have them."""

from __future__ import annotations

from dataclasses import dataclass

from sam_inspector.engine.modes import AUTOMATIC_MODES, BY_HAND
from sam_inspector.prompting.from_ground_truth import GT_MODES
from sam_inspector.ui.automatic_choice import TITLES
from sam_inspector.ui.model_names import model_title


@dataclass(frozen=True, slots=True)
class ModeText:
    """A mode in a menu.

    Attributes
    ----------
    section
        The heading that it stands under.
    """

    title: str
    tip: str
    section: str


def _texts() -> dict[str, ModeText]:
    found = {}
    for name, mode in GT_MODES.items():
        title, _, tip = mode.description.partition(": ")
        found[name] = ModeText(title, f"{tip[:1].upper()}{tip[1:]}", "From ground truth")
    for name, row in AUTOMATIC_MODES.items():
        if row.learns:
            continue
        title = "Cascade" if row.map is None else TITLES[row.map]
        found[name] = ModeText(f"{title} map" if row.answer == "map" else title, row.title, "Automatic")
    found[BY_HAND] = ModeText("From Inspect", "The prompts that are on the image in Inspect now", "By hand")
    return found


MODE_TEXTS: dict[str, ModeText] = _texts()
"""Every mode of `layout.MODES`, in menu order."""


def pane_title(mode: str, model: str, points: int | None = None) -> str:
    """Mode and model in one line, as in `Box + 20 points · MobileSAM`."""
    return f"{mode_title(mode, points)} · {model_title(model)}"


def mode_title(mode: str, points: int | None = None) -> str:
    """The mode's name, with the number of its points where that is known."""
    title = MODE_TEXTS[mode].title
    return title if points is None else title.replace("N points", f"{points} points")
