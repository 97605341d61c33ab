"""Which outline suits a category: learnt from its normal images, whose objects miss nothing.

A gap in an object shows the ground, so an exact foreground cuts the gap away, and with it the defect. Where normal
objects fill their convex hull, the hull gives it back and takes in hardly any ground: cookies and hazelnuts fill
98 % of it in the median. A screw or several things side by side do not; there the contour stays as it was found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sam_inspector.foreground.clean_up import convex
from sam_inspector.foreground.settings import ForegroundSettings, Outline

CONVEX_FROM = 0.95


def convexity(mask: NDArray[np.bool_]) -> float:
    """The share of its convex hull that a mask, bool `(H, W)`, fills; 0 for an empty one."""
    hull = int(convex(mask).sum())
    return float(mask.sum()) / hull if hull else 0.0


def fitting_outline(masks: Iterable[NDArray[np.bool_]], *, least: float = CONVEX_FROM) -> Outline:
    """The outline for a category.

    Parameters
    ----------
    masks
        Foregrounds of normal images, bool `(H, W)` each, found with `outline` as found.
    least
        From this median share of the hull on, it is taken.
    """
    shares = [convexity(mask) for mask in masks]
    return "convex" if shares and float(np.median(shares)) >= least else "as_found"


def with_outline(settings: ForegroundSettings, outline: Outline) -> ForegroundSettings:
    """The same settings with another outline."""
    return replace(settings, clean_up=replace(settings.clean_up, outline=outline))
