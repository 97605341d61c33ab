"""Text-guided maps: which parts of an image CLIP finds nearer to “damaged” than to “flawless”.

Sources: Chen et al. 2023 (APRIL-GAN) for the maps with trained linear layers and for the image score; Jeong et al. 2023
(WinCLIP) for the ensemble of sentences.

Differences. Without trained layers the tokens go through CLIP's own last norm and projection, from every tap: a rough
map that needs no training. With `combine="mean"` the map is the mean over the taps, in [0, 1]. APRIL-GAN scales the
highest value of the few-shot branch by the smallest and largest of all test images; a single image has no others, so
here it is measured by what the normal images themselves reach, and one half means as much as they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sam_inspector.anomaly.clip_adapter import ABNORMAL, TEMPERATURE, ClipAdapter, tap_probabilities
from sam_inspector.anomaly.clip_few_shot import ClipMemory
from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.few_shot import CALIBRATION_IMAGES, MAP_SIDE
from sam_inspector.core.calibration import Calibration
from sam_inspector.core.errors import InputError
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.models.backbone import never
from sam_inspector.models.clip import ClipFeatures, ClipModel

MAP_NAME = "CLIP"
LEAST_USUAL = 1e-6


def text_embeddings(
    clip: ClipModel, texts: TextPrompts, object_name: str, *, cancelled: Callable[[], bool] = never
) -> Tensor:
    """The ensemble of the sentences about an object.

    Returns
    -------
    Tensor
        float32 `(2, D)`, rows of length 1: normal, abnormal. Each is the mean of its sentences' embeddings.

    Raises
    ------
    InputError
        For texts or a name that make no sentences, or too long ones.
    Cancelled
        When `cancelled` said so.
    """
    rows = [
        functional.normalize(clip.encode_text(sentences, cancelled=cancelled).mean(dim=0), dim=0)
        for sentences in texts.sentences(object_name)
    ]
    return torch.stack(rows)


def map_size(size: tuple[int, int]) -> tuple[int, int]:
    """`(H, W)` of the map of an image of `(height, width)`: its longest side is `MAP_SIDE`."""
    scale = MAP_SIDE / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


class ClipDetector:
    """Maps images by sentences, and by a few normal images where there are any. Every map is independent of the others.

    Parameters
    ----------
    adapter
        Trained linear layers; None takes CLIP's own projection.
    references
        Descriptions of normal images, for the few-shot branch.
    names
        What they are called.
    probe
        One more view of a single reference, which is not compared with and tells how far normal images lie apart.

    Attributes
    ----------
    texts
        float32 `(2, D)`: the embeddings of normal and abnormal.
    calibration
        The references' own maps, each made without the tokens of its image, of a single one the map of the probe;
        None without references.
    """

    def __init__(
        self,
        clip: ClipModel,
        settings: ClipSettings,
        adapter: ClipAdapter | None = None,
        references: Sequence[ClipFeatures] = (),
        names: tuple[str, ...] = (),
        *,
        probe: ClipFeatures | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> None:
        settings.check()
        self.settings = settings
        self.model = clip.spec.name
        self.texts = text_embeddings(clip, settings.texts, settings.object_name, cancelled=cancelled)
        self.calibration: Calibration | None = None
        self._adapter = adapter
        self._memory: ClipMemory | None = None
        if references:
            self._memory = ClipMemory(references, np.random.default_rng(0))
            upright = references[:CALIBRATION_IMAGES]
            if len(references) == 1:
                views: list[tuple[ClipFeatures, int | None]] = [(probe if probe is not None else references[0], None)]
            else:
                views = [(features, number) for number, features in enumerate(upright)]
            maps = tuple(self.map(features, without=without).values for features, without in views)
            self.calibration = Calibration(maps, names[: len(upright)])

    @property
    def references(self) -> int:
        """How many images are compared with."""
        return self._memory.references if self._memory is not None else 0

    def map(self, features: ClipFeatures, *, without: int | None = None) -> AnomalyMap:
        """Map one image.

        Parameters
        ----------
        without
            Number of the reference that is this very image: it is not compared with itself.

        Returns
        -------
        AnomalyMap
            Values float32 `(H, W)`, longest side 256, over the whole image: probabilities, in [0, 1] for the mean over
            the taps and up to their number for the sum; with references up to three times that, as distances are
            added. The range of the display is that of the probabilities.

        Raises
        ------
        InputError
            When the features come from another CLIP model, or the only reference is left out.
        """
        if features.model != self.model:
            raise InputError(
                f"The sentences were read by {self.model}, this image was described by {features.model}: build the map "
                "again with one model."
            )
        size = map_size(features.size)
        with torch.inference_mode():
            tokens = features.projected if self._adapter is None else self._adapter(features.taps)
            maps = [tap_probabilities(tap[None], self.texts, features.grid, size)[0, ABNORMAL] for tap in tokens]
            if self._memory is not None:
                maps += self._memory.distances(features, size, without=without)
            total = torch.stack(maps).sum(dim=0)
            if self.settings.combine == "mean":
                total = total / len(tokens)
        high = 1.0 if self.settings.combine == "mean" else float(len(tokens))
        return AnomalyMap(np.ascontiguousarray(total.cpu().numpy(), np.float32), MAP_NAME, 0.0, high)

    def text_score(self, features: ClipFeatures) -> float:
        """How abnormal the sentences find the whole image, in [0, 1]."""
        logits = TEMPERATURE * self.texts @ features.image.float()
        return float(logits.softmax(dim=0)[ABNORMAL])

    def image_score(self, features: ClipFeatures, anomaly_map: AnomalyMap) -> float:
        """One score for the image, in [0, 1]: that of the sentences; with references the mean of it and of the map's.

        The map's is `m / (m + u)`, where `m` is its highest value and `u` the highest of the references' own, on
        average.
        """
        text = self.text_score(features)
        if self.calibration is None:
            return text
        usual = max(float(np.mean([values.max() for values in self.calibration.maps])), LEAST_USUAL)
        highest = float(anomaly_map.values.max())
        return 0.5 * (text + highest / (highest + usual))
