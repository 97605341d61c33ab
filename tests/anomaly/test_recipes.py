import numpy as np
import pytest

from sam_inspector.anomaly.recipes import RECIPES, recipe_for
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.anomaly.turning import angles, turned
from sam_inspector.core.errors import InputError
from sam_inspector.models.backbone_registry import BACKBONES, SAM_BACKBONE


def test_every_backbone_has_both_presets():
    names = {SAM_BACKBONE, *BACKBONES}
    assert set(RECIPES) == {(name, preset) for name in names for preset in ("recommended", "faithful")}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (FewShotSettings("resnet"), "“resnet”.*choose from sam"),
        (FewShotSettings(preset="best"), "preset “best”"),
        (FewShotSettings(rotations=0), "0 angles"),
        (FewShotSettings(rotations=73), "73 angles"),
        (FewShotSettings(bank_tokens=0), "0 tokens"),
        (FewShotSettings(coreset_ratio=0.0), "0, must lie"),
        (FewShotSettings(coreset_ratio=1.5), r"1\.5, must lie"),
        (FewShotSettings(coreset_ratio=float("nan")), "nan, must lie"),
    ],
)
def test_what_can_not_be_is_refused(settings, message):
    with pytest.raises(InputError, match=message):
        recipe_for(settings, 4)


def test_more_references_are_turned_less():
    counts = [recipe_for(FewShotSettings(), references).rotations for references in (1, 4, 8, 16, 33, 500)]
    assert counts == [8, 8, 8, 4, 1, 1]


def test_what_was_asked_for_holds():
    recipe = recipe_for(FewShotSettings(rotations=12, bank_tokens=99, coreset_ratio=0.5), 500)
    assert (recipe.rotations, recipe.bank_tokens, recipe.coreset_ratio) == (12, 99, 0.5)


def test_angles_are_even_and_begin_upright():
    assert angles(1) == [0]
    assert angles(4) == [0, 90, 180, 270]


@pytest.mark.parametrize("size", [(4, 6), (5, 5), (7, 2)])
def test_half_a_turn_is_exact(size):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert turned(pixels, 0) is pixels
    np.testing.assert_array_equal(turned(pixels, 180), pixels[::-1, ::-1])


def test_a_quarter_turn_goes_counter_clockwise():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 3), np.uint8)
    np.testing.assert_array_equal(turned(pixels, 90), np.rot90(pixels))


def test_corners_are_filled_with_what_the_image_shows():
    pixels = np.full((20, 30, 3), 77, np.uint8)
    np.testing.assert_array_equal(turned(pixels, 30), pixels)
