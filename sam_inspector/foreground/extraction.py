"""The one door to foregrounds: pixels in, a foreground out, by whatever mode is set.

Nothing but pixels can be given. A mask that was made for an image before its background was exchanged has no way in,
neither by hand nor through the cache, whose keys are made from the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import Prompts
from sam_inspector.foreground.amg_union import find_amg_union
from sam_inspector.foreground.box_center import find_box_center
from sam_inspector.foreground.clean_up import clean_up
from sam_inspector.foreground.manual import find_manual, scaled_prompts
from sam_inspector.foreground.mask_cache import CorrectedMasks, ForegroundKey, MaskCache, pixels_id
from sam_inspector.foreground.point_grid import find_point_grid
from sam_inspector.foreground.result import ForegroundResult, judged
from sam_inspector.foreground.saliency import Saliency, find_salient
from sam_inspector.foreground.settings import ForegroundMode, ForegroundSettings
from sam_inspector.models.backbone import never

if TYPE_CHECKING:
    from sam_inspector.models.segmenter import Embedding, Segmenter

Embed = Callable[[NDArray[np.uint8]], "Embedding"]


@dataclass(frozen=True, slots=True)
class ManualPrompts:
    """What a person asks SAM for in every image of a category.

    Attributes
    ----------
    prompts
        In the pixels of the image they were made on.
    size
        `(height, width)` of that image; for another size they are scaled.
    """

    prompts: Prompts
    size: tuple[int, int]


class ForegroundExtractor:
    """Finds the foreground of images of one category.

    Parameters
    ----------
    segmenter
        For the modes that ask SAM.
    embed
        From pixels to their embedding, where the caller keeps embeddings; else the segmenter's own.
    manual
        For mode `manual`.
    saliency
        For mode `u2net`.
    cache, corrections
        Where foregrounds are kept; None for nowhere.

    Raises
    ------
    InputError
        When the mode lacks what it needs.
    """

    def __init__(
        self,
        settings: ForegroundSettings,
        *,
        segmenter: Segmenter | None = None,
        embed: Embed | None = None,
        manual: ManualPrompts | None = None,
        saliency: Saliency | None = None,
        cache: MaskCache | None = None,
        corrections: CorrectedMasks | None = None,
    ) -> None:
        self.settings = settings
        self._segmenter = segmenter
        self._embed = embed
        self._manual = manual
        self._saliency = saliency
        self._cache = cache
        self._corrections = corrections
        self._mode = _MODES[settings.mode]
        for name, given in (("segmenter", segmenter), ("manual", manual), ("saliency", saliency)):
            if name in self._mode.needs and given is None:
                raise InputError(_MISSING[name])

    def find(self, pixels: NDArray[np.uint8], *, cancelled: Callable[[], bool] = never) -> ForegroundResult:
        """Find the foreground of an image; a correction of a person's comes first, then what is kept.

        Parameters
        ----------
        pixels
            uint8 `(H, W, 3)`, RGB.
        cancelled
            Looked at between questions.

        Raises
        ------
        Cancelled
            When `cancelled` said so.
        ModelError
            When the device ran out of memory.
        PromptError
            When prompts made by hand lie outside the image or ask for nothing.
        StoreError
            When a correction can't be read.
        """
        height, width = pixels.shape[:2]
        name = pixels_id(pixels)
        if self._corrections is not None:
            drawn = self._corrections.get(name, height, width)
            if drawn is not None:
                return judged(drawn, self.settings.mode, corrected=True)
        key = self._key(name, height, width)
        found = None if self._cache is None else self._cache.get(key, height, width)
        if found is None:
            seen = min(height, width) >= self.settings.least_side_px or not self._mode.looks
            found = self._mode.find(self, pixels, cancelled) if seen else np.zeros((height, width), bool)
            if self._mode.needs:
                found = clean_up(found, self.settings.clean_up)
                if self._cache is not None:
                    self._cache.put(key, found)
        return judged(found, self.settings.mode)

    def is_kept(self, pixels: NDArray[np.uint8]) -> bool:
        """Whether `find` need not look at the image, uint8 `(H, W, 3)`: its foreground is corrected, or kept."""
        height, width = pixels.shape[:2]
        name = pixels_id(pixels)
        if self._corrections is not None and name in self._corrections:
            return True
        return self._cache is not None and self._cache.get(self._key(name, height, width), height, width) is not None

    def _key(self, name: str, height: int, width: int) -> ForegroundKey:
        model, prompts = "", Prompts()
        if "segmenter" in self._mode.needs and self._segmenter is not None:
            spec, device = self._segmenter.spec, self._segmenter.device
            model = f"{spec.name} {spec.sha256} {device.precision}"
        if "saliency" in self._mode.needs and self._saliency is not None:
            model = self._saliency.identity
        if "manual" in self._mode.needs and self._manual is not None:
            prompts = scaled_prompts(self._manual.prompts, self._manual.size, (height, width))
        return ForegroundKey(name, model, self.settings, prompts)

    def _embedding(self, pixels: NDArray[np.uint8], cancelled: Callable[[], bool]) -> tuple[Segmenter, Embedding]:
        assert self._segmenter is not None
        if self._embed is not None:
            return self._segmenter, self._embed(pixels)
        return self._segmenter, self._segmenter.embed(pixels, cancelled=cancelled)

    def _by_point_grid(self, pixels: NDArray[np.uint8], cancelled: Callable[[], bool]) -> NDArray[np.bool_]:
        return find_point_grid(*self._embedding(pixels, cancelled), self.settings.point_grid, cancelled=cancelled)

    def _by_box_center(self, pixels: NDArray[np.uint8], cancelled: Callable[[], bool]) -> NDArray[np.bool_]:
        return find_box_center(*self._embedding(pixels, cancelled), self.settings.box_center)

    def _by_amg_union(self, pixels: NDArray[np.uint8], cancelled: Callable[[], bool]) -> NDArray[np.bool_]:
        settings = self.settings
        asked = self._embedding(pixels, cancelled)
        return find_amg_union(*asked, settings.automatic, settings.most_sides, cancelled=cancelled)

    def _by_hand(self, pixels: NDArray[np.uint8], cancelled: Callable[[], bool]) -> NDArray[np.bool_]:
        assert self._manual is not None
        height, width = pixels.shape[:2]
        prompts = scaled_prompts(self._manual.prompts, self._manual.size, (height, width))
        return find_manual(*self._embedding(pixels, cancelled), prompts)

    def _by_saliency(self, pixels: NDArray[np.uint8], cancelled: Callable[[], bool]) -> NDArray[np.bool_]:
        assert self._saliency is not None
        return find_salient(self._saliency, pixels, self.settings.saliency_threshold)

    def _whole(self, pixels: NDArray[np.uint8], cancelled: Callable[[], bool]) -> NDArray[np.bool_]:
        return np.ones(pixels.shape[:2], bool)


_Find = Callable[[ForegroundExtractor, NDArray[np.uint8], Callable[[], bool]], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class _Mode:
    find: _Find
    needs: frozenset[str]
    looks: bool = True  # for the object by itself, where no person says what it is


_MODES: Mapping[ForegroundMode, _Mode] = {
    "point_grid": _Mode(ForegroundExtractor._by_point_grid, frozenset({"segmenter"})),
    "box_center": _Mode(ForegroundExtractor._by_box_center, frozenset({"segmenter"})),
    "amg_union": _Mode(ForegroundExtractor._by_amg_union, frozenset({"segmenter"})),
    "manual": _Mode(ForegroundExtractor._by_hand, frozenset({"segmenter", "manual"}), looks=False),
    "u2net": _Mode(ForegroundExtractor._by_saliency, frozenset({"saliency"})),
    "none": _Mode(ForegroundExtractor._whole, frozenset(), looks=False),
}
_MISSING = {
    "segmenter": "Foregrounds of this mode come from a SAM model: choose a model.",
    "manual": "The foreground by hand has no prompts yet: draw a box or click on the object.",
    "saliency": "Foregrounds by U²-Net need its weights: fetch them, or choose another way to find foregrounds.",
}
