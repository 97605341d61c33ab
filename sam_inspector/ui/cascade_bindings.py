"""Passes and views: the strip of masks, the choice of three passes, and where generated points come from."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QImage

from sam_inspector.core.co_features import CoFeaturePoints
from sam_inspector.core.prompts import POSITIVE, Prompts
from sam_inspector.ui.candidate_pictures import PassPicture
from sam_inspector.ui.canvas.overlays import RegionsOverlay
from sam_inspector.ui.compute_thread import SegmentedView
from sam_inspector.ui.panels.metric_texts import estimate_text, estimate_words
from sam_inspector.ui.panels.passes import PassCard
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session
from sam_inspector.ui.views import Views

GIVEN = (
    "SAM's answer to the prompts",
    "SAM's answer to the prompts and its own first mask",
    "SAM's answer to the prompts, its second mask and a box around that",
)
GIVEN_BOXES = (*GIVEN[:2], "SAM's answer to the prompts, their own boxes among them, and its second mask")


class CascadeBindings(QObject):
    """Connects what the session knows of passes to the canvas and the panels."""

    def __init__(self, session: Session, presenter: Presenter, views: Views, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._views = views
        self._pictures: tuple[PassPicture, ...] = ()
        self._titles, self._given = pass_titles(Prompts()), GIVEN
        self._regions: CoFeaturePoints | None = None
        presenter.mask_painted.connect(self._take_pictures)
        session.passes_changed.connect(self._show_passes)
        session.mask_changed.connect(self._show_passes)
        session.scores_changed.connect(self._show_passes)
        session.cascade_changed.connect(self._show_passes)
        session.three_passes_changed.connect(self._show_choice)
        session.co_features_changed.connect(self._show_regions)
        session.work_changed.connect(self._show_regions)
        for changed in (session.work_changed, session.cascade_changed, session.map_input_changed):
            changed.connect(self._show_way)
        views.passes.pass_chosen.connect(session.show_pass)
        views.prompts.three_passes_chosen.connect(session.set_three_passes)
        self._show_choice()

    # --- the strip ------------------------------------------------------------------------------------------------

    @Slot(object)
    def _take_pictures(self, view: SegmentedView) -> None:
        self._pictures = view.passes
        prompts = view.segmented.request.prompts
        self._titles, self._given = pass_titles(prompts), GIVEN_BOXES if _all_boxed(prompts) else GIVEN
        self._show_passes()

    @Slot()
    def _show_passes(self) -> None:
        session, strip = self._session, self._views.passes
        has_passes = bool(session.passes) and len(self._pictures) == len(session.passes)
        if has_passes:
            strip.set_passes([self._card(number) for number in range(1, len(self._pictures) + 1)])
            strip.set_stale(session.mask_status != "ready", not session.scores_are_current and self._has_truth())
        self._views.masks.show_passes(has_passes)

    def _has_truth(self) -> bool:
        opened = self._session.opened
        return opened is not None and opened.ground_truth is not None

    def _card(self, number: int) -> PassCard:
        picture, cascade = self._pictures[number - 1], self._session.cascade
        given = f"{self._given[number - 1]} ({number})"
        if self._has_truth():
            ious = self._session.pass_ious
            value = ious[number - 1] if number <= len(ious) else None
            words = "—" if value is None else f"{value:.3f}"
            meaning = "not defined: mask and ground truth are both empty" if value is None else f"{words} with the GT"
            caption, tip = "IoU", f"{given}. IoU {meaning}."
        else:
            value = picture.predicted_iou
            words = "—" if value is None else estimate_text(value)
            expected = "—" if value is None else estimate_words(value)
            caption = "predicted IoU"
            tip = f"{given}. SAM itself expects an IoU of {expected}, the mean over the prompts."
        shown = cascade is not None and cascade.shown == number
        return PassCard(number, self._titles[number - 1], _image(picture), caption, words, tip, shown)

    # --- the choice and the points --------------------------------------------------------------------------------

    @Slot()
    def _show_choice(self) -> None:
        self._views.prompts.set_three_passes(self._session.three_passes)

    @Slot()
    def _show_way(self) -> None:
        self._views.prompts.set_way(self._session.cascade is not None, self._session.lacks_map)

    @Slot()
    def _show_regions(self) -> None:
        points, opened, canvas = self._session.regions_on_screen, self._session.opened, self._views.canvas
        if points is self._regions:
            return
        self._regions = points
        overlay, notes = None, {}
        if points is not None and opened is not None:
            overlay = RegionsOverlay.from_masks(points.extreme, points.ring, (opened.image.width, opened.image.height))
            notes = {
                (scored.point, scored.label): _note(scored.label, scored.score)
                for region in points.regions
                for scored in region
            }
        canvas.set_regions(overlay)
        canvas.set_point_notes(notes)
        self._views.layers.set_present("regions", overlay is not None and overlay.raster is not None)


def pass_titles(prompts: Prompts) -> tuple[str, str, str]:
    """What each pass begins with, or adds to the one before."""
    begins_with_box = any(item.box is not None for item in prompts.decodable)
    third = "3 + logits" if _all_boxed(prompts) else "3 + box"
    return ("1 Prompt" if begins_with_box else "1 Points", "2 + logits", third)


def _all_boxed(prompts: Prompts) -> bool:
    """Whether all prompts have boxes of their own, which they keep in the last pass."""
    return bool(prompts.decodable) and all(item.box is not None for item in prompts.decodable)


def _note(label: int, score: float) -> str:
    return f"Positive · map {score:.3g}" if label == POSITIVE else f"Negative · similarity {score:.2f}"


def _image(picture: PassPicture) -> QImage:
    pixels = np.ascontiguousarray(picture.pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
