from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from sam_inspector.anomaly import clip_few_shot
from sam_inspector.anomaly.clip_adapter import ClipAdapter
from sam_inspector.anomaly.clip_few_shot import ClipMemory
from sam_inspector.anomaly.clip_settings import ClipSettings, ClipTrainSettings
from sam_inspector.anomaly.clip_zero_shot import ClipDetector, text_embeddings
from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.core.errors import Cancelled, InputError
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.models.clip import ClipFeatures
from tests.tiny_clip import SIZE, tiny_clip

TEXTS = TextPrompts(("{}", "good {}"), ("broken {}",), ("a photo of a {}.", "the {}."))
SETTINGS = ClipSettings("nut", "tiny", TEXTS, image_size=SIZE)


@pytest.fixture(scope="module")
def clip():
    return tiny_clip()


@pytest.fixture(scope="module")
def images(clip):
    rng = np.random.default_rng(1)
    return [clip.describe(rng.integers(0, 256, (90, 180, 3), np.uint8), image_size=SIZE) for _ in range(3)]


def planted(clip, detector, abnormal_cells, *, taps=4, grid=(4, 4)) -> ClipFeatures:
    """Tokens that point at “normal”, but for some cells of every tap that point at “abnormal”."""
    normal, abnormal = detector.texts
    rows = normal.repeat(grid[0] * grid[1], 1)
    for row, column in abnormal_cells:
        rows[row * grid[1] + column] = abnormal
    projected = tuple(rows * length for length in range(1, taps + 1))
    return ClipFeatures(
        tuple(torch.zeros(len(rows), 64) for _ in range(taps)), projected, grid, normal, (64, 128), "tiny"
    )


def test_the_ensemble_is_the_direction_of_the_mean(clip):
    found = text_embeddings(clip, TEXTS, "nut")
    normal = ["a photo of a nut.", "the nut.", "a photo of a good nut.", "the good nut."]
    mean = torch.stack([clip.encode_text([sentence])[0] for sentence in normal]).mean(0)
    assert torch.allclose(found[0], mean / mean.norm(), atol=1e-6)
    assert found.norm(dim=1).tolist() == pytest.approx([1, 1])
    with pytest.raises(InputError, match="no name"):
        text_embeddings(clip, TEXTS, " ")
    with pytest.raises(Cancelled):
        text_embeddings(clip, TEXTS, "something else", cancelled=lambda: True)


@pytest.mark.parametrize(("combine", "high"), [("mean", 1), ("sum", 4)])
def test_the_map_shows_what_is_nearer_to_abnormal(clip, combine, high):
    detector = ClipDetector(clip, replace(SETTINGS, combine=combine))
    # Random sentences lie close together; apart they tell more.
    other = torch.randn(48, generator=torch.Generator().manual_seed(0))
    detector.texts = functional.normalize(torch.stack([detector.texts[0], other]), dim=1)
    found = detector.map(planted(clip, detector, [(0, 3)]))
    assert (found.name, found.low, found.high) == ("CLIP", 0, high)
    assert found.values.shape == (128, 256)
    assert found.values.dtype == np.float32
    assert found.values[0, -1] == pytest.approx(high, abs=1e-3)
    assert np.unravel_index(found.values.argmax(), found.values.shape)[1] > 200
    assert found.values[64:, :128].max() < 0.01 * high
    assert found.values.min() >= 0


def test_mean_and_sum_differ_by_the_number_of_taps_alone(clip, images):
    mean = ClipDetector(clip, SETTINGS, references=images[:2], names=("a", "b")).map(images[2])
    total = ClipDetector(clip, replace(SETTINGS, combine="sum"), references=images[:2], names=("a", "b")).map(images[2])
    assert np.allclose(4 * mean.values, total.values, rtol=1e-5)


def test_trained_layers_replace_clip_s_own_projection(clip, images):
    adapter = ClipAdapter(4, 64, 48)
    with torch.no_grad():
        for layer in adapter.layers:
            layer.weight.zero_()
            layer.bias.copy_(text_embeddings(clip, TEXTS, "nut")[1])
    plain, trained = ClipDetector(clip, SETTINGS), ClipDetector(clip, SETTINGS, adapter)
    texts = plain.texts
    at_abnormal = torch.softmax(100 * texts @ texts[1], 0)[1].item()
    assert np.allclose(trained.map(images[0]).values, at_abnormal, atol=1e-5)
    assert plain.map(images[0]).values.std() > 0


def test_the_image_score_is_that_of_the_sentences(clip, images):
    detector = ClipDetector(clip, SETTINGS)
    by_hand = torch.softmax(100 * detector.texts @ images[0].image, 0)[1].item()
    assert detector.image_score(images[0], detector.map(images[0])) == pytest.approx(by_hand)
    assert detector.calibration is None


def test_features_of_another_model_are_refused(clip, images):
    with pytest.raises(InputError, match="described by other"):
        ClipDetector(clip, SETTINGS).map(replace(images[0], model="other"))


