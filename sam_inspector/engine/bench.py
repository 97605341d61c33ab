"""How fast this machine encodes, decodes, maps and scores, each beside the plain path in the same run.

Both are measured in turns, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from segment_anything import SamPredictor
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor
from torch.nn import functional

from sam_inspector.anomaly.few_shot import MAP_SIDE, FewShotDetector, View, fit
from sam_inspector.anomaly.recipes import FewShotRecipe, recipe_for
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.core.metrics.ranking import rank_pixels
from sam_inspector.core.prompts import Box, Prompt, Prompts
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.data.images import LoadedImage, image_id_of_bytes
from sam_inspector.engine.bench_pooled import made_up_maps, plain_pooled, pooled
from sam_inspector.engine.inspector import Inspector, score
from sam_inspector.engine.requests import CascadeInput, MapInput, SegmentOptions
from sam_inspector.engine.segmenting import PromptDecoder
from sam_inspector.models.backbone import DenseFeatures
from sam_inspector.models.plain_sam import plain_predictor
from sam_inspector.prompting.cascade_settings import PASSES, CoFeatureSettings
from sam_inspector.prompting.co_feature_points import co_feature_points

SIDE = 1024
DEFECT: Box = (380.0, 420.0, 619.0, 559.0)
REFERENCES = {"map_4": 4, "map_32": 32}
QUERY_SLICE = 512
"""Tokens of the image that the plain map multiplies at a time: all at once would take four gigabytes."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often each thing is measured: `(turns, runs of ours in a turn)`; the plain path runs once a turn.

    Attributes
    ----------
    pooled_images
        How many images `pooled` takes; for 83 the plain path takes a minute.
    maps
        For each of `REFERENCES`.
    few_shot
        How the maps are made.
    """

    encode: tuple[int, int] = (5, 2)
    decode: tuple[int, int] = (15, 1)
    click: tuple[int, int] = (5, 4)
    cascade: tuple[int, int] = (10, 1)
    metrics: tuple[int, int] = (5, 4)
    pooled: tuple[int, int] = (1, 2)
    pooled_images: int = 83
    maps: tuple[tuple[int, int], ...] = ((2, 8), (1, 16))
    few_shot: FewShotSettings = field(default_factory=FewShotSettings)


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in milliseconds; `reference_ms` is the median of the plain path."""

    name: str
    median_ms: float
    p95_ms: float
    reference_ms: float

    @property
    def ratio(self) -> float:
        """How many times as fast as the plain path."""
        return self.reference_ms / self.median_ms


