"""Prompts from ground truth, against hand-made cases and the golden files beside this one.

The golden files hold every prompt of five drawn masks. After a wanted change, write them anew with
`python -m tests.prompting.test_from_ground_truth` and read the difference before keeping it.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.core.geometry import check_prompts
from sam_inspector.core.metrics.overlap import iou
from sam_inspector.prompting.from_ground_truth import GT_MODES, GT_PRESETS, prompts_from_ground_truth

GOLDEN = Path(__file__).parent / "golden"


def draw(height, width, *rectangles):
    """A mask of rectangles `(value, x0, y0, x1, y1)`, maximum inclusive, drawn in turn."""
    mask = np.zeros((height, width), bool)
    for value, x0, y0, x1, y1 in rectangles:
        mask[y0 : y1 + 1, x0 : x1 + 1] = value
    return mask


def stairs():
    """A thin slanted scratch, one pixel wide, joined by corners only."""
    mask = np.zeros((120, 90), bool)
    rows = np.arange(10, 100)
    mask[rows, 5 + rows * 3 // 4] = True
    return mask


MASKS = {
    "square": draw(100, 100, (1, 0, 0, 9, 9)),
    "c_shape": draw(50, 60, (1, 5, 5, 34, 34), (0, 10, 10, 34, 29)),
    "ring_with_island": draw(300, 500, (1, 100, 50, 399, 249), (0, 150, 90, 349, 209), (1, 240, 140, 259, 159)),
    "specks_at_the_border": draw(
        300,
        500,
        (1, 499, 0, 499, 0),
        (1, 0, 1, 0, 1),
        (1, 0, 290, 2, 293),
        (1, 480, 299, 499, 299),
        (1, 200, 100, 204, 103),
    ),
    "scratch": stairs(),
}


def as_json(prompts):
    return [
        {"component": item.component, "box": list(item.box), "points": [list(point) for point in item.points]}
        for item in prompts.items
    ]


def all_prompts(mask):
    return {
        preset: {mode: as_json(prompts_from_ground_truth(mask, mode, preset=preset)) for mode in GT_MODES}
        for preset in GT_PRESETS
    }


@pytest.mark.parametrize("name", MASKS)
def test_golden(name):
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert all_prompts(MASKS[name]) == expected


def test_every_golden_file_is_used():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(MASKS)


@pytest.mark.parametrize("preset", GT_PRESETS)
def test_twenty_points_in_scan_order(preset):
    """T15."""
    (item,) = prompts_from_ground_truth(MASKS["square"], "bps", preset=preset).items
    assert item.points[:6] == ((0, 0), (5, 0), (0, 1), (5, 1), (0, 2), (6, 2))
    assert item.points[-2:] == ((3, 9), (9, 9))
    assert len(item.points) == 20


def test_small_regions_repeat_points_only_if_faithful():
    mask = draw(30, 40, (1, 20, 10, 23, 12))
    faithful = prompts_from_ground_truth(mask, "bps", preset="faithful").items[0]
    recommended = prompts_from_ground_truth(mask, "bps").items[0]
    assert (len(faithful.points), len(set(faithful.points))) == (20, 12)
    assert len(recommended.points) == len(set(recommended.points)) == 12
    assert set(recommended.points) == set(faithful.points)


def test_centre_of_a_hollow_region():
    mask = MASKS["c_shape"]
    faithful = prompts_from_ground_truth(mask, "bp", preset="faithful").items[0].points
    assert faithful == ((16, 19),)
    assert not mask[19, 16]
    ((x, y),) = prompts_from_ground_truth(mask, "bp").items[0].points
    assert mask[int(y), int(x)]


def test_holes_and_what_lies_in_them():
    mask = MASKS["ring_with_island"]
    faithful = prompts_from_ground_truth(mask, "bp", preset="faithful").items
    assert [(item.component, item.box, item.points) for item in faithful] == [(1, (100, 50, 399, 249), ((249, 149),))]
    recommended = prompts_from_ground_truth(mask, "b").items
    assert [item.box for item in recommended] == [(100, 50, 399, 249), (240, 140, 259, 159)]


def test_naive_is_one_box_of_the_image():
    mask = MASKS["ring_with_island"]
    (item,) = prompts_from_ground_truth(mask, "naive").items
    assert (item.box, item.points, item.component) == ((0, 0, 499, 299), (), None)
    assert prompts_from_ground_truth(mask, "naive", preset="faithful").items[0].box == (0, 0, 500, 300)


def random_masks():
    rng = np.random.default_rng(0)
    for height, width in ((30, 50), (77, 41), (1, 9), (9, 1)):
        for share in (0.02, 0.3, 0.8):
            mask = rng.random((height, width)) < share
            mask[0, -1] = True
            yield mask
    yield np.ones((30, 50), bool)
    yield np.ones((1, 1), bool)


@pytest.mark.parametrize("preset", GT_PRESETS)
@pytest.mark.parametrize("mode", GT_MODES)
def test_whatever_is_generated_can_be_given_to_sam(mode, preset):
    for mask in random_masks():
        prompts = prompts_from_ground_truth(mask, mode, preset=preset)
        check_prompts(prompts, mask.shape[1], mask.shape[0])
        assert len(prompts.decodable) == len(prompts) > 0
        assert all(item.source == "gt" and not item.edited and set(item.labels) <= {1} for item in prompts.items)
        if mode != "naive":
            assert [item.component for item in prompts.items] == list(range(1, len(prompts) + 1))


@pytest.mark.parametrize("mode", ["bp", "bps"])
def test_recommended_points_lie_on_the_defect_and_boxes_cover_it(mode):
    for mask in random_masks():
        covered = np.zeros(mask.shape, bool)
        for item in prompts_from_ground_truth(mask, mode).items:
            x0, y0, x1, y1 = (int(value) for value in item.box)
            covered[y0 : y1 + 1, x0 : x1 + 1] = True
            assert all(mask[int(y), int(x)] and x0 <= x <= x1 and y0 <= y <= y1 for x, y in item.points)
        assert not np.any(mask & ~covered)


def test_turning_the_mask_turns_the_boxes():
    mask = MASKS["specks_at_the_border"]
    boxes = {item.box for item in prompts_from_ground_truth(mask, "b").items}
    turned = {item.box for item in prompts_from_ground_truth(mask.T, "b").items}
    assert turned == {(y0, x0, y1, x1) for x0, y0, x1, y1 in boxes}


def test_a_sam_that_fills_boxes_scores_by_hand():
    """Perfect on rectangles, area over box area on others."""

    def fill(prompts, shape):
        mask = np.zeros(shape, bool)
        for item in prompts.items:
            x0, y0, x1, y1 = (int(value) for value in item.box)
            mask[y0 : y1 + 1, x0 : x1 + 1] = True
        return mask

    specks, c_shape = MASKS["specks_at_the_border"], MASKS["c_shape"]
    assert iou(fill(prompts_from_ground_truth(specks, "b"), specks.shape), specks) == 1.0
    assert iou(fill(prompts_from_ground_truth(c_shape, "b"), c_shape.shape), c_shape) == pytest.approx(400 / 900)
    assert iou(fill(prompts_from_ground_truth(c_shape, "naive"), c_shape.shape), c_shape) == pytest.approx(400 / 3000)


def test_number_of_points_can_be_set():
    assert len(prompts_from_ground_truth(MASKS["scratch"], "bps", points=7).items[0].points) == 7
    assert len(prompts_from_ground_truth(MASKS["scratch"], "bps", points=1).items[0].points) == 1
    with pytest.raises(InputError, match="asked for 0 points"):
        prompts_from_ground_truth(MASKS["scratch"], "bps", points=0)


@pytest.mark.parametrize("mode", GT_MODES)
def test_a_mask_of_zeros_is_refused_in_one_sentence(mode):
    with pytest.raises(InputError, match="marks no defect pixel"):
        prompts_from_ground_truth(np.zeros((20, 30), bool), mode)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(InputError, match="“boxes”: choose one of naive, b, bp, bps"):
        prompts_from_ground_truth(MASKS["square"], "boxes")
    with pytest.raises(InputError, match="“exact”: choose one of recommended, faithful"):
        prompts_from_ground_truth(MASKS["square"], "b", preset="exact")


def test_rows_have_their_own_names_and_one_line():
    for name, row in GT_MODES.items():
        assert row.name == name
        assert 0 < len(row.description) <= 70
        assert "\n" not in row.description


def write_golden():
    for name, mask in MASKS.items():
        presets = all_prompts(mask)
        lines = [
            f'    "{mode}": [\n' + ",\n".join(f"      {json.dumps(item)}" for item in items) + "\n    ]"
            for modes in presets.values()
            for mode, items in modes.items()
        ]
        half = len(GT_MODES)
        blocks = [
            f'  "{preset}": {{\n' + ",\n".join(lines[half * index : half * (index + 1)]) + "\n  }"
            for index, preset in enumerate(presets)
        ]
        (GOLDEN / f"{name}.json").write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write_golden()