# --- the few-shot branch -------------------------------------------------------------------------------------------


def described(*rows: list[float]) -> ClipFeatures:
    """A row of cells with given tokens at two taps; those of the second are turned by a quarter."""
    tokens = torch.tensor(rows)
    taps = (tokens, torch.stack([-tokens[:, 1], tokens[:, 0]], 1))
    return ClipFeatures(taps, taps, (1, len(rows)), tokens[0], (10, 30), "tiny")


def test_distances_by_hand():
    """Of the nearest reference token: none, 1 - cos 45°, 1; the ends of the map lie on the outer cells."""
    memory = ClipMemory([described([2.0, 0.0], [5.0, 0.0])], np.random.default_rng(0))
    for found in memory.distances(described([1.0, 0.0], [1.0, 1.0], [0.0, 3.0]), (1, 5)):
        assert found[0, ::2].tolist() == pytest.approx([0, 1 - 2**-0.5, 1], abs=0.005)
        assert found[0, 1].item() == pytest.approx((1 - 2**-0.5) / 2, abs=0.005)


def test_more_references_never_lie_farther(images):
    rng = np.random.default_rng(0)
    one, two = ClipMemory(images[:1], rng), ClipMemory(images[:2], rng)
    for single, both in zip(one.distances(images[2], (8, 16)), two.distances(images[2], (8, 16)), strict=True):
        assert bool((both <= single + 1e-6).all())
    assert max(found.max().item() for found in two.distances(images[1], (8, 16))) < 0.01
    assert min(found.max().item() for found in two.distances(images[1], (8, 16), without=1)) > 0


def test_a_bank_is_bounded(images, monkeypatch):
    monkeypatch.setattr(clip_few_shot, "BANK_TOKENS", 100)
    memory = ClipMemory(images, np.random.default_rng(0))
    assert {len(bank) for bank in memory._banks} == {100}
    assert set(memory._owners.tolist()) == {0, 1, 2}
    again = ClipMemory(images, np.random.default_rng(0))
    assert all(torch.equal(one, other) for one, other in zip(memory._banks, again._banks, strict=True))


def test_references_add_their_distances_and_calibrate(clip, images):
    plain = ClipDetector(clip, SETTINGS)
    shot = ClipDetector(clip, SETTINGS, references=images[:2], names=("a.png", "b.png"))
    memory = ClipMemory(images[:2], np.random.default_rng(0))
    size = (128, 256)
    added = torch.stack(memory.distances(images[2], size)).mean(0).numpy()
    assert np.allclose(shot.map(images[2]).values, plain.map(images[2]).values + added, atol=1e-5)
    assert shot.calibration.names == ("a.png", "b.png")
    assert np.array_equal(shot.calibration.maps[1], shot.map(images[1], without=1).values)
    usual = np.mean([values.max() for values in shot.calibration.maps])
    highest = shot.map(images[2]).values.max()
    score = 0.5 * (shot.text_score(images[2]) + highest / (highest + usual))
    assert shot.image_score(images[2], shot.map(images[2])) == pytest.approx(score, rel=1e-6)


def test_a_single_reference_is_calibrated_by_its_probe(clip, images):
    detector = ClipDetector(clip, SETTINGS, references=images[:1], names=("a",), probe=images[1])
    assert np.array_equal(detector.calibration.maps[0], detector.map(images[1]).values)
    with pytest.raises(InputError, match="this image itself"):
        detector.map(images[0], without=0)
    with pytest.raises(InputError, match="No normal image"):
        ClipMemory([], np.random.default_rng(0))


# --- settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"object_name": ""}, "no name"),
        ({"texts": TextPrompts((), ("{}",), ("{}",))}, "empty"),
        ({"image_size": 20}, "56 to 1400"),
        ({"combine": "max"}, "mean or sum"),
    ],
)
def test_settings_that_make_no_map_are_refused(clip, change, told):
    with pytest.raises(InputError, match=told):
        ClipDetector(clip, replace(SETTINGS, **change))


def test_the_defaults_are_the_published_ones():
    settings = ClipSettings("nut")
    assert (settings.model, settings.image_size, settings.references) == ("vit_l_14_336", 518, None)
    assert len(settings.texts.templates) == 35
    assert replace(settings, references=ReferenceChoice()).references.count == 4
    settings.check()
    train = ClipTrainSettings()
    assert (train.epochs, train.batch_size, train.learning_rate, train.seed) == (15, 8, 1e-3, 111)
    train.check()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"epochs": 0}, "0 epochs"),
        ({"batch_size": 0}, "images a batch"),
        ({"seed": -1}, "as seed"),
        ({"learning_rate": 0.0}, "learning rate"),
        ({"mosaic_share": 1.0}, "mosaics"),
        ({"image_size": 5000}, "5000 pixels"),
    ],
)
def test_settings_that_train_nothing_are_refused(change, told):
    with pytest.raises(InputError, match=told):
        replace(ClipTrainSettings(), **change).check()
