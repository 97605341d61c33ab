"""What the session knows of masks made in three passes: whether they are, which pass is shown, and what came of it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from sam_inspector.core.co_features import CoFeaturePoints
from sam_inspector.core.prompts import MAP_SOURCES, Prompts
from sam_inspector.core.segmentation import Segmentation
from sam_inspector.engine.requests import CascadeInput
from sam_inspector.prompting.cascade_settings import PASSES


class CascadeState(QObject):
    """The part of the session that is about passes.

    Attributes
    ----------
    three_passes
        Whether prompts made by hand or from the ground truth are answered in three passes.
    co_features
        Where the prompts made from a map come from, or None.
    passes
        The masks after each pass, as long as the mask on screen was made in passes; else empty.
    pass_ious
        The IoU of each, None where it is not defined; of the masks before while `scores_are_current` is False.
    """

    cascade_changed = Signal()
    """Whether and how prompts are answered in passes, or the pass shown; the mask has to be asked for again."""
    three_passes_changed = Signal()
    co_features_changed = Signal()
    passes_changed = Signal()
    """The masks of the passes, or their IoU."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
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
        items = self.prompts_on_screen().items
        if not any(item.can_segment for item in items):
            return None
        if any(item.source in MAP_SOURCES for item in items):
            found = self._made_with
        else:
            found = CascadeInput() if self.three_passes else None
        if found is None or self._shown is None:
            return found
        return replace(found, shown=self._shown)

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

    def _leave_cascade(self) -> None:
        """Another image, or none, is on screen: what was made from the map of the one before is gone."""
        self._made_with = self._shown = None
        self.set_co_features(None)
        self.cascade_changed.emit()
