import numpy as np
import pytest

from sam_inspector.core.calibration import Calibration
from sam_inspector.core.errors import InputError
from sam_inspector.core.geometry import check_prompts
from sam_inspector.core.prompts import NEGATIVE, POSITIVE
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.from_anomaly_map import check_settings, map_threshold, policy_in_use, prompts_from_map


def map_of(values):
    values = np.asarray(values, np.float32)
    return AnomalyMap(values, "test", float(values.min()), float(values.max()))


def blank(height=100, width=100):
    return np.zeros((height, width), np.float32)


def made(values, size=None, threshold=0.5, **settings):
    return prompts_from_map(map_of(values), threshold, size or values.shape, AutomaticPrompts(**_bare(settings))).items


def _bare(settings):
    return {"min_area_px": 1, "min_area_fraction": 0.0, "box_margin": 0.0} | settings


# --- thresholds ------------------------------------------------------------------------------------------------------

TEN = map_of(np.arange(10).reshape(2, 5))


def test_fixed():
    assert map_threshold(TEN, AutomaticPrompts("fixed", threshold=3.5)) == 3.5


def test_quantile():
    assert map_threshold(TEN, AutomaticPrompts("quantile", quantile=0.5)) == pytest.approx(4.5)


def test_otsu_splits_two_groups():
    values = np.concatenate([np.linspace(1, 1.2, 70), np.linspace(4.8, 5, 30)]).reshape(10, 10)
    found = map_threshold(map_of(values), AutomaticPrompts("otsu"))
    assert 1.2 <= found < 4.8
    assert (values > found).sum() == 30


def test_otsu_of_a_constant_map_leaves_nothing_above():
    constant = map_of(np.full((4, 4), 0.3))
    assert map_threshold(constant, AutomaticPrompts("otsu")) == constant.values.max()


def test_ref_calibrated():
    """The 99th percentiles of the references are 99 and 49.5: 1.4 times their mean."""
    maps = (np.arange(101, dtype=np.float32)[None], np.arange(101, dtype=np.float32)[None] / 2)
    found = map_threshold(TEN, AutomaticPrompts("ref_calibrated"), Calibration(maps, ("a", "b")))
    assert found == pytest.approx(1.4 * 74.25)


def test_the_factor_multiplies_what_was_found():
    assert map_threshold(TEN, AutomaticPrompts("fixed", threshold=3.5, factor=2)) == 7


def test_f1_adaptive_keeps_the_best_pixels():
    """Defect: the scores 6, 8, 9. From 8 on: precision 1, recall 2/3, F1 0.8; from 6 on: 3/4 and 1, F1 6/7."""
    truth = np.isin(TEN.values, (6, 8, 9))
    found = map_threshold(TEN, AutomaticPrompts("f1_adaptive"), ground_truth=truth)
    assert 5 <= found < 6
    assert (TEN.values > found).sum() == 4


def test_f1_adaptive_of_an_image_without_a_defect_leaves_nothing_above():
    assert map_threshold(TEN, AutomaticPrompts("f1_adaptive"), ground_truth=np.zeros((2, 5), bool)) == 9


def test_f1_adaptive_sees_a_defect_thinner_than_a_cell_of_the_map():
    values, truth = blank(32, 32), np.zeros((256, 256), bool)
    values[:, 10] = 1
    truth[:, 83] = True
    found = map_threshold(map_of(values), AutomaticPrompts("f1_adaptive"), ground_truth=truth)
    assert (values > found).sum() == 32


def test_the_oracle_says_that_it_misses_the_ground_truth():
    with pytest.raises(InputError, match="ground truth"):
        map_threshold(TEN, AutomaticPrompts("f1_adaptive"))


@pytest.mark.parametrize(("highest", "expected"), [(9.0, 7.2), (3.0, 2.7), (9.0e-3, 2.7)])
def test_peak_share(highest, expected):
    """0.8 of the highest score, but never below 0.3 of the range, which is 0 to 9."""
    anomaly_map = AnomalyMap(np.float32([[0, highest]]), "test", 0.0, 9.0)
    assert map_threshold(anomaly_map, AutomaticPrompts("peak_share")) == pytest.approx(expected)


