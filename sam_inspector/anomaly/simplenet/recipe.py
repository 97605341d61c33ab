"""How SimpleNet is built, trained and read: one row for a preset.

`faithful` has the published numbers, which suit `wide_resnet50_2` alone. `recommended` was chosen by measuring pixel
AUROC / AP of the last epoch on hazelnut, leather and grid with MobileSAM's encoder, mostly after 320 steps:

- as below, 640 steps: .995 / .88, .997 / .82, .982 / .52 (cookie .923 / .17); with `mobilenet_v2` .992 / .80,
  .996 / .53, .965 / .49 (.924 / .21). Features rounded to bfloat16, as in all below: grid .976 / .46, cookie
  .889 / .13, so smaller differences than these mean nothing;
- the same noise for all tokens, 640 steps: .995 / .88, .996 / .78, .975 / .49 (cookie .853 / .09); mean IoU at each
  category's best threshold .66, .45, .39 instead of .65, .50, .42;
- noise 0.25, 1.0 for all: .995 / .86, .994 / .85 on hazelnut, .951 / .38, .958 / .45 on grid; 0.1 learns too slowly;
- the adaptor at random at first: .995 / .87, grid .966 / .45; rates a quarter, 2.5 times: grid .967 / .42, .955 / .41;
- one scale for all values, instead of each its own: .995 / .89, .991 / .74, .981 / .54; one a level: grid .966 / .46;
- averaged over 5 × 5 cells: .993 / .84, grid .970 / .54; in groups to 896 values: hazelnut .995 / .87;
- only the two finer levels: .990 / .87, grid .987 / .61; whitened components: hazelnut .81 / .58;
- hidden values 128, 1024: .992 / .84, .995 / .88. Smoothing of 3 and of 4 differ by .01 in AP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.core.errors import InputError
from sam_inspector.models.backbone_registry import BACKBONES, get_backbone_spec


@dataclass(frozen=True, slots=True)
class SimpleNetRecipe:
    """How features are learnt, and how ratings become a map.

    Attributes
    ----------
    shown_side, crop_side
        The shorter side of an image is resized to the first, and the middle square of the second is looked at, in
        pixels; None shows the backbone the whole image as it likes it.
    width
        Values of a token, by averaging in groups as published; None takes one value a channel (`patch_tokens`).
    hidden
        Values between the discriminator's layers; None takes as many as a token has.
    standardised
        Whether each value of a token is brought to mean 0 and standard deviation 1 over the training images.
    keeps_at_first
        Whether the adaptor begins as the identity, instead of at random.
    noise
        Standard deviation of what is added to each value behind the adaptor.
    noise_spread
        Each token gets noise of its own size, from `noise` to so many times that, evenly on a logarithmic scale; 1 for
        the same everywhere.
    tokens_a_step
        Tokens drawn for a step, evenly from its images; None takes all of them.
    least_steps
        The least number of steps in an epoch: with few images it passes over them more than once.
    discriminator_rate, discriminator_decay, adaptor_rate, adaptor_decay
        Learning rates and weight decays of Adam and AdamW.
    folds, fold_steps
        Into how many parts the images are divided to learn how normal ones score that were not trained on, and for how
        many steps a network is trained on those outside of each; 0 parts, as published, leave that out.
    map_side
        Longest side of a map in pixels.
    smoothing
        Standard deviation of the map's Gaussian in its pixels.
    """

    shown_side: int | None = None
    crop_side: int | None = None
    width: int | None = None
    hidden: int | None = None
    standardised: bool = True
    keeps_at_first: bool = True
    noise: float = 0.5
    noise_spread: float = 8.0
    tokens_a_step: int | None = 2048
    least_steps: int = 4
    discriminator_rate: float = 8e-4
    discriminator_decay: float = 1e-5
    adaptor_rate: float = 4e-4
    adaptor_decay: float = 1e-2
    folds: int = 4
    fold_steps: int = 160
    map_side: int = 256
    smoothing: float = 3.0

    def hidden_of(self, width: int) -> int:
        """Values between the discriminator's layers, for tokens of this width."""
        return width if self.hidden is None else self.hidden

    def folds_of(self, images: int) -> int:
        """Into how many parts so many images are divided; 0 where one could not be left out."""
        return 0 if images < 2 else min(self.folds, images)

    def said(self) -> dict[str, str]:
        """All of it by name, as JSON."""
        return {name: json.dumps(value) for name, value in asdict(self).items()}


FAITHFUL_BACKBONE = "wide_resnet50_2"

RECIPES: dict[str, SimpleNetRecipe] = {
    "recommended": SimpleNetRecipe(),
    "faithful": SimpleNetRecipe(
        shown_side=329,
        crop_side=288,
        width=1536,
        hidden=1024,
        standardised=False,
        keeps_at_first=False,
        noise=0.015,
        noise_spread=1.0,
        tokens_a_step=None,
        least_steps=1,
        discriminator_rate=2e-4,
        adaptor_rate=1e-4,
        folds=0,
        map_side=288,
        smoothing=4.0,
    ),
}


def simplenet_recipe(settings: SimpleNetSettings) -> SimpleNetRecipe:
    """The recipe of some settings.

    Raises
    ------
    InputError
        For an unknown backbone or preset, or one that does not go with the other.
    """
    settings.check()
    get_backbone_spec(settings.backbone)
    if settings.preset not in RECIPES:
        raise InputError(f"There is no preset “{settings.preset}”: choose {' or '.join(RECIPES)}.")
    if settings.preset == "faithful" and settings.backbone != FAITHFUL_BACKBONE:
        others = ", ".join(name for name in BACKBONES if name != FAITHFUL_BACKBONE)
        raise InputError(
            f"SimpleNet was published with the backbone “{FAITHFUL_BACKBONE}”: choose it for the preset faithful, or "
            f"the preset recommended, which takes {others} as well."
        )
    recipe = RECIPES[settings.preset]
    return recipe if settings.noise is None else replace(recipe, noise=settings.noise)


_FORM: TypeAdapter[SimpleNetRecipe] = TypeAdapter(SimpleNetRecipe)


def recipe_said(said: Mapping[str, str], path: Path) -> SimpleNetRecipe:
    """The recipe that a file was trained by, from what `SimpleNetRecipe.said` told.

    Raises
    ------
    InputError
        When that makes no recipe.
    """
    try:
        values = {field.name: json.loads(said[field.name]) for field in fields(SimpleNetRecipe)}
        return _FORM.validate_python(values)
    except (KeyError, ValueError, RecursionError, ValidationError) as error:
        raise InputError(f"The SimpleNet {path} is damaged: train it again, or choose another.") from error
