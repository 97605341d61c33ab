"""The detector on planted anomalies, with a stub of an encoder."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from sam_inspector.anomaly import few_shot
from sam_inspector.anomaly.few_shot import View, fit
from sam_inspector.anomaly.recipes import FewShotRecipe
from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.ranking import rank_pixels
from sam_inspector.models.backbone import DenseFeatures
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.from_anomaly_map import map_threshold, prompts_from_map
from tests.anomaly.textures import built, features, planted, texture, views

PLAIN = FewShotRecipe(rotations=1)
SWIN_LIKE = FewShotRecipe(joined=False, average=1, centring=0, rotations=1, bank_tokens=None, smoothing=0, top_share=0)
ROUNDING = 1 / 128


@pytest.fixture(scope="module")
def detector():
    return built([texture(seed) for seed in range(4)], PLAIN)


def prompts_of(detector, pixels):
    anomaly_map = detector.map(features(pixels))
    settings = AutomaticPrompts()
    threshold = map_threshold(anomaly_map, settings, detector.calibration)
    return prompts_from_map(anomaly_map, threshold, pixels.shape[:2], settings).items


@pytest.mark.parametrize("kind", ["square", "stripe"])
def test_a_planted_defect_is_found(detector, kind):
    pixels, mask = planted(texture(10), kind)
    anomaly_map = detector.map(features(pixels))
    assert anomaly_map.values.shape == mask.shape
    assert rank_pixels(anomaly_map.values, mask).auroc > 0.99
    (prompt,) = prompts_of(detector, pixels)
    box = np.zeros_like(mask)
    x0, y0, x1, y1 = (round(end) for end in prompt.box)
    box[y0 : y1 + 1, x0 : x1 + 1] = True
    assert (box & mask).sum() / mask.sum() > 0.9
    x, y = prompt.points[0]
    assert cv2.dilate(mask.astype(np.uint8), np.ones((17, 17)))[round(y), round(x)], "within a cell of it"
    normal = detector.map(features(texture(11)))
    assert detector.image_score(anomaly_map) > 2 * detector.image_score(normal)


@pytest.mark.parametrize("seed", range(20, 26))
def test_a_normal_image_gets_no_prompt(detector, seed):
    assert prompts_of(detector, texture(seed)) == ()


def test_maps_are_raw_float32_distances_with_one_range_of_colours(detector):
    normal, defective = (detector.map(features(pixels)) for pixels in (texture(12), planted(texture(12))[0]))
    for anomaly_map in (normal, defective):
        assert anomaly_map.values.dtype == np.float32
        assert anomaly_map.values.min() >= 0
        assert anomaly_map.values.max() <= 2
        assert (anomaly_map.low, anomaly_map.high) == detector.calibration.display_range
    away = np.s_[:, :100]
    np.testing.assert_allclose(normal.values[away], defective.values[away], atol=1e-6)


@pytest.mark.parametrize(("height", "width", "expected"), [(128, 256, (128, 256)), (500, 300, (256, 154))])
def test_the_map_has_the_aspect_of_the_image(detector, height, width, expected):
    assert detector.map(features(texture(1, height, width))).values.shape == expected


def test_a_defect_of_a_wide_image_lies_where_it_was_planted(detector):
    """x and y swapped, or the aspect ignored, would put it elsewhere."""
    pixels = texture(3, 128, 384)
    pixels[16:48, 300:348] = (170, 60, 60)
    values = detector.map(features(pixels)).values
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    scale = 384 / 256
    assert 16 <= row * scale <= 48
    assert 300 <= column * scale <= 348


def test_references_of_other_sizes_and_aspects():
    references = [texture(0), texture(1, 96, 320), texture(2, 333, 200)]
    detector = built(references, PLAIN)
    assert [values.shape for values in detector.calibration.maps] == [(256, 256), (77, 256), (256, 154)]
    pixels, mask = planted(texture(10))
    assert rank_pixels(detector.map(features(pixels)).values, mask).auroc > 0.99


@pytest.mark.parametrize("recipe", [PLAIN, FewShotRecipe(rotations=4), SWIN_LIKE])
def test_a_single_reference(recipe):
    detector = built([texture(0)], recipe)
    assert prompts_of(detector, texture(7)) == ()
    assert detector.calibration.names == ("0.png",)
    pixels, mask = planted(texture(0))
    assert rank_pixels(detector.map(features(pixels)).values, mask).auroc > 0.99
    with pytest.raises(InputError, match="this image itself"):
        detector.map(features(texture(0)), without=0)


def test_a_single_reference_that_is_not_turned_is_compared_with_as_it_is():
    """Its half turn serves the calibration, and is nothing that an image may look like."""
    detector = built([texture(0)], SWIN_LIKE)
    assert detector.bank_tokens == (256 // 8) ** 2
    assert detector.map(features(texture(0))).values.max() <= ROUNDING
    half_turn = features(texture(0)[::-1, ::-1])
    np.testing.assert_array_equal(detector.calibration.maps, [detector.map(half_turn).values])


def test_a_reference_left_out_is_not_compared_with_itself():
    images = [planted(texture(0))[0], *(texture(seed) for seed in (1, 2, 3))]
    detector = built(images, PLAIN)
    query = features(images[0])
    assert detector.map(query).values.max() < 0.1 < detector.map(query, without=0).values.max()
    np.testing.assert_array_equal(detector.map(query, without=0).values, detector.calibration.maps[0])


def test_more_references_never_raise_a_map():
    recipe = replace(PLAIN, centring=0, bank_tokens=None)
    few, more = (built([texture(seed) for seed in range(count)], recipe) for count in (2, 5))
    query = features(texture(10))
    assert (more.map(query).values <= few.map(query).values + 1e-6).all()


@pytest.mark.parametrize("kind", ["square", "stripe"])
def test_a_defective_reference_is_named(kind):
    images = [texture(0), texture(1), planted(texture(2), kind)[0], texture(3)]
    assert built(images, PLAIN).calibration.far == ("2.png",)


def test_normal_references_are_not_suspected(detector):
    assert detector.calibration.far == ()


def test_constant_images():
    flat = np.full((256, 256, 3), 90, np.uint8)
    detector = built([flat] * 3, FewShotRecipe(rotations=2))
    assert prompts_of(detector, flat) == ()
    assert np.isfinite(detector.map(features(flat)).values).all()
    defective = flat.copy()
    defective[100:140, 60:100] = (200, 20, 20)
    (prompt,) = prompts_of(detector, defective)
    assert 60 <= prompt.points[0][0] < 100
    assert 100 <= prompt.points[0][1] < 140
    assert np.isfinite(detector.map(features(np.zeros((256, 256, 3), np.uint8))).values).all()


def test_features_of_another_backbone_are_refused(detector):
    with pytest.raises(InputError, match=r"by stub, this image by other"):
        detector.map(features(texture(0), backbone="other"))


def test_without_a_reference():
    with pytest.raises(InputError, match="choose at least one"):
        next(fit(iter(()), PLAIN, ()))


def test_a_step_a_view_then_the_detector():
    recipe = FewShotRecipe(rotations=3)
    steps = list(fit(views([texture(0), texture(1)], recipe), recipe, ("a", "b")))
    assert steps[:-1] == [None] * 6
    assert steps[-1].bank_tokens == 6 * 32 * 32


def test_the_same_seed_gives_the_same_map():
    images = [texture(seed) for seed in range(3)]
    recipe = replace(PLAIN, bank_tokens=200)
    first, again = (built(images, recipe, seed=7).map(features(texture(9))).values for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_a_share_of_the_tokens_is_kept():
    detector = built([texture(seed) for seed in range(2)], replace(PLAIN, coreset_ratio=0.25, bank_tokens=None))
    assert detector.bank_tokens == 512


def test_five_hundred_references_stay_bounded(monkeypatch):
    """However many come, no more than a chunk and the bank's tokens are held at a time."""
    monkeypatch.setattr(few_shot, "CHUNK_TOKENS", 2048)
    recipe = replace(PLAIN, bank_tokens=256)
    held = []
    thin = few_shot._Bank.thin

    def watched(bank):
        held.append(sum(len(tokens) for tokens in bank.held))
        return thin(bank)

    monkeypatch.setattr(few_shot._Bank, "thin", watched)
    pool = [features(texture(seed, 64, 64)) for seed in range(8)]
    shown = (View(number, True, pool[number % 8]) for number in range(500))
    *_, detector = fit(shown, recipe, tuple(map(str, range(500))))
    assert detector.bank_tokens == 256
    assert len(held) > 10
    assert max(held) <= 2048 + 256 + 64
    assert len(detector.calibration.maps) == few_shot.CALIBRATION_IMAGES


