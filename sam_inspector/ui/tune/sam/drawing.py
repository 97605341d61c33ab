"""The masks of a held-out image, each drawn over the part of the image where its defects are; on the file thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from sam_inspector.core.errors import SamInspectorError
from sam_inspector.data.images import read_image
from sam_inspector.engine.requests import PreviewMask
from sam_inspector.ui import theme
from sam_inspector.ui.file_thread import LOW, FileState

PICTURE_PX = 320
"""Longest side of a picture: more than is shown, for screens of high resolution."""
FILL = 0.4
LINE_PX = 4.0
"""Of outlines: about half of it once the picture is shown."""
ROOM = 0.35
"""Of the defects' extent, left around them."""
LEAST_SHARE = 0.2
"""Of the image's longer side, shown at least."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False, slots=True)
class MaskPictures:
    """One picture for each mask; all show the same part of the image. Empty where it can't be read any more."""

    before: QImage
    refined: QImage
    draft: QImage | None = None


@dataclass(frozen=True, eq=False)
class DrawMasks:
    """Draw the masks that a network which is still being tuned gives for a held-out image."""

    priority: ClassVar[int] = LOW
    newest_only: ClassVar[bool] = False
    preview: PreviewMask

    def run(self, state: FileState) -> MaskPictures:
        """Draw them."""
        preview = self.preview
        try:
            pixels = read_image(preview.path).pixels
        except SamInspectorError:
            return MaskPictures(QImage(), QImage())
        masks = [preview.zero_shot, preview.mask, preview.ground_truth]
        masks += [] if preview.draft is None else [preview.draft]
        if any(mask.shape != pixels.shape[:2] for mask in masks):
            return MaskPictures(QImage(), QImage())  # another file lies there by now
        box = window(np.logical_or.reduce(masks))
        base = _part(pixels, box)
        draft = None if preview.draft is None else mask_picture(base, preview.draft, preview.ground_truth, box)
        return MaskPictures(
            mask_picture(base, preview.zero_shot, preview.ground_truth, box),
            mask_picture(base, preview.mask, preview.ground_truth, box),
            draft,
        )


def window(mask: NDArray[np.bool_]) -> Box:
    """The part of an image, `(x0, y0, x1, y1)` with the maximum outside, that shows a mask with room around it.

    Its sides are as those of the image; all of it where the mask is empty.
    """
    height, width = mask.shape
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(xs):
        return 0, 0, width, height
    shares = (np.ptp(xs) + 1) / width, (np.ptp(ys) + 1) / height
    share = min(1.0, max(LEAST_SHARE, (1 + 2 * ROOM) * max(shares)))
    columns, rows = max(1, round(share * width)), max(1, round(share * height))
    x0 = int(min(max(0, (xs[0] + xs[-1] + 1 - columns) // 2), width - columns))
    y0 = int(min(max(0, (ys[0] + ys[-1] + 1 - rows) // 2), height - rows))
    return x0, y0, x0 + columns, y0 + rows


def mask_picture(base: NDArray[np.uint8], mask: NDArray[np.bool_], truth: NDArray[np.bool_], box: Box) -> QImage:
    """Draw a mask, filled and outlined, and the ground truth, dashed.

    Parameters
    ----------
    base
        uint8 `(h, w, 3)`, RGB: the part of the image in `box`, at the size of the picture.
    mask, truth
        bool `(H, W)`, of the whole image.
    """
    size = (base.shape[1], base.shape[0])
    found, true = _scaled(mask, box, size), _scaled(truth, box, size)
    tinted = base.copy()
    colour = QColor(theme.MASK)
    tinted[found] = (1 - FILL) * base[found] + FILL * np.array([colour.red(), colour.green(), colour.blue()])
    picture = QImage(tinted.data, size[0], size[1], 3 * size[0], QImage.Format.Format_RGB888).copy()
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _outline(painter, found, QPen(colour, LINE_PX))
    halo = QColor(theme.HALO)
    halo.setAlpha(150)
    _outline(painter, true, QPen(halo, LINE_PX + 2))
    dashes = QPen(QColor(theme.GROUND_TRUTH), LINE_PX - 0.5)
    dashes.setDashPattern([3.0, 2.0])
    _outline(painter, true, dashes)
    painter.end()
    return picture


def _part(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = box
    part = pixels[y0:y1, x0:x1]
    scale = PICTURE_PX / max(part.shape[:2])
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(part, size, interpolation=how), np.uint8)


def _scaled(mask: NDArray[np.bool_], box: Box, size: tuple[int, int]) -> NDArray[np.bool_]:
    x0, y0, x1, y1 = box
    part = np.ascontiguousarray(mask[y0:y1, x0:x1], np.float32)
    how = cv2.INTER_AREA if part.shape[1] > size[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, size, interpolation=how) >= 0.5)


def _outline(painter: QPainter, mask: NDArray[np.bool_], pen: QPen) -> None:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    for contour in contours:
        points = contour.reshape(-1, 2)
        painter.drawPolygon(QPolygonF([QPointF(x + 0.5, y + 0.5) for x, y in points.tolist()]))
