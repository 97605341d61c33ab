"""Few-shot anomaly maps: how far each part of an image lies from everything in a few normal images.

Sources: Roth et al. 2022 (PatchCore: averaged neighbourhoods, memory bank, coreset); Damm et al. 2025 (AnomalyDINO:
turned references, cosine distance). Deviation: tokens are centred in part before angles are compared, since the
features of SAM's encoder share a large common component that hides small differences; `recipes` has the measurements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from sam_inspector.anomaly.coreset import coreset_steps
from sam_inspector.anomaly.memory_bank import nearest_distance
from sam_inspector.anomaly.recipes import FewShotRecipe
from sam_inspector.anomaly.token_clusters import TokenClusters
from sam_inspector.anomaly.turning import angles
from sam_inspector.core.calibration import Calibration
from sam_inspector.core.errors import InputError
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.models.backbone import DenseFeatures

MAP_SIDE = 256
"""Longest side of a map in pixels: several times finer than the features, and quick to threshold and to draw."""
CHUNK_TOKENS = 131_072
"""Reference tokens held at a time before the coreset thins them out: bounds memory for any number of references."""
CALIBRATION_IMAGES = 16
BALANCE_TOKENS = 256
BALANCE_STEP = 3
"""Tokens that tell the usual distance of a level: so many of one reference, and every third of the others."""
PROBE_ANGLE = 180.0
"""The one angle that leaves an image of any format whole."""


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """One reference as it is, or turned.

    Attributes
    ----------
    reference
        Number of the image, from 0.
    is_upright
        Whether it is the image itself.
    """

    reference: int
    is_upright: bool
    features: DenseFeatures


@dataclass(frozen=True, eq=False, slots=True)
class _Space:
    """The space that tokens of some levels are compared in, fitted on the references."""

    means: tuple[Tensor, ...]
    weights: tuple[float, ...]

    def tokens(self, levels: list[Tensor]) -> Tensor:
        """Levels `(C, h, w)` of one grid to tokens `(h × w, ΣC)` of length 1."""
        total = sum(weight * weight for weight in self.weights) ** 0.5
        parts = [
            functional.normalize(_rows(level) - mean, dim=1) * (weight / total)
            for level, mean, weight in zip(levels, self.means, self.weights, strict=True)
        ]
        return torch.cat(parts, dim=1)


@dataclass(eq=False, slots=True)
class _Bank:
    """Reference tokens of some levels, thinned as they grow."""

    space: _Space
    limit: int | None
    seed: int
    held: list[Tensor] = field(default_factory=list)
    owners: list[Tensor] = field(default_factory=list)
    waiting: int = 0
    clusters: TokenClusters | None = None

    def add(self, tokens: Tensor, owner: int) -> None:
        self.held.append(tokens.to(torch.bfloat16))
        self.owners.append(torch.full((len(tokens),), owner))
        self.waiting += len(tokens)

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.waiting >= CHUNK_TOKENS + self.limit

    def thin(self) -> Iterator[None]:
        """Keep a coreset, a step a yield: some seconds of work between which clicks are answered."""
        tokens, owners = torch.cat(self.held), torch.cat(self.owners)
        if self.limit is not None and len(tokens) > self.limit:
            for kept in coreset_steps(tokens, self.limit, seed=self.seed):
                if kept is None:
                    yield
                else:
                    tokens, owners = tokens[kept], owners[kept.cpu()]
        self.held, self.owners, self.waiting = [tokens], [owners], len(tokens)

    @property
    def tokens(self) -> Tensor:
        return self.held[0]

    def cluster(self, looked_into: int) -> None:
        """Group the tokens, once all have come."""
        self.clusters = TokenClusters(self.tokens, looked_into=looked_into, seed=self.seed)

    def distance(self, queries: Tensor, without: int | None) -> Tensor:
        """Distance of each query to the nearest token, leaving the tokens of one owner aside if others are there."""
        among = None if without is None else self.owners[0] != without
        if among is not None and not bool(among.any()):
            among = None
        if self.clusters is not None:
            return self.clusters.nearest_distance(queries, among)
        return nearest_distance(queries, self.tokens if among is None else self.tokens[among])


class FewShotDetector:
    """Compares images with a few normal ones. Built by `fit`; then every map is independent of the others.

    Attributes
    ----------
    calibration
        The references' own maps, each made without the tokens of its image. Of a single reference: the map of its
        upright view without the tokens of that; when it is not turned otherwise, the map of its half turn.
    """

    def __init__(
        self, recipe: FewShotRecipe, backbone: str, banks: list[_Bank], calibration: Calibration, *, is_single: bool
    ) -> None:
        self.recipe = recipe
        self.backbone = backbone
        self.is_single = is_single
        self.calibration = calibration
        self._banks = banks

    @property
    def bank_tokens(self) -> int:
        """Tokens kept, of all banks."""
        return sum(len(bank.tokens) for bank in self._banks)

    def map(self, features: DenseFeatures, *, without: int | None = None) -> AnomalyMap:
        """Map one image.

        Parameters
        ----------
        without
            Number of the reference that is this very image: it is not compared with itself.

        Returns
        -------
        AnomalyMap
            Values float32 `(h, w)`, longest side 256, cosine distances in [0, 2]; over the image without its padding.

        Raises
        ------
        InputError
            When the features come from another backbone than the references', or the only reference is left out.
        """
        if without is not None and self.is_single:
            raise InputError("The only normal image to compare with is this image itself: choose others as well.")
        if features.backbone != self.backbone:
            raise InputError(
                f"The references were described by {self.backbone}, this image by {features.backbone}: build the map "
                "again with one model."
            )
        with torch.inference_mode():
            values = _draw(self._banks, features, self.recipe, without)
        low, high = self.calibration.display_range
        return AnomalyMap(values, "Few-shot", low, high)

    def image_score(self, anomaly_map: AnomalyMap) -> float:
        """One score for the image: the mean of the highest values of its map."""
        values = anomaly_map.values.ravel()
        count = max(1, round(self.recipe.top_share * values.size))
        return float(np.partition(values, values.size - count)[-count:].mean())


def shown_angles(recipe: FewShotRecipe, references: int) -> list[float]:
    """The angles in degrees at which `fit` wants each reference, 0 first.

    A single reference that the recipe doesn't turn is shown once more, which is not compared with and serves the
    calibration alone: nothing else tells how far normal images lie apart.
    """
    if references == 1 and recipe.rotations == 1:
        return [0.0, PROBE_ANGLE]
    return angles(recipe.rotations)


def fit(
    views: Iterable[View | None], recipe: FewShotRecipe, names: tuple[str, ...], *, seed: int = 0
) -> Iterator[FewShotDetector | None]:
    """Build a detector in short steps, at least one a view: None after each, the detector at the end.

    The means and weights of the space are those of the first `CHUNK_TOKENS` tokens; memory stays bounded however many
    views come.

    Parameters
    ----------
    views
        Those of one reference one after the other, at the angles of `shown_angles`; None for a step without one.
    names
        What the references are called, in their order.

    Raises
    ------
    InputError
        Without any view.
    """
    first: list[View] = []
    upright: list[View] = []
    banks: list[_Bank] = []
    tokens_seen = 0
    is_single = len(names) == 1
    probe: View | None = None
    number = -1
    for view in views:
        if view is None:
            yield None
            continue
        number += 1
        if is_single and recipe.rotations == 1 and not view.is_upright:
            probe = view
            yield None
            continue
        if view.is_upright and len(upright) < CALIBRATION_IMAGES:
            upright.append(view)
        owner = number if is_single else view.reference
        with torch.inference_mode():
            if banks:
                _add(banks, view, owner, recipe)
            else:
                first.append(view)
                tokens_seen += _token_count(view.features, recipe)
                if tokens_seen >= CHUNK_TOKENS:
                    banks = _begin(first, recipe, len(names), seed, is_single)
                    first = []
        yield None
        for bank in banks:
            if bank.is_full:
                yield from bank.thin()
    if not banks:
        if not first:
            raise InputError("No normal image was chosen to compare with: choose at least one.")
        with torch.inference_mode():
            banks = _begin(first, recipe, len(names), seed, is_single)
    for bank in banks:
        yield from bank.thin()
    with torch.inference_mode():
        if recipe.groups_looked_into is not None:
            for bank in banks:
                bank.cluster(recipe.groups_looked_into)
        if probe is not None:
            maps = [_draw(banks, probe.features, recipe, None)]
        else:
            maps = [_draw(banks, view.features, recipe, 0 if is_single else view.reference) for view in upright]
    calibration = Calibration(tuple(maps), tuple(names[view.reference] for view in upright))
    yield FewShotDetector(recipe, upright[0].features.backbone, banks, calibration, is_single=is_single)


def _begin(views: list[View], recipe: FewShotRecipe, references: int, seed: int, is_single: bool) -> list[_Bank]:
    grouped = [_groups(view.features, recipe) for view in views]
    banks = []
    for group in range(len(grouped[0])):
        spaces = _space([levels[group] for levels in grouped], recipe)
        limit = recipe.bank_tokens
        if recipe.coreset_ratio is not None:
            cells = sum(levels[group][0][0].numel() for levels in grouped) / len(grouped)
            share = max(1, round(recipe.coreset_ratio * cells * references * recipe.rotations))
            limit = share if limit is None else min(limit, share)
        banks.append(_Bank(spaces, limit, seed))
    for number, view in enumerate(views):
        _add(banks, view, number if is_single else view.reference, recipe)
    return banks


def _add(banks: list[_Bank], view: View, owner: int, recipe: FewShotRecipe) -> None:
    for bank, levels in zip(banks, _groups(view.features, recipe), strict=True):
        bank.add(bank.space.tokens(levels), owner)


def _space(views: list[list[Tensor]], recipe: FewShotRecipe) -> _Space:
    """Fit means, and weights that let each level count alike: distances of a level are divided by their usual size."""
    means, weights = [], []
    for level in range(len(views[0])):
        rows = [_rows(levels[level]) for levels in views]
        mean = recipe.centring * torch.cat(rows).mean(0)
        means.append(mean)
        weight = 1.0
        if len(views[0]) > 1 and len(views) > 1:
            queries = functional.normalize(rows[0] - mean, dim=1)
            step = max(1, len(queries) // BALANCE_TOKENS)
            others = functional.normalize(torch.cat(rows[1:])[::BALANCE_STEP] - mean, dim=1)
            usual = float(nearest_distance(queries[::step], others, exact=True).median())
            weight = max(usual, 1e-6) ** -0.5
        weights.append(weight)
    return _Space(tuple(means), tuple(weights))


def _draw(banks: list[_Bank], features: DenseFeatures, recipe: FewShotRecipe, owner: int | None) -> NDArray[np.float32]:
    """The smoothed map, leaving the tokens of one owner aside."""
    height, width = features.size
    scale = MAP_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    total = np.zeros(size[::-1], np.float32)
    for bank, levels in zip(banks, _groups(features, recipe), strict=True):
        distance = bank.distance(bank.space.tokens(levels), owner)
        grid = distance.reshape(levels[0].shape[1:]).cpu().numpy()
        total += cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR) / len(banks)
    if recipe.smoothing > 0:
        total = cv2.GaussianBlur(total, (0, 0), recipe.smoothing * MAP_SIDE)
    return np.ascontiguousarray(total, np.float32)


def _groups(features: DenseFeatures, recipe: FewShotRecipe) -> list[list[Tensor]]:
    """The levels as they are searched: joined on the grid of the finest, or each alone."""
    # Channels last: the neighbourhoods take a tenth of the time, and a level's rows are its memory as it lies.
    levels = [level.float()[None].contiguous(memory_format=torch.channels_last) for level in features.levels]
    if recipe.average > 1:
        pad = recipe.average // 2
        levels = [functional.avg_pool2d(level, recipe.average, 1, pad, count_include_pad=False) for level in levels]
    if not recipe.joined:
        return [[level[0]] for level in levels]
    grid = levels[0].shape[-2:]
    return [
        [
            (level if level.shape[-2:] == grid else functional.interpolate(level, grid, mode="bilinear"))[0]
            for level in levels
        ]
    ]


def _token_count(features: DenseFeatures, recipe: FewShotRecipe) -> int:
    levels = features.levels[:1] if recipe.joined else features.levels
    return sum(level[0].numel() for level in levels)


def _rows(level: Tensor) -> Tensor:
    """A level `(C, h, w)` as rows `(h × w, C)` of length 1."""
    return functional.normalize(level.permute(1, 2, 0).flatten(0, 1), dim=1)
