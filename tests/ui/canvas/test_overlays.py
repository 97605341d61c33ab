import numpy as np
import pytest
from PySide6.QtCore import QRectF

from sam_inspector.core.prompts import Prompt, PromptPart, Prompts
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.ui.canvas.error_item import _EDGE, colour_table, hatched
from sam_inspector.ui.canvas.lines import DASH_PX, GAP_PX, STEPS, dashed_lines, edge_lines
from sam_inspector.ui.canvas.overlays import ErrorOverlay, MapOverlay, MaskOverlay
from sam_inspector.ui.canvas.prompt_items import new_parts
from sam_inspector.ui.canvas.pyramid import ImagePyramid, Raster, halve_max


def test_the_first_level_is_the_callers_array_and_the_last_is_small():
    pixels = np.random.default_rng(0).integers(0, 256, (700, 1001, 3), np.uint8)
    pyramid = ImagePyramid.from_pixels(pixels)
    assert np.shares_memory(pyramid.raster.levels[0], pixels)
    assert [level.shape[:2] for level in pyramid.raster.levels] == [(700, 1001), (350, 501), (175, 251)]
    assert abs(float(pyramid.raster.levels[-1].mean()) - float(pixels.mean())) < 1


@pytest.mark.parametrize(("scale", "level"), [(4, 0), (1, 0), (0.6, 0), (0.5, 1), (0.3, 1), (0.25, 2), (0.01, 2)])
def test_the_level_has_a_pixel_for_every_pixel_on_screen(scale, level):
    raster = ImagePyramid.from_pixels(np.zeros((700, 1001, 3), np.uint8)).raster
    assert raster.level_for(scale) == level


def test_a_crop_covers_what_is_exposed_and_no_more_than_a_pixel_beyond():
    raster = Raster.build(np.arange(200, dtype=np.uint8).reshape(10, 20), (5.0, 7.0, 20.0, 10.0))
    pixels, target = raster.crop(QRectF(8.2, 9.1, 3, 2), 4)
    assert target.contains(QRectF(8.2, 9.1, 3, 2))
    assert target == QRectF(7, 8, 6, 5)
    np.testing.assert_array_equal(pixels, raster.levels[0][1:6, 2:8])
    assert raster.crop(QRectF(100, 100, 5, 5), 1) is None


def test_halving_by_the_highest_loses_nothing_also_at_odd_sizes():
    classes = np.zeros((5, 7), np.uint8)
    classes[4, 6] = 3
    classes[0, 1] = 2
    small = halve_max(classes)
    assert small.shape == (3, 4)
    assert small[2, 3] == 3
    assert small[0, 0] == 2


def test_outlines_follow_the_pixel_edges_and_the_holes():
    mask = np.zeros((60, 80), bool)
    mask[10:40, 20:50] = True
    mask[20:30, 30:40] = False
    overlay = MaskOverlay.from_mask(mask)
    assert overlay.raster.rect == (20.0, 10.0, 30.0, 30.0)
    outline = overlay.outlines[0]
    assert outline.starts.sum() == 2
    # Every point lies within half a pixel of an edge of the square or of its hole.
    edges = np.array([[10, 40, 20, 50], [20, 30, 30, 40]])
    for x, y in outline.points:
        nearest = min(
            min(abs(y - top), abs(y - bottom), abs(x - left), abs(x - right)) for top, bottom, left, right in edges
        )
        assert nearest <= 0.5
    assert outline.points.min(axis=0) == pytest.approx((20, 10), abs=0.3)
    assert outline.points.max(axis=0) == pytest.approx((50, 40), abs=0.3)


