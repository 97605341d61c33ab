"""The few-shot branch of a text-guided map: how far CLIP's middle tokens lie from those of a few normal images.

Source: Chen et al. 2023 (APRIL-GAN): the tokens of each tap are compared with all of the references' at that tap,
1 - cosine of the nearest; stretched and combined over the taps, and added to the zero-shot map. Deviation: of more
reference tokens than `BANK_TOKENS` a tap an even draw is kept, to bound memory.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sam_inspector.anomaly.memory_bank import nearest_distance
from sam_inspector.core.errors import InputError
from sam_inspector.models.clip import ClipFeatures

BANK_TOKENS = 65_536
"""The most tokens kept a tap: 134 MB of ViT-L/14's."""


class ClipMemory:
    """The tokens of normal images, tap by tap.

    Parameters
    ----------
    references
        Descriptions of the images by one CLIP model, at one size.
    rng
        Draws the tokens that are kept where there are too many.

    Raises
    ------
    InputError
        Without a reference.
    """

    def __init__(self, references: Iterable[ClipFeatures], rng: np.random.Generator) -> None:
        held: list[list[Tensor]] = []
        owners: list[Tensor] = []
        for number, features in enumerate(references):
            held.append([functional.normalize(tap.float(), dim=1).to(torch.bfloat16) for tap in features.taps])
            owners.append(torch.full((len(features.taps[0]),), number))
        if not held:
            raise InputError("No normal image was chosen to compare with: choose at least one.")
        self.references = len(held)
        self._owners = torch.cat(owners)
        kept: Tensor | None = None
        if len(self._owners) > BANK_TOKENS:
            kept = torch.from_numpy(np.sort(rng.permutation(len(self._owners))[:BANK_TOKENS]))
            self._owners = self._owners[kept]
        self._banks = [torch.cat(tap) if kept is None else torch.cat(tap)[kept] for tap in zip(*held, strict=True)]

    def distances(self, features: ClipFeatures, size: tuple[int, int], *, without: int | None = None) -> list[Tensor]:
        """How far each place lies from everything normal, a map a tap.

        Parameters
        ----------
        size
            `(H, W)` of the maps.
        without
            Number of the reference that is this very image: it is not compared with itself.

        Returns
        -------
        list of Tensor
            float32 `(H, W)` each, in [0, 2].

        Raises
        ------
        InputError
            When the only reference is left out.
        """
        others = None if without is None else self._owners != without
        if others is not None and not bool(others.any()):
            raise InputError("The only normal image to compare with is this image itself: choose others as well.")
        maps = []
        for tap, bank in zip(features.taps, self._banks, strict=True):
            tokens = bank if others is None else bank[others.to(bank.device)]
            distance = nearest_distance(functional.normalize(tap.float(), dim=1), tokens)
            plane = distance.reshape(1, 1, *features.grid)
            maps.append(functional.interpolate(plane, size, mode="bilinear", align_corners=True)[0, 0])
        return maps