def test_thinning_on_the_way_forgets_nothing_that_matters(monkeypatch):
    monkeypatch.setattr(few_shot, "CHUNK_TOKENS", 2048)
    detector = built([texture(seed) for seed in range(12)], replace(PLAIN, bank_tokens=512))
    pixels, mask = planted(texture(20))
    assert rank_pixels(detector.map(features(pixels)).values, mask).auroc > 0.99
    assert prompts_of(detector, texture(21)) == ()


# --- levels searched alone, as the first system's Swin map does -------------------------------------------------------


def pyramid(seed=0):
    """Four levels of random features, each cell of its own direction."""
    generator = torch.Generator().manual_seed(seed)
    levels = [torch.randn(32, side, side, generator=generator) for side in (8, 4, 2, 1)]
    for level in levels:
        level[0] = 0  # the direction that is planted; nothing else has a part in it
    return DenseFeatures(tuple(levels), (256, 256), "swin")


def of_levels(reference, recipe=SWIN_LIKE):
    *_, detector = fit([View(0, True, reference)], recipe, ("0.png",))
    return detector


def test_a_query_equal_to_the_reference_gives_zeros():
    reference = pyramid()
    assert of_levels(reference).map(reference).values.max() <= ROUNDING


@pytest.mark.parametrize("levels", [1, 4])
def test_one_orthogonal_token_counts_wholly_in_its_level(levels):
    """1 at that cell of the level, so a quarter after the mean of four levels."""
    reference = pyramid()
    reference = replace(reference, levels=reference.levels[:levels])
    finest = reference.levels[0].clone()
    finest[:, 2, 5] = 0
    finest[0, 2, 5] = 1
    query = replace(reference, levels=(finest, *reference.levels[1:]))
    values = of_levels(reference).map(query).values
    expected = np.zeros((8, 8), np.float32)
    expected[2, 5] = 1 / levels
    resized = cv2.resize(expected, (256, 256), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(values, resized, atol=ROUNDING)
    assert values.max() > 0.96 / levels


def test_the_length_of_a_feature_does_not_count():
    reference, query = pyramid(0), pyramid(1)
    longer = replace(query, levels=tuple(7.5 * level for level in query.levels))
    detector = of_levels(reference)
    np.testing.assert_allclose(detector.map(longer).values, detector.map(query).values, atol=ROUNDING)


def test_levels_of_other_grids_are_joined_to_the_finest():
    reference = pyramid()
    detector = of_levels(reference, replace(SWIN_LIKE, joined=True))
    assert detector.bank_tokens == 64
    assert detector.map(reference).values.max() <= ROUNDING


# --- score of the image --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "expected"), [(0, 9.0), (0.01, 9.0), (0.2, 8.5), (1, 4.5)])
def test_the_image_score_is_the_mean_of_the_highest_share(detector, share, expected):
    values = np.arange(10, dtype=np.float32).reshape(2, 5)
    scored = few_shot.FewShotDetector(
        replace(PLAIN, top_share=share), "stub", [], detector.calibration, is_single=False
    )
    anomaly_map = replace(detector.map(features(texture(0))), values=values)
    assert scored.image_score(anomaly_map) == pytest.approx(expected)