def test_dashes_cover_their_share_and_only_what_is_in_sight_is_drawn():
    mask = np.zeros((400, 400), bool)
    mask[50:350, 50:350] = True
    outline = MaskOverlay.from_mask(mask).outlines[0]
    whole = dashed_lines(outline, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (400, 400), 1.0)
    along_the_top = whole[49:52, 60:340].max(axis=0) % STEPS > STEPS // 2
    assert along_the_top.mean() == pytest.approx(DASH_PX / (DASH_PX + GAP_PX), abs=0.1)
    moved = dashed_lines(outline, np.array([[1.0, 0, -100], [0, 1.0, -20]]), (200, 100), 1.0)
    np.testing.assert_allclose(moved[5:95, 5:195], whole[25:115, 105:295], atol=1)
    far = dashed_lines(outline, np.array([[1.0, 0, -100], [0, 1.0, -100]]), (100, 100), 1.0)
    assert not far.any()


def test_the_line_around_a_mask_is_two_pixels_wide_whatever_its_shape():
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:60] = 255
    lines = edge_lines(mask, 1.0) % STEPS
    profile = lines[5:35, 40] / (STEPS - 1)
    assert 1.5 < profile.sum() < 3
    assert profile.max() > 0.9
    assert not lines[30, 30:50].any()


def test_an_empty_mask_and_one_pixel():
    assert MaskOverlay.from_mask(np.zeros((5, 5), bool)).raster is None
    dot = np.zeros((5, 5), bool)
    dot[2, 3] = True
    overlay = MaskOverlay.from_mask(dot)
    assert overlay.raster.rect == (3.0, 2.0, 1.0, 1.0)
    assert len(overlay.outlines[0].points) == 5


def test_shares_are_of_the_image():
    mask, truth = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    mask[2:5, 2:6] = True
    truth[3:6, 2:6] = True
    overlay = ErrorOverlay.from_masks(mask, truth)
    assert overlay.shares == pytest.approx((0.08, 0.04, 0.04))
    np.testing.assert_array_equal(overlay.raster.levels[0][:, 0], [2, 1, 1, 3])
    assert ErrorOverlay.from_masks(~mask & mask, ~truth & truth).raster is None


def test_a_map_is_scaled_by_its_range_and_stretched_over_the_image():
    values = np.array([[0.0, 0.5, 1.0, 2.0], [np.nan, np.inf, -np.inf, 0.25]], np.float32)
    overlay = MapOverlay.from_map(AnomalyMap(values, "stub", 0.0, 1.0), 40, 20)
    np.testing.assert_array_equal(overlay.raster.levels[0], [[0, 128, 255, 255], [0, 255, 0, 64]])
    assert overlay.raster.rect == (0.0, 0.0, 40.0, 20.0)
    assert not overlay.own_range
    flat = MapOverlay.from_map(AnomalyMap(np.full((3, 3), 0.7, np.float32), "flat", 0.7, 0.7))
    assert not flat.raster.levels[0].any()
    assert flat.own_range


def test_stripes_run_the_two_ways_and_move_with_the_image():
    kinds = np.full((40, 40), 2, np.uint8)
    stripes = hatched(kinds, 8) % _EDGE
    rising = (stripes // 4 % 3).astype(int)
    falling = (stripes // 4 // 3).astype(int)
    np.testing.assert_array_equal(rising[1:, :-1], rising[:-1, 1:])
    np.testing.assert_array_equal(falling[1:, 1:], falling[:-1, :-1])
    assert 0.3 < (rising > 0).mean() < 0.8
    shifted = hatched(kinds, 8, (3, 5)) % _EDGE
    np.testing.assert_array_equal(stripes[5:, 3:], shifted[:-5, :-3])
    assert colour_table(0.6)[0] == 0


def test_new_parts_are_those_added_or_moved():
    one = Prompt(points=((1.0, 1.0),), labels=(1,))
    box = Prompt(box=(0.0, 0.0, 5.0, 5.0))
    moved = Prompt(points=((1.0, 1.0), (2.0, 2.0)), labels=(1, 0))
    assert new_parts(Prompts((one,)), Prompts((moved, box))) == {PromptPart(0, 1), PromptPart(1)}
    assert new_parts(Prompts((one, box)), Prompts((box,))) == frozenset()
