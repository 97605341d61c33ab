"""Foregrounds of images with the models at hand: the same embeddings serve foregrounds, maps and clicks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.inspector import Inspector
from sam_inspector.foreground.extraction import ForegroundExtractor
from sam_inspector.foreground.mask_cache import CorrectedMasks, MaskCache, corrections_folder, foregrounds_folder
from sam_inspector.foreground.saliency import Saliency
from sam_inspector.foreground.settings import ForegroundSettings
from sam_inspector.methods.sam2sim import ForegroundChoice
from sam_inspector.models.backbone import never
from sam_inspector.models.foreground_registry import get_foreground_spec
from sam_inspector.models.segmenter import Embedding
from sam_inspector.models.weights import require_weights


class Foregrounds:
    """Finds foregrounds; to be used from the inspector's thread.

    Parameters
    ----------
    inspector
        Its model is asked unless the choice names another, which is loaded beside it.

    Attributes
    ----------
    finder
        Name, weights and precision of what finds foregrounds.

    Raises
    ------
    WeightsError
        When the weights of another model, or of U²-Net, are not there; nothing is fetched.
    ModelError
        When no model is loaded, or another can't be.
    """

    def __init__(
        self, inspector: Inspector, choice: ForegroundChoice, *, cancelled: Callable[[], bool] = never
    ) -> None:
        self.choice = choice
        self._cancelled = cancelled
        self._image: LoadedImage | None = None
        self._saliency: Saliency | None = None
        self._inspector = inspector
        if choice.settings.mode == "u2net":
            self._saliency = _saliency(cancelled)
            self.finder = self._saliency.identity
            return
        in_use = inspector.segmenter
        if choice.model not in ("", in_use.spec.name):
            self._inspector = inspector.beside()
            device = "cpu" if in_use.device.device == "cpu" else "auto"
            self._inspector.load_model(choice.model, device=device, cancelled=cancelled)
        else:
            # A tuned model looks for defects.
            self._inspector = inspector.untuned()
        spec, device_choice = self._inspector.segmenter.spec, self._inspector.segmenter.device
        self.finder = f"{spec.name} {spec.sha256} {device_choice.precision}"

    @property
    def how(self) -> str:
        """Mode and model in a few words."""
        return f"{self.choice.settings.mode} by {self.finder.partition(' ')[0].partition(':')[0]}"

    def extractor(self, settings: ForegroundSettings | None = None, *, corrected: bool = True) -> ForegroundExtractor:
        """What finds them, by the choice's settings or by others of its mode.

        Parameters
        ----------
        corrected
            Whether a person's corrections come first.
        """
        return ForegroundExtractor(
            settings or self.choice.settings,
            segmenter=None if self._saliency is not None else self._inspector.segmenter,
            embed=self._embed,
            saliency=self._saliency,
            cache=MaskCache(foregrounds_folder()),
            corrections=CorrectedMasks(corrections_folder()) if corrected else None,
        )

    @contextmanager
    def looking_at(self, image: LoadedImage) -> Iterator[None]:
        """While the pixels of this very image are looked at, its embedding is kept for others."""
        self._image = image
        try:
            yield
        finally:
            self._image = None

    def _embed(self, pixels: NDArray[np.uint8]) -> Embedding:
        if self._image is not None and pixels is self._image.pixels:
            return self._inspector.embed(self._image, cancelled=self._cancelled).embedding
        return self._inspector.segmenter.embed(pixels, cancelled=self._cancelled)


def _saliency(cancelled: Callable[[], bool]) -> Saliency:
    from sam_inspector.models.u2net import load_u2net

    require_weights(get_foreground_spec("u2netp"))
    network = load_u2net(cancelled=cancelled)
    return Saliency(network.identity, lambda pixels: network.foreground(pixels, cancelled=cancelled))


def with_identity(image: LoadedImage, pixels: NDArray[np.uint8], image_id: str) -> LoadedImage:
    """Other pixels in an image's place: another image to whoever remembers embeddings."""
    return replace(image, pixels=np.ascontiguousarray(pixels, np.uint8), image_id=image_id)
