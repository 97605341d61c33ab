"""U²-Net with its real weights: five megabytes."""

import hashlib

import cv2
import numpy as np
import pytest

from sam_inspector.core.errors import InputError, WeightsError
from sam_inspector.core.metrics.overlap import iou
from sam_inspector.models.foreground_registry import FOREGROUNDS, get_foreground_spec
from sam_inspector.models.registry import NpmMember
from sam_inspector.models.u2net import load_u2net
from sam_inspector.models.weights import get_weights


@pytest.fixture(scope="module")
def u2net():
    try:
        get_weights(FOREGROUNDS["u2netp"])
    except WeightsError as error:
        pytest.skip(f"the weights of U²-Net can't be had here: {error}")
    return load_u2net(device="cpu")


def disk(height, width, radius=60):
    pixels = np.full((height, width, 3), 200, np.uint8)
    truth = np.zeros((height, width), np.uint8)
    cv2.circle(truth, (width // 2, height // 2), radius, 1, cv2.FILLED)
    pixels[truth > 0] = (150, 60, 30)
    return pixels, truth > 0


def test_a_disk_on_a_plain_ground_is_its_foreground(u2net):
    pixels, truth = disk(240, 400)
    found = u2net.foreground(pixels)
    assert found.dtype == np.float32
    assert found.shape == truth.shape
    assert 0 <= found.min() <= found.max() <= 1
    assert iou(found > 0.5, truth) > 0.95
    np.testing.assert_array_equal(found, u2net.foreground(pixels))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (700, 2), (2000, 3000)])
def test_any_size(u2net, size):
    for value in (0, 128, 255):
        found = u2net.foreground(np.full((*size, 3), value, np.uint8))
        assert found.shape == size
        assert np.isfinite(found).all()


def test_nothing_stands_out_of_one_colour(u2net):
    """Stretched to fill 0 to 1, as the publication does it, noise would become an object."""
    assert (u2net.foreground(np.full((300, 300, 3), 90, np.uint8)) > 0.5).mean() < 0.05


def test_what_is_kept_depends_on_the_weights(u2net):
    spec = FOREGROUNDS["u2netp"]
    assert u2net.identity == f"u2netp:{spec.weights.sha256}"
    assert hashlib.sha256(get_weights(spec).read_bytes()).hexdigest() == spec.weights.sha256


@pytest.mark.parametrize("name", FOREGROUNDS)
def test_a_row_names_everything_a_user_or_a_lawyer_asks_for(name):
    spec = get_foreground_spec(name)
    assert spec.name == name
    assert spec.licence == "Apache-2.0"
    assert "arxiv.org" in spec.paper
    assert any(isinstance(source, NpmMember) for source in spec.weights.sources)
    assert spec.note.endswith(".")
    with pytest.raises(InputError, match="u2netp"):
        get_foreground_spec("u3net")
