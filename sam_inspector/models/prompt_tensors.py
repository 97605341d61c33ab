"""Prompts as SAM's prompt encoder takes them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False, slots=True)
class PromptTensors:
    """Prompts of one image that are alike: all have as many points, and all or none a box and a mask.

    Attributes
    ----------
    points, labels
        float32 `(B, P, 2)` in the model's frame, and int64 `(B, P)`; None without.
    boxes
        float32 `(B, 4)` in the model's frame; None without.
    masks
        Logits float32 `(B, 1, 256, 256)`; None without.
    """

    points: Tensor | None = None
    labels: Tensor | None = None
    boxes: Tensor | None = None
    masks: Tensor | None = None