def test_without_references_the_share_of_the_peak_stands_in():
    assert policy_in_use(AutomaticPrompts(), None) == "peak_share"
    assert map_threshold(TEN, AutomaticPrompts()) == map_threshold(TEN, AutomaticPrompts("peak_share"))


# --- regions ---------------------------------------------------------------------------------------------------------


def test_a_region_gets_its_box_and_its_peak():
    values = blank()
    values[20:31, 40:61] = 0.6
    values[25, 57] = 0.9
    (prompt,) = made(values)
    assert prompt.box == (40, 20, 60, 30)
    assert prompt.points == ((57, 25),)
    assert prompt.labels == (POSITIVE,)
    assert (prompt.component, prompt.source) == (1, "few-shot")


@pytest.mark.parametrize("value", [0.0, 0.5, 3.0])
def test_a_constant_map_gives_none(value):
    values = np.full((50, 50), value, np.float32)
    for policy in ("otsu", "quantile"):
        assert made(values, threshold=map_threshold(map_of(values), AutomaticPrompts(policy))) == ()


def test_only_what_exceeds_the_threshold_counts():
    values = blank()
    values[10:20, 10:20] = 0.5
    assert made(values) == ()
    assert len(made(values, threshold=0.4999)) == 1


def test_touching_at_a_corner_is_one_region():
    values = blank()
    values[10:20, 10:20] = values[20:30, 20:30] = 1
    assert [prompt.box for prompt in made(values)] == [(10, 10, 29, 29)]


def test_small_regions_are_dropped():
    values = blank()
    values[10, 10:25] = 1
    values[50, 10:26] = 1
    assert [prompt.box for prompt in made(values, min_area_px=16)] == [(10, 50, 25, 50)]
    assert len(made(values, min_area_fraction=0.0015)) == 2
    assert len(made(values, min_area_fraction=0.0016)) == 1


def test_areas_count_in_pixels_of_the_image():
    values = blank(50, 50)
    values[10:12, 10:12] = 1
    assert made(values, min_area_px=16) == ()
    assert len(made(values, size=(100, 100), min_area_px=16)) == 1
    assert made(values, size=(100, 100), min_area_px=17) == ()


def test_the_highest_peaks_are_kept_highest_first():
    values = blank()
    for place, peak in enumerate((0.6, 0.9, 0.7, 0.8)):
        values[20 * place : 20 * place + 10, 5:15] = 0.55
        values[20 * place + 3, 7] = peak
    found = made(values, max_components=3)
    assert [prompt.points[0] for prompt in found] == [(7, 23), (7, 63), (7, 43)]
    assert [prompt.component for prompt in found] == [1, 2, 3]


def test_the_peak_of_a_region_lies_in_it_and_not_in_another_in_its_box():
    """A C opens to the right, and a higher region lies in its mouth."""
    values = blank()
    values[20:80, 20:30] = values[20:30, 20:80] = values[70:80, 20:80] = 0.6
    values[45, 25] = 0.7
    values[45:55, 50:60] = 0.9
    inner, outer = made(values)
    assert inner.box == (50, 45, 59, 54)
    assert outer.box == (20, 20, 79, 79)
    assert outer.points == ((25, 45),)


@pytest.mark.parametrize(
    ("rows", "columns", "margin", "box"),
    [
        ((40, 50), (30, 70), 0.0, (30, 40, 69, 49)),
        ((40, 50), (30, 70), 0.02, (28, 38, 71, 51)),  # two pixels at least
        ((40, 50), (30, 70), 0.1, (26.1, 38, 72.9, 51)),  # a tenth of 39; of 9 it is less than two
        ((0, 10), (90, 100), 0.5, (85.5, 0, 99, 13.5)),  # clipped at the border
        ((0, 100), (0, 100), 0.1, (0, 0, 99, 99)),
    ],
)
def test_the_margin_of_a_box(rows, columns, margin, box):
    values = blank()
    values[slice(*rows), slice(*columns)] = 1
    assert made(values, box_margin=margin)[0].box == pytest.approx(box)


@pytest.mark.parametrize("parts", [{"box": False}, {"point": False}])
def test_box_or_point_can_be_left_out(parts):
    values = blank()
    values[10:20, 10:20] = 1
    (prompt,) = made(values, **parts)
    assert (prompt.box is not None) == parts.get("box", True)
    assert len(prompt.points) == parts.get("point", True)


