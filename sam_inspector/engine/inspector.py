"""The inspector: image in, mask and scores out. One walk along the line, synchronous, with everything remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.co_features import CoFeaturePoints
from sam_inspector.core.errors import ModelError
from sam_inspector.core.metrics.mask_scores import score_mask
from sam_inspector.core.prompts import Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import AnomalyMap, Segmentation
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.requests import Accepted, CascadeInput, MapInput, SegmentOptions
from sam_inspector.engine.segmenting import PromptDecoder, with_accepted
from sam_inspector.methods.cascaded_prompts import cascade_scores
from sam_inspector.methods.prompt_modes import preprocess
from sam_inspector.models.backbone import never
from sam_inspector.models.embedding_cache import EmbeddingCache, EmbeddingKey
from sam_inspector.models.freed_memory import return_freed_memory
from sam_inspector.models.registry import get_model_spec
from sam_inspector.models.segmenter import Embedding, Segmenter
from sam_inspector.prompting.cascade_settings import CoFeatureSettings
from sam_inspector.prompting.co_feature_points import co_feature_points

TRIM_EVERY = 5
"""Encoded images after which freed memory goes back to the system."""

SegmenterLoader = Callable[..., Segmenter]


@dataclass(frozen=True, eq=False, slots=True)
class EmbedOutcome:
    """An embedding, and how long it took; `seconds` is None when it was remembered."""

    embedding: Embedding
    key: EmbeddingKey
    seconds: float | None


class Inspector:
    """Holds one model and the embeddings; every method can be called from one thread only.

    Parameters
    ----------
    load
        `load(name, device=…, precision=…, report=…, cancelled=…)` makes a `Segmenter`; the window and the shell pass
        `models.loading.load_segmenter`, tests a fake.
    cache_folder
        Where embeddings are kept between runs; None keeps them in memory only.
    """

    def __init__(self, load: SegmenterLoader, cache_folder: Path | None = None) -> None:
        self._load = load
        self._cache = EmbeddingCache(cache_folder)
        self._segmenter: Segmenter | None = None
        self._decoder: PromptDecoder | None = None
        self._encoded = 0
        self._tuned: Inspector | None = None

    def beside(self) -> Inspector:
        """Another inspector with the same model and embeddings, which may load a model of its own.

        Work that lasts goes on with the model it began with while the window changes its.
        """
        other = Inspector(self._load)
        other._cache = self._cache
        if self._segmenter is not None:
            other._segmenter = self._segmenter
            other._decoder = PromptDecoder(self._segmenter)
        return other

    def untuned(self) -> Inspector:
        """An inspector whose model is not tuned: this one, or one beside it with the model that was tuned."""
        base: Segmenter | None = getattr(self._segmenter, "base", None)
        return self if base is None else self._beside_with(base)

    def tuned(self, name: str) -> Inspector:
        """An inspector beside this whose model is this one's with what was tuned on it; the last one is kept.

        Raises
        ------
        InputError
            When there is no such tuned model, its file is damaged, or it was tuned on another model.
        """
        spec = get_model_spec(name)
        if self._tuned is None or self._tuned.segmenter.spec != spec:
            from sam_inspector.models.tuned.tuned_segmenter import tune

            self._tuned = self._beside_with(tune(self.untuned().segmenter, spec))
        return self._tuned

    def _beside_with(self, segmenter: Segmenter) -> Inspector:
        other = self.beside()
        other._segmenter = segmenter
        other._decoder = PromptDecoder(segmenter)
        return other

    @property
    def segmenter(self) -> Segmenter:
        """The model in use.

        Raises
        ------
        ModelError
            When none is loaded.
        """
        if self._segmenter is None:
            raise ModelError("No model is ready yet: wait until it is loaded, or choose another.")
        return self._segmenter

    @property
    def _prompts(self) -> PromptDecoder:
        _ = self.segmenter
        assert self._decoder is not None
        return self._decoder

    @property
    def has_model(self) -> bool:
        """Whether a model is loaded."""
        return self._segmenter is not None

    def load_model(
        self,
        name: str,
        *,
        device: str = "auto",
        precision: str = "auto",
        report: Callable[[float, str], None] = lambda fraction, text: None,
        cancelled: Callable[[], bool] = never,
    ) -> Segmenter:
        """Load a model, fetching its weights first where they are missing; the old one stays when that fails."""
        segmenter = self._load(name, device=device, precision=precision, report=report, cancelled=cancelled)
        self._segmenter = segmenter
        self._decoder = PromptDecoder(segmenter)
        self._tuned = None
        return segmenter

    def embedding_key(self, image: LoadedImage, preset: str = "recommended") -> EmbeddingKey:
        """What the image's embedding is kept under."""
        spec, precision = self.segmenter.spec, self.segmenter.device.precision
        return EmbeddingKey(image.image_id, spec.embedded_by, spec.embedded_by_sha256, preset, precision)

    def is_embedded(self, image: LoadedImage, preset: str = "recommended") -> bool:
        """Whether the image needs no encoding any more."""
        return self.embedding_key(image, preset) in self._cache

    def remembers(self, image: LoadedImage, preset: str = "recommended") -> bool:
        """Whether `embed` is sure to encode nothing; a file that `is_embedded` counts on may be damaged."""
        return self._cache.get(self.embedding_key(image, preset)) is not None

    def embed(
        self, image: LoadedImage, *, preset: str = "recommended", cancelled: Callable[[], bool] = never
    ) -> EmbedOutcome:
        """Encode an image, or remember it."""
        key = self.embedding_key(image, preset)
        remembered = self._cache.get(key)
        if remembered is not None:
            return EmbedOutcome(remembered, key, None)
        started = time.perf_counter()
        embedding = self.segmenter.embed(preprocess(image.pixels, preset), cancelled=cancelled)
        seconds = time.perf_counter() - started
        self._cache.put(key, embedding)
        self._encoded += 1
        if self._encoded % TRIM_EVERY == 0:
            return_freed_memory()
        return EmbedOutcome(embedding, key, seconds)

    def segment(
        self,
        embedded: EmbedOutcome,
        prompts: Prompts,
        options: SegmentOptions,
        accepted: Accepted | None = None,
        map_input: MapInput | None = None,
    ) -> tuple[Segmentation, float]:
        """Turn prompts into the mask on screen; also gives the seconds it took."""
        started = time.perf_counter()
        segmentation = self._prompts.segment(embedded.embedding, embedded.key, prompts, options, map_input)
        seconds = time.perf_counter() - started
        (shown,) = self._with_accepted([segmentation], embedded, options, accepted, map_input, None)
        return shown, seconds

    def segment_in_passes(
        self,
        embedded: EmbedOutcome,
        prompts: Prompts,
        options: SegmentOptions,
        cascade: CascadeInput,
        accepted: Accepted | None = None,
        map_input: MapInput | None = None,
    ) -> tuple[tuple[Segmentation, ...], float]:
        """The mask on screen after each of the cascade's passes; also gives the seconds they took."""
        started = time.perf_counter()
        found = self._prompts.segment_in_passes(embedded.embedding, embedded.key, prompts, options, cascade, map_input)
        seconds = time.perf_counter() - started
        return self._with_accepted(found, embedded, options, accepted, map_input, cascade), seconds

    def _with_accepted(
        self,
        found: Sequence[Segmentation],
        embedded: EmbedOutcome,
        options: SegmentOptions,
        accepted: Accepted | None,
        map_input: MapInput | None,
        cascade: CascadeInput | None,
    ) -> tuple[Segmentation, ...]:
        """Add what was accepted, in masks and scores; the map that prompts of either kind came from ranks all."""
        earlier = None
        if accepted is not None:
            asked = (embedded.embedding, embedded.key, accepted.prompts, options)
            if accepted.cascade is not None:
                passes = self._prompts.segment_in_passes(*asked, accepted.cascade, map_input)
                earlier = passes[accepted.cascade.shown - 1]
            elif accepted.prompts.decodable:
                earlier = self._prompts.segment(*asked, map_input)
        mask = None if accepted is None else accepted.mask
        shown = tuple(with_accepted(one, mask, earlier) for one in found)
        for how in (cascade, accepted.cascade if accepted is not None else None):
            if how is not None and how.made_from is not None:
                anomaly_map = how.made_from.anomaly_map
                return tuple(
                    replace(one, score_map=cascade_scores(anomaly_map, one.score_map, how.score)) for one in shown
                )
        return shown

    def find_points(
        self, embedded: EmbedOutcome, anomaly_map: AnomalyMap, threshold: float, settings: CoFeatureSettings
    ) -> tuple[CoFeaturePoints, float]:
        """Co-feature points of an encoded image; also gives the seconds they took."""
        started = time.perf_counter()
        features = self.segmenter.image_features(embedded.embedding)
        points = co_feature_points(anomaly_map, features, settings, threshold)
        return points, time.perf_counter() - started

    def clear_cache(self) -> None:
        """Forget all embeddings, on disk too."""
        self._cache.clear()


def score(segmentation: Segmentation, ground_truth: NDArray[np.bool_] | None) -> MaskScores:
    """Score the mask on screen."""
    return score_mask(segmentation, ground_truth)