def bench(inspector: Inspector, rounds: Rounds = Rounds(), seed: int = 0) -> Iterator[Timing]:
    """Measure everything with the model that is loaded, a step a yield.

    Yields
    ------
    Timing
        `encode`; `decode` of one box; `click`: that, its mask at the image's size and all scores; `cascade`: from a map
        to the logits of the third pass, beside three decodes of ours; `metrics`: pixel AUROC and AP of that image;
        `pooled`: AUROC, AP, F1-max and AUPRO of the pixels of many images together, beside the same without F1-max;
        `map_4` and `map_32`: the map of an encoded image, by references.

    Raises
    ------
    ModelError
        When the model has no plain path.
    """
    segmenter = inspector.segmenter
    device = segmenter.device.device
    plain = plain_predictor(segmenter.spec, device)
    image, truth = picture(seed)
    yield _measure(
        "encode", lambda: segmenter.embed(image.pixels), lambda: plain.set_image(image.pixels), rounds.encode, device
    )
    embedded = inspector.embed(image)
    yield _measure(
        "decode",
        lambda: segmenter.decode(embedded.embedding, [Prompt(box=DEFECT)]),
        lambda: plain_decode(plain),
        rounds.decode,
        device,
    )
    boxes = _moving_boxes()

    def click() -> None:
        # A box of its own each time, as answers are remembered.
        segmentation, _ = inspector.segment(embedded, Prompts((Prompt(box=next(boxes)),)), SegmentOptions())
        score(segmentation, truth)

    def plain_click() -> None:
        logits, _, _ = plain.predict(box=np.array(DEFECT), multimask_output=False, return_logits=True)
        _plain_scores(logits[0], truth)

    yield _measure("click", click, plain_click, rounds.click, device)
    anomaly_map = _map_of(truth)

    def found() -> tuple[Prompt, ...]:
        points = co_feature_points(anomaly_map, segmenter.image_features(embedded.embedding), CoFeatureSettings(), 0.5)
        return points.as_prompts("few-shot").items

    prompts = found()
    made_from = MapInput(anomaly_map, 0.5)

    def in_passes() -> None:
        decoder = PromptDecoder(segmenter)  # a new one each time, as answers are remembered
        how = CascadeInput(made_from=made_from)
        decoder.passes(embedded.embedding, embedded.key, found(), SegmentOptions(), how, made_from)

    yield _measure(
        "cascade",
        in_passes,
        lambda: [segmenter.decode(embedded.embedding, prompts) for _ in range(PASSES)],
        rounds.cascade,
        device,
    )
    segmentation, _ = inspector.segment(embedded, Prompts((Prompt(box=DEFECT),)), SegmentOptions())
    scores = segmentation.score_map
    yield _measure(
        "metrics", lambda: rank_pixels(scores, truth), lambda: _plain_scores(scores, truth), rounds.metrics, device
    )
    maps = made_up_maps(rounds.pooled_images, seed)
    yield _measure("pooled", lambda: pooled(maps), lambda: plain_pooled(maps), rounds.pooled, device)
    maps.clear()
    features = segmenter.dense_features(embedded.embedding)
    for (name, references), turns in zip(REFERENCES.items(), rounds.maps, strict=True):
        detector, tokens, recipe = _references(features, references, rounds.few_shot)
        yield _measure(
            name,
            lambda detector=detector: detector.map(features),  # type: ignore[misc]
            lambda tokens=tokens, recipe=recipe: plain_map(features, tokens, recipe),  # type: ignore[misc]
            turns,
            device,
        )


