from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from sam_inspector.anomaly.simplenet.detector import MAP_NAME, map_size
from sam_inspector.anomaly.simplenet.network import judging
from sam_inspector.anomaly.simplenet.patches import patch_tokens
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.anomaly.simplenet.token_store import as_held
from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.ranking import rank_pixels
from sam_inspector.models.backbone import DenseFeatures
from tests.anomaly.simplenet_runs import SMALL, detector_of, noise_image, store_of, trained
from tests.anomaly.textures import features, planted, texture

RECIPE = replace(SMALL, hidden=64, standardised=True, keeps_at_first=True)


def tokens(image):
    return patch_tokens(image, None)


@pytest.fixture(scope="module")
def images():
    return [features(texture(seed)) for seed in range(4)]


@pytest.fixture(scope="module")
def detector(images):
    return detector_of(trained(store_of(images, tokens), 60, RECIPE), images)


@pytest.mark.parametrize("kind", ["square", "stripe"])
def test_a_planted_defect_stands_out(detector, kind):
    pixels, mask = planted(texture(9), kind)
    found = detector.map(features(pixels))
    values = cv2.resize(found.values, mask.shape[::-1])
    assert rank_pixels(values, mask).auroc > 0.97
    assert mask[np.unravel_index(values.argmax(), mask.shape)]
    assert detector.image_score(features(pixels)) > detector.image_score(features(texture(8)))


def test_a_map_covers_the_image(detector):
    found = detector.map(features(texture(5, height=256, width=192)))
    assert found.values.shape == (256, 192)
    assert found.values.dtype == np.float32
    assert found.name == MAP_NAME
    assert (found.low, found.high) == detector.calibration.display_range
    assert map_size((600, 1200), 256) == (128, 256)
    assert map_size((1, 5000), 256) == (1, 256)


def test_maps_are_the_same_in_whatever_order(detector):
    shown = [features(texture(seed)) for seed in (11, 12, 13)]
    forward = [detector.map(one).values for one in shown]
    backward = [detector.map(one).values for one in reversed(shown)]
    for one, other in zip(forward, reversed(backward), strict=True):
        assert np.array_equal(one, other)


def test_the_score_of_an_image_is_that_of_its_worst_cell(detector):
    image = features(planted(texture(9))[0])
    with judging(detector._network):
        rated = detector._network(detector._space.place(as_held(tokens(image))))
    assert detector.image_score(image) == pytest.approx(-rated.min().item(), abs=1e-6)
    assert detector.image_score(image) >= detector.map(image).values.max()


def test_scores_are_negated_ratings_smoothed_to_the_published_size():
    recipe = replace(RECIPES["faithful"], width=None, hidden=8, shown_side=None, crop_side=None)
    images = [noise_image(seed, width=8, grid=36) for seed in range(2)]
    detector = detector_of(trained(store_of(images, tokens), 1, recipe), images)
    values = detector.map(images[0]).values
    with judging(detector._network):
        cells = -detector._network(as_held(tokens(images[0])).float()).reshape(1, 1, 36, 36)
    large = torch.nn.functional.interpolate(cells, (288, 288), mode="bilinear", align_corners=False)[0, 0].numpy()
    offsets = np.arange(-16, 17)
    kernel = np.exp(-0.5 * (offsets / 4) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(large, 16, mode="symmetric")
    smoothed = np.apply_along_axis(np.convolve, 0, padded, kernel, "valid")
    smoothed = np.apply_along_axis(np.convolve, 1, smoothed, kernel, "valid")
    assert values.shape == (288, 288)
    assert np.abs(values - smoothed).max() < 1e-4


def test_a_value_that_hardly_varies_is_rounded_as_in_training():
    def images(seeds):
        made = [noise_image(seed, width=8) for seed in seeds]
        for image in made:
            image.levels[0][7] = 100.03  # 100.0 or 100.06 in float16, and this difference is stretched
        return made

    run = trained(store_of(images(range(4)), tokens), 80, RECIPE)
    detector = detector_of(run)
    new = np.concatenate([detector.seen_map(image).ravel() for image in images(range(50, 54))])
    assert np.quantile(new, 0.9) < 0


def test_the_map_of_a_window_is_placed_in_the_whole_image():
    recipe = replace(RECIPES["faithful"], width=None, hidden=8)
    images = [noise_image(seed, width=8, grid=36) for seed in range(2)]
    detector = detector_of(trained(store_of(images, tokens), 1, recipe), images)
    values = detector.map(images[0], (600, 800)).values
    assert values.shape == (329, 438)
    assert np.array_equal(values[20:308, 75:363], detector.seen_map(images[0]))
    assert (values[:20] == values.min()).all()


def test_features_of_another_backbone_are_refused(detector):
    image = features(texture(0))
    with pytest.raises(InputError, match="trained for stub, the image was described by other"):
        detector.map(DenseFeatures(image.levels, image.size, "other"))
