"""What the images of a run come to: its rows in the order of the run, and what they mean for each category."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.engine.category_rows import category_row
from sam_inspector.engine.image_rows import ImageRow, ModeResult
from sam_inspector.engine.journal import FinishedImage
from sam_inspector.engine.loco_scoring import SproKind
from sam_inspector.engine.modes import AUTOMATIC_MODES
from sam_inspector.engine.run_places import Key

Group = tuple[str, str]
"""Category and mode."""


class RunTally:
    """Adds up finished images.

    Parameters
    ----------
    order
        All images of the run, in the order of its results.
    """

    def __init__(self, order: Iterable[Key]) -> None:
        self._order = tuple(order)
        self._finished: dict[Key, Sequence[ModeResult]] = {}
        self._tallies: dict[Group, PixelTally] = {}
        self._spro: dict[Group, dict[SproKind, PixelTally]] = {}
        self._spro_problems: dict[Group, list[str]] = {}
        self._remarks: dict[str, dict[str, None]] = {}
        self._rows: dict[Group, dict[str, Any]] = {}

    def __contains__(self, key: Key) -> bool:
        """Whether an image is finished."""
        return key in self._finished

    def take(self, finished: FinishedImage) -> None:
        """Add one image, which must not be there yet."""
        category = finished.key[0]
        if finished.remarks:
            self._remarks.setdefault(category, {}).update(dict.fromkeys(finished.remarks))
            for group in [group for group in self._rows if group[0] == category]:
                del self._rows[group]
        for result in finished.results:
            group = (category, result.row.mode)
            self._rows.pop(group, None)  # which another image changes
            if result.tally is not None:
                known = self._tallies.get(group)
                self._tallies[group] = result.tally if known is None else known + result.tally
            if result.spro is not None and result.spro.pixels is None:
                self._spro_problems.setdefault(group, []).append(result.spro.problem or "")
            elif result.spro is not None and result.spro.pixels is not None:
                kinds = self._spro.setdefault(group, {})
                before = kinds.get(result.spro.kind)
                kinds[result.spro.kind] = result.spro.pixels if before is None else before + result.spro.pixels
        # The counts of one image may take megabytes, and only their sum is needed from here on.
        self._finished[finished.key] = [replace(result, tally=None, spro=None) for result in finished.results]

    def results(self) -> list[ModeResult]:
        """All results, by image and mode, in the order of the run."""
        return [result for key in self._order for result in self._finished.get(key, ())]

    def categories(self, rows: Sequence[ImageRow]) -> list[dict[str, Any]]:
        """The rows `categories` of `results.json`.

        Parameters
        ----------
        rows
            Those of `results`.
        """
        groups: dict[Group, list[ImageRow]] = {}
        for row in rows:
            groups.setdefault((row.category, row.mode), []).append(row)
        for group, of_group in groups.items():
            if group not in self._rows:
                self._rows[group] = category_row(
                    *group,
                    of_group,
                    self._tallies.get(group),
                    self._spro.get(group, {}),
                    spro_problems=self._spro_problems.get(group, ()),
                    remarks=self._remarks.get(group[0], ()) if group[1] in AUTOMATIC_MODES else None,
                )
        return [self._rows[group] for group in groups]

    def curves(self) -> list[dict[str, Any]]:
        """ROC, precision over recall, and per-region overlap of each category and mode, as `curves.json` has them."""
        found = []
        for group in dict.fromkeys((result.row.category, result.row.mode) for result in self.results()):
            curves = self._tallies[group].curves() if group in self._tallies else None
            if curves is not None:
                found.append({"category": group[0], "mode": group[1], **asdict(curves)})
        return found
