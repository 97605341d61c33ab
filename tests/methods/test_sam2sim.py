from dataclasses import replace

import numpy as np
import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.foreground.category_types import category_types, set_category_kind
from sam_inspector.foreground.extraction import ForegroundExtractor
from sam_inspector.foreground.settings import INSERTION, ForegroundSettings
from sam_inspector.methods.sam2sim import ForegroundChoice, RemovedBackgrounds, has_background
from tests.foreground.floods import FloodSegmenter, disk_on_noise


def removed(settings=None, finder="stand-in"):
    extractor = ForegroundExtractor(settings or ForegroundSettings(), segmenter=FloodSegmenter())
    return RemovedBackgrounds(extractor, finder, "point_grid by stand-in")


@pytest.mark.parametrize(
    ("category", "expected"),
    [("hazelnut", True), ("metal nut", True), ("leather", False), ("grid", False), ("transistor", False)],
)
def test_objects_lose_their_background_textures_and_the_transistor_do_not(category, expected):
    assert has_background(category, category_types()) == expected


def test_of_an_unknown_category_a_person_says_what_it_is():
    types = category_types()
    with pytest.raises(InputError, match="Whether “gizmo” shows objects"):
        has_background("gizmo", types)
    assert has_background("gizmo", types, "object")
    assert not has_background("gizmo", types, "texture")
    assert not has_background("leather", types, "object"), "the table comes first"
    set_category_kind("leather", "object")
    assert has_background("leather", category_types())


def test_what_is_seen_does_not_depend_on_the_background():
    one, mask = disk_on_noise(seed=1)
    other, _ = disk_on_noise(seed=2)
    removal = removed()
    seen = [removal.preparation.apply(pixels) for pixels in (one, other)]
    assert removal.found is not None
    assert removal.found.remark == ""
    assert np.array_equal(seen[0][mask], one[mask])
    far = ~disk_on_noise(radius=100)[1]
    assert np.array_equal(seen[0][far], seen[1][far])
    assert np.array_equal(seen[0][0, 0], (124, 116, 104))


def test_the_last_foreground_is_told():
    removal = removed()
    removal.preparation.apply(np.full((64, 64, 3), 90, np.uint8))
    assert removal.found is not None
    assert removal.found.fell_back


def test_whatever_changes_the_pixels_changes_the_name():
    usual = removed().preparation.identity
    assert usual.startswith("background removed (point_grid by stand-in, ")
    assert removed().preparation.identity == usual
    assert removed(finder="other").preparation.identity != usual
    clean_up = replace(ForegroundSettings().clean_up, dilation_px=9)
    assert removed(replace(ForegroundSettings(), clean_up=clean_up)).preparation.identity != usual


def test_the_mask_for_insertion_is_another_than_the_one_for_removal():
    choice = ForegroundChoice(ForegroundSettings(mode="box_center"), "sam2_tiny")
    inserting = choice.for_insertion()
    assert (inserting.settings.mode, inserting.model) == ("box_center", "sam2_tiny")
    assert inserting.settings.clean_up == INSERTION.clean_up != choice.settings.clean_up
    settled = choice.with_outline("as_found")
    assert (settled.settings.clean_up.outline, settled.fits_outline) == ("as_found", False)