# --- maps of another resolution ---------------------------------------------------------------------------------------


def test_a_coarse_map_of_a_wide_image():
    """A map of 10 × 20 over an image of 100 × 400: cells are 20 pixels wide and 10 high."""
    values = blank(10, 20)
    values[2:4, 15:18] = 0.6
    values[3, 17] = 0.9
    (prompt,) = made(values, size=(100, 400))
    assert prompt.box == (300, 20, 359, 39)
    assert prompt.points == ((349.5, 34.5),)


def test_x_and_y_are_not_swapped():
    values = blank(154, 256)
    values[10:20, 200:240] = 1
    box = made(values, size=(600, 1000))[0].box
    turned = made(np.ascontiguousarray(values.T), size=(1000, 600))[0].box
    assert box == pytest.approx((200 * 3.90625, 10 * 600 / 154, 240 * 3.90625 - 1, 20 * 600 / 154 - 1))
    assert turned == pytest.approx((box[1], box[0], box[3], box[2]))


@pytest.mark.parametrize("column", [0, 101, 255])
@pytest.mark.parametrize("margin", [0.0, 0.02])
def test_a_map_finer_than_the_image_gives_prompts_that_sam_takes(column, margin):
    """A region thinner than a pixel; its box may not end before it begins, nor lie outside the image."""
    values = blank(256, 256)
    values[:, column] = 1
    found = prompts_from_map(map_of(values), 0.5, (100, 100), AutomaticPrompts(**_bare({"box_margin": margin})))
    check_prompts(found, 100, 100)
    x0, _, x1, _ = found.items[0].box
    assert 0 <= x0 <= x1 <= 99
    middle = min(max((column + 0.5) * 100 / 256 - 0.5, 0), 99)
    assert x0 <= middle + 1e-9
    assert x1 >= middle - 1e-9


# --- negative points -------------------------------------------------------------------------------------------------


def test_negative_points_lie_where_the_ring_is_lowest():
    values = np.full((100, 100), 0.3, np.float32)
    values[40:60, 40:60] = 1
    values[50, 75] = 0.1  # 16 right of the box
    values[25, 50] = 0.2  # 15 above it
    values[50, 65] = 0.0  # too near: 6
    values[50, 99] = 0.0  # too far: 40
    (prompt,) = made(values, negative_points=2)
    assert prompt.points[1:] == ((75, 50), (50, 25))
    assert prompt.labels == (POSITIVE, NEGATIVE, NEGATIVE)


def test_negative_points_keep_apart_and_are_fewer_where_there_is_no_room():
    values = blank()
    values[40:60, 40:60] = 1
    found = made(values, negative_points=50)[0].points[1:]
    assert 2 <= len(found) < 50
    pairs = [np.hypot(a[0] - b[0], a[1] - b[1]) for i, a in enumerate(found) for b in found[:i]]
    assert min(pairs) >= 30


def test_negative_points_never_lie_on_another_region():
    values = np.full((100, 100), 0.3, np.float32)
    values[40:60, 40:60] = 1
    values[:, 70:] = 0.9
    for prompt in made(values, negative_points=3):
        for (x, y), label in zip(prompt.points, prompt.labels, strict=True):
            assert (values[int(y), int(x)] > 0.5) == (label == POSITIVE)


def test_no_ring_fits_around_a_region_that_fills_the_image():
    (prompt,) = made(np.ones((50, 50), np.float32), negative_points=3)
    assert prompt.labels == (POSITIVE,)


# --- settings --------------------------------------------------------------------------------------------------------


def test_the_defaults_are_fine():
    check_settings(AutomaticPrompts())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policy": "best"}, "“best”: choose from ref_calibrated, fixed"),
        ({"quantile": 0.0}, "quantile 0 must"),
        ({"quantile": 1.0}, "quantile 1 must"),
        ({"quantile": float("nan")}, "quantile nan must"),
        ({"factor": 0.0}, "multiplied by 0"),
        ({"factor": float("nan")}, "multiplied by nan"),
        ({"max_components": 0}, "At most 0 regions"),
        ({"box": False, "point": False}, "both are switched off"),
    ],
)
def test_settings_that_make_no_prompts_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        check_settings(AutomaticPrompts(**settings))
