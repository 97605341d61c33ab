from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sam_inspector.anomaly.clip_adapter_file import load_adapter
from sam_inspector.anomaly.clip_manifest import read_adapter_manifest
from sam_inspector.anomaly.clip_settings import ClipSettings, ClipTrainSettings
from sam_inspector.anomaly.clip_zero_shot import ClipDetector
from sam_inspector.core.errors import Cancelled, ImageReadError, InputError, StoreError
from sam_inspector.core.metrics.ranking import rank_pixels
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine import clip_training_images, train_clip_adapter as train_module
from sam_inspector.engine.clip_training_images import FOLDER_PREFIX, DescribedImages, training_images
from sam_inspector.engine.train_clip_adapter import train_clip_adapter
from tests.tiny_clip import SIZE, tiny_clip

TEXTS = TextPrompts(("flawless {}",), ("broken {}",), ("a photo of a {}.",))
SETTINGS = ClipTrainSettings("tiny", TEXTS, image_size=SIZE, epochs=3, batch_size=4, seed=1)
SIDE = 96


def make_part(root, category, count=6, goods=2):
    """A category whose defects are bright patches of two cells, on gray noise."""
    rng = np.random.default_rng(len(category))
    for folder in ("train/good", "test/good", "test/spot", "ground_truth/spot"):
        (root / category / folder).mkdir(parents=True)
    for number in range(count + goods):
        pixels = rng.integers(60, 110, (SIDE, SIDE, 3), np.uint8)
        mask = np.zeros((SIDE, SIDE), np.uint8)
        if number < count:
            row, column = rng.integers(0, SIDE - 30, 2)
            mask[row : row + 30, column : column + 30] = 255
            pixels[mask > 0] = (250, 240, 200)
            Image.fromarray(pixels).save(root / category / f"test/spot/{number:03}.png")
            Image.fromarray(mask).save(root / category / f"ground_truth/spot/{number:03}_mask.png")
        else:
            Image.fromarray(pixels).save(root / category / f"test/good/{number:03}.png")
    Image.fromarray(pixels).save(root / category / "train/good/000.png")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("parts") / "Parts"
    make_part(root, "metal_nut")
    make_part(root, "grid", count=4, goods=1)
    return open_dataset(root)


@pytest.fixture(scope="module")
def clip():
    return tiny_clip()


def train(clip, dataset, out, settings=SETTINGS, **how):
    return list(train_clip_adapter(clip, [dataset], settings, out, **how))


def test_defects_are_learnt(clip, dataset, tmp_path):
    """The loss falls to a third, and the maps of what was trained on rank its defects."""
    out = tmp_path / "own.safetensors"
    before = ClipDetector(clip, ClipSettings("metal nut", "tiny", TEXTS, image_size=SIZE))
    steps = train(clip, dataset, out, replace(SETTINGS, epochs=40))
    losses = read_adapter_manifest(out).losses
    assert len(losses) == 40
    assert losses[-1] < losses[0] / 3
    adapter = load_adapter(out, clip).adapter
    scores, untrained, labels = [], [], []
    with DescribedImages(clip, training_images([dataset]), SIZE, 0, lambda: False) as images:
        for number, image in enumerate(training_images([dataset])):
            settings = ClipSettings(image.sample.category.replace("_", " "), "tiny", TEXTS, image_size=SIZE)
            features = clip.describe(images._read(number)[0], image_size=SIZE)
            for detector, found in ((ClipDetector(clip, settings, adapter), scores), (before, untrained)):
                found.append(np.asarray(Image.fromarray(detector.map(features).values).resize((SIZE, SIZE))))
            labels.append(images.of(number).mask)
    assert rank_pixels(np.stack(scores), np.stack(labels)).auroc > 0.95
    assert (
        rank_pixels(np.stack(scores), np.stack(labels)).auroc > rank_pixels(np.stack(untrained), np.stack(labels)).auroc
    )
    assert [step.batch for step in steps if step.loss is not None] == [1, 2, 3, 4] * 40
    assert steps[-1].fraction == 1
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)


def test_the_file_says_what_it_was_trained_on(clip, dataset, tmp_path):
    out = tmp_path / "own.safetensors"
    train(clip, dataset, out, replace(SETTINGS, epochs=1))
    manifest = read_adapter_manifest(out)
    assert (manifest.clip, manifest.clip_sha256, manifest.taps) == ("tiny", clip.weights_sha256, (1, 2, 3, 4))
    assert (manifest.datasets, set(manifest.categories)) == (("Parts",), {"metal_nut", "grid"})
    assert (manifest.images, manifest.epochs_done, manifest.image_size) == (13, 1, SIZE)
    assert dict(manifest.settings)["seed"] == "1"
    assert manifest.has_seen("metal nut")


@pytest.mark.parametrize("mosaic_share", [0.0, 0.4])
def test_a_run_that_is_gone_on_with_ends_in_the_same_bytes(dataset, tmp_path, mosaic_share):
    settings = replace(SETTINGS, mosaic_share=mosaic_share)
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    train(tiny_clip(), dataset, whole, settings)
    train(tiny_clip(), dataset, parts, replace(settings, epochs=1))
    steps = train_clip_adapter(tiny_clip(), [dataset], settings, parts)
    while (step := next(steps)).epoch < 3 or step.batch < 2:
        pass
    steps.close()  # in the middle of the third epoch
    assert read_adapter_manifest(parts).epochs_done == 2
    train(tiny_clip(), dataset, parts, settings)
    assert parts.read_bytes() == whole.read_bytes()


