"""How the features of each backbone become a map: one row for a backbone and preset.

What was tried for `sam` with MobileSAM: pixel AP pooled over the test images, first four references, smoothed with
3 / 256 of the longest side unless said otherwise.

================================================== ===== ===== ===== ===== ===== =====
features and search                                haz.  lea.  grid  cook. juice mean
================================================== ===== ===== ===== ===== ===== =====
a bank a stage, plain cosine, smoothed with 4      0.893 0.798 0.537 0.183 0.558 0.594
the same, centred by 0.5 of the mean               0.889 0.803 0.584 0.188 0.581 0.609
the same, centred by 0.75                          0.871 0.814 0.655 0.196 0.592 0.626
the same, centred by 0.9                           0.822 0.817 0.683 0.202 0.579 0.621
the same, centred wholly, standardised             0.745 0.702 0.669 0.109 0.541 0.553
the same, whitened, shrinkage 1                    0.738 0.577 0.591 0.080 0.484 0.494
0.75, stages balanced, smoothed with 3             0.882 0.836 0.677 0.200 0.594 0.638
that without the 3 × 3 average                     0.899 0.857 0.553 0.124 0.475 0.582
that with a 5 × 5 average                          0.830 0.765 0.498 0.209 0.618 0.584
that with the mean of 3 neighbours                 0.872 0.814 0.654 0.201 0.584 0.625
that, stages joined: one bank                      0.883 0.830 0.655 0.178 0.584 0.626
that with references turned by 8 angles            0.880 0.825 0.745 0.218
that, greedy coreset of 12,288 tokens (chosen)     0.881 0.832 0.739
that, 8,192 tokens                                 0.882 0.828 0.737 0.209
that, 8,192 tokens at random                       0.877 0.825 0.719 0.217
================================================== ===== ===== ===== ===== ===== =====

(The last rows but four share smoothing and balance with the row they refer to; the second block from the 3 × 3 row on
was smoothed with 4.) Each of the five categories left out in turn, the mean of the others chooses the same centring and
smoothing. A refinement of the map by the image's edges was not kept: SAM's own mask does that better.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.core.errors import InputError


@dataclass(frozen=True, slots=True)
class FewShotRecipe:
    """How features become a map.

    Attributes
    ----------
    joined
        Levels are brought to one grid and joined to one token a cell; else each level is searched alone at its own
        resolution, and the maps are averaged.
    average
        Side of the neighbourhood that each cell is averaged over, in cells; 1 for none.
    centring
        Share of the references' mean token that is taken off before angles are compared, in [0, 1].
    rotations
        Angles at which each reference is shown, evenly spaced.
    bank_tokens
        The most tokens kept; None keeps all.
    coreset_ratio
        Share of the tokens kept; None leaves it to `bank_tokens`.
    groups_looked_into
        Groups of similar tokens that each query is compared with; None compares it with all tokens.
    smoothing
        Standard deviation of the map's Gaussian, as a share of the image's longest side.
    top_share
        The image score is the mean of this share of the map's highest values; 0 takes the highest alone.
    """

    joined: bool = True
    average: int = 3
    centring: float = 0.75
    rotations: int = 8
    bank_tokens: int | None = 12288
    coreset_ratio: float | None = None
    groups_looked_into: int | None = 3
    smoothing: float = 3 / 256
    top_share: float = 0.001


_RECOMMENDED = FewShotRecipe()
_EXACT = FewShotRecipe(centring=0, bank_tokens=None, groups_looked_into=None)
_PATCHCORE = replace(_EXACT, rotations=1, coreset_ratio=0.1, smoothing=4 / 320, top_share=0)
_ANOMALY_DINO = replace(_EXACT, average=1, smoothing=4 / 448, top_share=0.01)
_SWIN = replace(_EXACT, joined=False, average=1, rotations=1, smoothing=0, top_share=0)

RECIPES: dict[tuple[str, str], FewShotRecipe] = {
    ("sam", "recommended"): _RECOMMENDED,
    ("sam", "faithful"): _RECOMMENDED,
    ("mobilenet_v2", "recommended"): _RECOMMENDED,
    ("mobilenet_v2", "faithful"): _RECOMMENDED,
    ("wide_resnet50_2", "recommended"): replace(_PATCHCORE, rotations=8, coreset_ratio=None, bank_tokens=8192),
    ("wide_resnet50_2", "faithful"): _PATCHCORE,
    ("dinov2", "recommended"): replace(_ANOMALY_DINO, bank_tokens=16384),
    ("dinov2", "faithful"): _ANOMALY_DINO,
    ("swin", "recommended"): replace(_SWIN, rotations=8, bank_tokens=8192, smoothing=4 / 224),
    ("swin", "faithful"): _SWIN,
}
"""Rows for each backbone and preset. `sam` and `mobilenet_v2` were published with no few-shot map: one row twice."""

MOST_VIEWS = 64
"""References times angles: with more references each is turned less, as they show more of what is normal."""


def recipe_for(settings: FewShotSettings, references: int) -> FewShotRecipe:
    """The recipe of some settings.

    Parameters
    ----------
    references
        How many there are.

    Raises
    ------
    InputError
        For an unknown backbone or preset, or a number out of range.
    """
    try:
        recipe = RECIPES[settings.backbone, settings.preset]
    except KeyError:
        names = ", ".join(dict.fromkeys(name for name, _ in RECIPES))
        raise InputError(
            f"There is no few-shot map with backbone “{settings.backbone}” and preset “{settings.preset}”: choose from "
            f"{names}, each recommended or faithful."
        ) from None
    if settings.rotations is not None:
        if not 1 <= settings.rotations <= 72:
            raise InputError(f"References can't be turned to {settings.rotations} angles; ask for 1 to 72.")
        recipe = replace(recipe, rotations=settings.rotations)
    elif recipe.rotations > 1:
        recipe = replace(recipe, rotations=max(1, min(recipe.rotations, MOST_VIEWS // max(1, references))))
    if settings.bank_tokens is not None:
        if settings.bank_tokens < 1:
            raise InputError(f"A bank of {settings.bank_tokens} tokens compares with nothing; ask for at least 1.")
        recipe = replace(recipe, bank_tokens=settings.bank_tokens)
    if settings.coreset_ratio is not None:
        if not 0 < settings.coreset_ratio <= 1:
            raise InputError(f"The share of tokens kept, {settings.coreset_ratio:g}, must lie above 0 and up to 1.")
        recipe = replace(recipe, coreset_ratio=settings.coreset_ratio)
    return recipe
