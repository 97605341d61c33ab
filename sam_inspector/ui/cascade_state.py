"""What the session knows of the way from prompts to a mask: what of a map goes with them, and the three passes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from sam_inspector.core.co_features import CoFeaturePoints
from sam_inspector.core.prompts import MAP_SOURCES, Prompts
from sam_inspector.core.segmentation import Segmentation
from sam_inspector.engine.requests import CascadeInput, MapInput
from sam_inspector.prompting.cascade_settings import PASSES


@dataclass(frozen=True, eq=False, slots=True)
class _Way:
    """How prompts made from a map are answered, and the pass a person chose."""

    map_input: MapInput | None
    made_with: CascadeInput | None
    shown: int | None


class CascadeState(QObject):
    """The part of the session that is about maps for SAM and about passes.

    Attributes
    ----------
    map_input
        What SAM gets of a map along with the prompts made from it.
    three_passes
        Whether prompts made by hand or from the ground truth are answered in three passes.
    co_features
        Where the prompts made from a map come from, or None.
    passes
        The masks after each pass, as long as the mask on screen was made in passes; else empty.
    pass_ious
        The IoU of each, None where it is not defined; of the masks before while `scores_are_current` is False.
    """

    map_input_changed = Signal()
    """What SAM gets of a map along with the prompts made from it."""
    cascade_changed = Signal()
    """Whether and how prompts are answered in passes, or the pass shown; the mask has to be asked for again."""
    three_passes_changed = Signal()
    co_features_changed = Signal()
    passes_changed = Signal()
    """The masks of the passes, or their IoU."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._image_id = ""
        self._ways: dict[str, _Way] = {}
        self._knows_way = False
        self.map_input: MapInput | None = None
        self._made_with: CascadeInput | None = None
        self._shown: int | None = None
        self.three_passes = False
        self.co_features: CoFeaturePoints | None = None
        self.passes: tuple[Segmentation, ...] = ()
        self.pass_ious: tuple[float | None, ...] = ()

    def prompts_on_screen(self) -> Prompts:
        """The prompts being worked on."""
        raise NotImplementedError

    @property
    def cascade(self) -> CascadeInput | None:
        """How the prompts on screen are answered; None is one pass.

        The rule: prompts that were made from a map go the way they were made for (`set_cascade`), also once a person
        has edited them; all others go by the choice of `three_passes`.
        """
        return self.way_of(self.prompts_on_screen())

    def way_of(self, prompts: Prompts) -> CascadeInput | None:
        """How such prompts of the image on screen are answered, by the rule of `cascade`."""
        if not any(item.can_segment for item in prompts.items):
            return None
        by_choice = CascadeInput() if self.three_passes else None
        found = self._made_with if _are_from_map(prompts) else by_choice
        if found is None or self._shown is None:
            return found
        return replace(found, shown=self._shown)

    @property
    def knows_way(self) -> bool:
        """Whether prompts were made from a map of this image in this sitting."""
        return self._knows_way

    @property
    def lacks_map(self) -> bool:
        """Whether the prompts on screen were made from a map that is gone, with an earlier sitting or another file."""
        return self._is_from_map() and not self._knows_way

    @property
    def regions_on_screen(self) -> CoFeaturePoints | None:
        """Where the prompts on screen come from; None too where none of them is from a map."""
        return self.co_features if self._is_from_map() else None

    def _is_from_map(self) -> bool:
        return _are_from_map(self.prompts_on_screen())

    def set_map_input(self, map_input: MapInput | None) -> None:
        """Give SAM another map, or none, along with the prompts made from it; it is remembered with the image."""
        self.map_input, self._knows_way = map_input, True
        self.map_input_changed.emit()

    def set_cascade(self, cascade: CascadeInput | None) -> None:
        """How prompts made from the map of this image are answered; it says nothing of other prompts."""
        if cascade is not self._made_with:
            self._made_with = cascade
            self.cascade_changed.emit()

    def set_three_passes(self, three_passes: bool) -> None:
        """Answer prompts made by hand or from the ground truth in three passes, or in one."""
        if three_passes != self.three_passes:
            self.three_passes = three_passes
            self.three_passes_changed.emit()
            self.cascade_changed.emit()

    def show_pass(self, number: int) -> None:
        """Let the mask after this pass, 1 to 3, count on the image on screen; another image begins with the last."""
        cascade = self.cascade
        if cascade is not None and 1 <= number <= PASSES and number != cascade.shown:
            self._shown = number
            self.cascade_changed.emit()

    def set_co_features(self, co_features: CoFeaturePoints | None) -> None:
        """Say where the points on screen come from."""
        if co_features is not self.co_features:
            self.co_features = co_features
            self.co_features_changed.emit()

    def set_passes(self, passes: tuple[Segmentation, ...]) -> None:
        """The masks of the passes asked for have come; empty for a mask made in one."""
        self.passes = passes
        if not passes:
            self.pass_ious = ()
        self.passes_changed.emit()

    def set_pass_ious(self, ious: tuple[float | None, ...]) -> None:
        """The scores of the passes have come."""
        self.pass_ious = ious
        self.passes_changed.emit()

    def _leave_cascade(self, image_id: str = "") -> None:
        """Another image, or none, is on screen.

        Prompts made from its map in this sitting are answered as they were then: looking at an image changes no mask.
        """
        if self._knows_way:
            self._ways[self._image_id] = _Way(self.map_input, self._made_with, self._shown)
        way = self._ways.get(image_id)
        self._image_id, self._knows_way = image_id, way is not None
        known = way or _Way(None, None, None)
        self.map_input, self._made_with, self._shown = known.map_input, known.made_with, known.shown
        self.set_co_features(None)
        self.cascade_changed.emit()

    def _forget_way(self, image_id: str) -> None:
        """The prompts of an image are no longer in memory."""
        self._ways.pop(image_id, None)

    def _forget_ways(self) -> None:
        self._ways.clear()


def _are_from_map(prompts: Prompts) -> bool:
    return any(item.source in MAP_SOURCES for item in prompts.items)