def picture(seed: int = 0) -> tuple[LoadedImage, NDArray[np.bool_]]:
    """A textured surface with a dark blemish, 1024 × 1024, and the mask of that."""
    rng = np.random.default_rng(seed)
    coarse = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE)).astype(np.float32), (0, 0), 6)
    surface = 150 + 260 * coarse[..., None] + rng.normal(0, 6, (SIDE, SIDE, 3))
    x0, y0, x1, y1 = (round(value) for value in DEFECT)
    blemish = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(blemish, ((x0 + x1) // 2, (y0 + y1) // 2), ((x1 - x0) // 2, (y1 - y0) // 2), 0, 0, 360, 1, cv2.FILLED)
    truth = blemish.astype(bool)
    surface[truth] *= 0.4
    pixels = np.clip(surface, 0, 255).astype(np.uint8)
    return LoadedImage(pixels, Path("bench.png"), image_id_of_bytes(pixels.tobytes()), "made up"), truth


def _map_of(truth: NDArray[np.bool_]) -> AnomalyMap:
    """A map that is high around the blemish, of the size that maps have."""
    small = cv2.resize(truth.astype(np.float32), (MAP_SIDE, MAP_SIDE), interpolation=cv2.INTER_AREA)
    values = np.ascontiguousarray(cv2.GaussianBlur(small, (0, 0), 3), np.float32)
    return AnomalyMap(values, "made up", 0.0, 1.0)


def _measure(
    name: str, ours: Callable[[], object], plain: Callable[[], object], turns: tuple[int, int], device: str
) -> Timing:
    """Time both in turns, after ours ran once as it does in a program that is in use."""
    ours()
    our_ms, plain_ms = [], []
    for _ in range(turns[0]):
        plain_ms.append(_time_ms(plain, device))
        our_ms += [_time_ms(ours, device) for _ in range(turns[1])]
    return Timing(name, float(np.median(our_ms)), float(np.quantile(our_ms, 0.95)), float(np.median(plain_ms)))


def _time_ms(function: Callable[[], object], device: str) -> float:
    began = perf_counter()
    function()
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device == "mps":
        torch.mps.synchronize()
    return 1000 * (perf_counter() - began)


def _moving_boxes() -> Iterator[Box]:
    x0, y0, x1, y1 = DEFECT
    step = 0.0
    while True:
        step += 0.25
        yield (x0 - step, y0, x1, y1)


def plain_decode(plain: SamPredictor) -> Tensor:
    """The answer to the box around the blemish: logits float32 `(1, 1, 256, 256)`, before any resizing."""
    box = plain.transform.apply_boxes(np.array([DEFECT]), plain.original_size)
    corners = torch.as_tensor(box, dtype=torch.float32, device=plain.device)
    with torch.no_grad():
        sparse, dense = plain.model.prompt_encoder(points=None, boxes=corners, masks=None)
        logits: Tensor
        logits, _ = plain.model.mask_decoder(
            image_embeddings=plain.features,
            image_pe=plain.model.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
        )
    return logits.cpu()


def _plain_scores(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> tuple[float, float]:
    flat, labels = scores.ravel(), truth.ravel()
    return float(roc_auc_score(labels, flat)), float(average_precision_score(labels, flat))


def _references(
    features: DenseFeatures, references: int, settings: FewShotSettings
) -> tuple[FewShotDetector, Tensor, FewShotRecipe]:
    """A detector, and all tokens of its references for the plain path.

    The references are the features of the one picture, shifted and with noise, rather than those of as many encoded
    pictures: encoding them would take most of a minute and change no time of a map, which depends on the number of
    tokens and their length alone.
    """
    recipe = recipe_for(settings, references)
    generator = torch.Generator().manual_seed(settings.references.seed)
    tokens: list[Tensor] = []

    def views() -> Iterator[View]:
        for reference in range(references):
            for turn in range(recipe.rotations):
                changed = _changed(features, generator)
                tokens.append(plain_tokens(changed, recipe))
                yield View(reference, turn == 0, changed)

    detector: FewShotDetector | None = None
    for step in fit(views(), recipe, tuple(f"{number}" for number in range(references)), seed=settings.references.seed):
        detector = step
    assert detector is not None
    return detector, torch.cat(tokens), recipe


def _changed(features: DenseFeatures, generator: torch.Generator) -> DenseFeatures:
    shift = tuple(int(torch.randint(level, (1,), generator=generator)) for level in features.levels[0].shape[1:])
    levels = []
    for level in features.levels:
        noise = torch.randn(level.shape, generator=generator).to(level.device)
        levels.append((level.float().roll(shift, (1, 2)) + 0.3 * level.float().std() * noise).to(level.dtype))
    return DenseFeatures(tuple(levels), features.size, features.backbone)


def plain_tokens(features: DenseFeatures, recipe: FewShotRecipe) -> Tensor:
    """Averaged and joined levels as float32 rows `(h × w, ΣC)` of length 1."""
    levels = [level.float()[None] for level in features.levels]
    levels = [functional.avg_pool2d(level, recipe.average, 1, recipe.average // 2) for level in levels]
    grid = levels[0].shape[-2:]
    joined = torch.cat([functional.interpolate(level, grid, mode="bilinear") for level in levels], dim=1)
    return functional.normalize(joined[0].flatten(1).T, dim=1)


def plain_map(features: DenseFeatures, tokens: Tensor, recipe: FewShotRecipe) -> NDArray[np.float32]:
    """The map by one product with all reference tokens in float32: no coreset, no blocks.

    Returns
    -------
    float32 `(h, w)`, longest side 256.
    """
    height, width = features.size
    scale = MAP_SIDE / max(height, width)
    with torch.inference_mode():
        queries = plain_tokens(features, recipe)
        best = torch.cat([(part @ tokens.T).amax(1) for part in torch.split(queries, QUERY_SLICE)])
        grid = (1 - best).reshape(features.levels[0].shape[1:]).cpu().numpy()
    full = cv2.resize(grid, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.GaussianBlur(full, (0, 0), recipe.smoothing * MAP_SIDE), np.float32)