def test_the_cache_has_no_influence(clip, dataset, tmp_path, monkeypatch):
    one, other, full = (tmp_path / f"{name}.safetensors" for name in ("one", "other", "full"))
    described = []
    really = clip.describe
    monkeypatch.setattr(clip, "describe", lambda *a, **k: described.append(1) or really(*a, **k))
    train(clip, dataset, one, replace(SETTINGS, epochs=2))
    assert len(described) == 13
    train(clip, dataset, other, replace(SETTINGS, epochs=2, cache_bytes=5 * (8 * 8 * 64 * 4 * 2 + SIZE * SIZE)))
    assert len(described) == 13 + 13 + 8
    monkeypatch.setattr(clip_training_images, "LEFT_FREE_BYTES", 10**18)
    train(clip, dataset, full, replace(SETTINGS, epochs=2))
    assert len(described) == 13 + 13 + 8 + 26
    assert one.read_bytes() == other.read_bytes() == full.read_bytes()


def test_nothing_is_left_in_the_temporary_folder(clip, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    steps = train_clip_adapter(clip, [dataset], SETTINGS, tmp_path / "out" / "own.safetensors")
    while next(steps).batch < 2:
        pass
    assert list(tmp_path.glob("sam-inspector-clip-*/*.npz"))
    steps.close()
    assert not list(tmp_path.glob("sam-inspector-clip-*"))


def test_giving_up_leaves_the_last_whole_epoch(clip, dataset, tmp_path):
    out = tmp_path / "own.safetensors"
    calls = []

    def cancelled():
        calls.append(1)
        return read_adapter_manifest(out).epochs_done == 1 if out.exists() else False

    with pytest.raises(Cancelled):
        train(clip, dataset, out, cancelled=cancelled)
    assert read_adapter_manifest(out).epochs_done == 1
    with pytest.raises(Cancelled):
        train(tiny_clip(), dataset, tmp_path / "other.safetensors", cancelled=lambda: True)
    assert not (tmp_path / "other.safetensors").exists()


def test_a_training_that_is_done_stays_as_it_is(clip, dataset, tmp_path):
    out = tmp_path / "own.safetensors"
    train(clip, dataset, out)
    content = out.read_bytes()
    (step,) = train(clip, dataset, out, replace(SETTINGS, epochs=2))
    assert (step.fraction, step.text) == (1, "This training is done already")
    assert out.read_bytes() == content


def test_a_file_of_another_training_is_not_overwritten(clip, dataset, tmp_path):
    out = tmp_path / "own.safetensors"
    train(clip, dataset, out, replace(SETTINGS, epochs=1))
    content = out.read_bytes()
    with pytest.raises(InputError, match="other settings"):
        train(clip, dataset, out, replace(SETTINGS, learning_rate=0.01))
    with pytest.raises(InputError, match="other images"):
        train(clip, replace(dataset, samples=dataset.samples[1:]), out)
    with pytest.raises(InputError, match="trained for the CLIP model"):
        train(tiny_clip(seed=2), dataset, out)
    out.with_name("text.safetensors").write_text("notes")
    with pytest.raises(InputError, match="damaged"):
        train(clip, dataset, out.with_name("text.safetensors"))
    assert out.read_bytes() == content


def test_what_can_not_be_trained_on(clip, dataset, tmp_path):
    without = replace(dataset, samples=tuple(sample for sample in dataset.samples if sample.is_normal))
    with pytest.raises(InputError, match="nothing to train on"):
        train(clip, without, tmp_path / "own.safetensors")
    with pytest.raises(InputError, match="is a folder"):
        train(clip, dataset, tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        train(clip, dataset, tmp_path / "file" / "own.safetensors")
    broken = dataset.root / "broken.png"
    broken.write_bytes(b"no image")
    samples = tuple(replace(sample, path=broken) if sample.is_normal else sample for sample in dataset.samples)
    with pytest.raises(ImageReadError):
        train(clip, replace(dataset, samples=samples), tmp_path / "own.safetensors")
    assert not (tmp_path / "own.safetensors").exists()


def test_a_loss_that_is_no_number_ends_the_run(clip, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(train_module, "_step", lambda *_: float("nan"))
    with pytest.raises(InputError, match="smaller learning rate"):
        train(clip, dataset, tmp_path / "own.safetensors")
    assert not (tmp_path / "own.safetensors").exists()


def test_a_mosaic_shows_four_images_with_their_masks(clip, dataset):
    images = training_images([dataset])
    numbers = tuple(number for number, image in enumerate(images) if image.sample.mask_path is not None)[:4]
    with DescribedImages(clip, images, SIZE, 10**9, lambda: False) as described:
        mosaic = described.mosaic_of(numbers)
        half = SIZE // 2
        assert mosaic.taps.shape == described.of(0).taps.shape
        for place, number in enumerate(numbers):
            rows, columns = divmod(place, 2)
            tile = mosaic.mask[rows * half : (rows + 1) * half, columns * half : (columns + 1) * half]
            whole = described.of(number).mask
            assert tile.mean() == pytest.approx(whole.mean(), abs=0.02)
            centre = np.argwhere(whole).mean(0) / 2
            assert np.allclose(np.argwhere(tile).mean(0), centre, atol=1.5)


def test_folders_of_trainings_that_were_killed_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, running, other = (
        tmp_path / f"{FOLDER_PREFIX}{name}" for name in (f"{gone.pid}-abc", f"{os.getpid()}-abc", "notes")
    )
    for folder in (left, running, other):
        (folder / "deep").mkdir(parents=True)
    with DescribedImages(tiny_clip(), (), 112, 0, lambda: False):
        assert not left.exists()
        assert running.exists()
        assert other.exists()
