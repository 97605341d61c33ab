"""The masks of a prompt as cards of the strip: what each is called, and the key that chooses it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QImage

from sam_inspector.core.segmentation import ALL_MASKS
from sam_inspector.ui.candidate_pictures import CandidatePicture
from sam_inspector.ui.panels.candidates import CandidateCard


def candidate_cards(pictures: Sequence[CandidatePicture], *, sort: bool) -> list[CandidateCard]:
    """Name the masks of a prompt, in the order in which they stand; `sort` puts SAM's by their predicted IoU.

    Of a tuned model these are the refined mask and the draft that it was made from, or one mask where it has no draft.
    """
    if not pictures:
        return []
    first, *others = pictures
    if len(pictures) < ALL_MASKS:
        drafts = [_card(picture, "Draft", str(picture.candidate)) for picture in others]
        return [_card(first, "Refined" if drafts else "Single mask", "0"), *drafts]
    ranked = sorted(others, key=lambda picture: -picture.predicted_iou) if sort else others
    cards = [_card(picture, f"Candidate {place}", str(place)) for place, picture in enumerate(ranked, start=1)]
    return [*cards, _card(first, "Single mask", "0")]


def _card(picture: CandidatePicture, title: str, key: str) -> CandidateCard:
    pixels = np.ascontiguousarray(picture.pixels)
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    return CandidateCard(picture.candidate, title, key, image, picture.predicted_iou, picture.chosen)
