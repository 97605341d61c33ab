"""What the images panel knows of an image, and the words it uses for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Facet = Literal["category", "split", "defect"]
FACETS: tuple[Facet, ...] = ("category", "split", "defect")
VERDICT_WORDS = {"defect": "Defect", "good": "Good", "unsure": "Unsure", None: "Not decided"}


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image of the list.

    Attributes
    ----------
    key
        Path relative to the dataset; names the image in every signal.
    name
        What is shown.
    split, defect, category
        Values to filter by; empty where the layout has none.
    path
        Of the file.
    has_ground_truth
        Whether a mask file lies beside it.
    """

    key: str
    name: str
    split: str
    defect: str
    category: str
    path: Path
    has_ground_truth: bool


@dataclass(frozen=True, eq=False, slots=True)
class ImageListing:
    """All rows of a list with what finds them; made where there is time for it, as a list may have 100,000.

    Attributes
    ----------
    haystacks
        For each row the text that is searched.
    position, keys_of_path
        Of each key its row's number; of each file, as text, its key.
    facets
        Of each facet the values that exist, sorted.
    """

    rows: tuple[ImageRow, ...]
    haystacks: tuple[str, ...]
    position: Mapping[str, int]
    keys_of_path: Mapping[str, str]
    facets: Mapping[Facet, tuple[str, ...]]

    @classmethod
    def of(cls, rows: Iterable[ImageRow]) -> ImageListing:
        """From rows with keys of their own."""
        rows = tuple(rows)
        return cls(
            rows,
            tuple(row.key.casefold() for row in rows),
            {row.key: position for position, row in enumerate(rows)},
            {str(row.path): row.key for row in rows},
            {facet: tuple(sorted({getattr(row, facet) for row in rows})) for facet in FACETS},
        )


@dataclass(frozen=True, slots=True)
class RowState:
    """What is known of one image.

    Attributes
    ----------
    verdict
        `defect`, `good`, `unsure`, or None while nobody decided.
    iou
        In [0, 1], of the mask with the ground truth; None where there is no score.
    error
        Why the file can't be read, or None.
    has_work
        Whether prompts or an accepted mask are kept for it.
    """

    verdict: str | None = None
    iou: float | None = None
    error: str | None = None
    has_work: bool = False


def verdict_word(state: RowState) -> str:
    """The word of the verdict line."""
    return "Can't be read" if state.error is not None else VERDICT_WORDS.get(state.verdict, "Not decided")


def second_line(row: ImageRow, state: RowState) -> str:
    """The verdict, and where the image belongs as far as its name does not say it.

    There is no room for "Not decided" beside a place; the sign before the line says that too.
    """
    place = [part for part in (row.category, row.split if row.split != "test" else "") if part]
    undecided = state.verdict is None and state.error is None
    return " · ".join(place if undecided and place else [verdict_word(state), *place])


def iou_text(iou: float | None) -> str:
    """Two decimals, or a dash where there is no score."""
    return "–" if iou is None else f"{iou:.2f}"


def tooltip(row: ImageRow, state: RowState) -> str:
    """All there is to say about an image, one fact a line."""
    lines = [row.key]
    folders = [f"{title} {value}" for title, value in (("split", row.split), ("defect", row.defect)) if value]
    if folders:
        lines.append(", ".join(folders).capitalize())
    if state.error is not None:
        return "\n".join([*lines, state.error])
    lines.append(verdict_word(state) + (", prompts or masks are kept" if state.has_work else ""))
    if state.iou is not None:
        lines.append(f"IoU {state.iou:.3f} of the last mask with the ground truth")
    elif row.has_ground_truth:
        lines.append("No mask to score yet")
    else:
        lines.append("No ground truth, so no score")
    return "\n".join(lines)
