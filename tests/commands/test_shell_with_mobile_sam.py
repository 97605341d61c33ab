"""The commands with the real model, as a user starts them."""

import json
import shutil

import cv2
import numpy as np
import psutil
import pytest

from sam_inspector.models import loading
from tests.commands.conftest import finish_process, start_process
from tests.fakes import loader


@pytest.fixture
def real(mobile_sam, monkeypatch):
    """The model that the other tests have loaded already."""
    monkeypatch.setattr(loading, "load_segmenter", loader(mobile_sam))


def test_a_process_of_its_own_prints_one_object_and_nothing_else(samples, mobile_sam_weights, tmp_path):
    """Libraries warn and print while they are imported, which only a fresh process shows."""
    root = tmp_path / "teile 1"
    shutil.copytree(samples / "tablet", root / "tablet")
    (root / "tablet/test/chip/broken.jpg").write_bytes(b"")
    (root / "tablet/ground_truth/chip/broken_mask.png").write_bytes(b"")
    out = tmp_path / "out"
    arguments = ("evaluate", root, "--mode", "b", "--limit", "3", "--out", out, "--json")
    outcome = finish_process(start_process(*arguments))
    assert outcome.status == 0
    assert outcome.json == json.loads((out / "results.json").read_text())
    assert outcome.json["model"]["name"] == "mobile_sam"
    assert outcome.json["summary"][0]["iou"] > 0.9
    (line,) = outcome.err.splitlines()
    assert line.startswith("No result for tablet/test/chip/broken.jpg (b): ")


def test_a_box_finds_the_defect(shell, real, samples, tmp_path):
    image, truth = samples / "tablet/test/chip/000.jpg", samples / "tablet/ground_truth/chip/000_mask.png"
    arguments = ("--box", "408,222,526,324", "--ground-truth", truth, "--out", tmp_path / "mask.png")
    outcome = shell("segment", image, *arguments, "--json")
    assert outcome.err == ""
    assert outcome.json["scores"]["iou"] > 0.95
    assert outcome.json["seconds"]["encode"] > 0.02


def test_an_image_of_12000_by_9000_pixels(shell, real, tmp_path):
    pixels = np.full((9000, 12000), 120, np.uint8)
    cv2.circle(pixels, (6000, 4500), 900, 30, cv2.FILLED)
    cv2.imwrite(str(tmp_path / "large.jpg"), pixels)
    truth = np.zeros((9000, 12000), np.uint8)
    cv2.circle(truth, (6000, 4500), 900, 255, cv2.FILLED)
    cv2.imwrite(str(tmp_path / "truth.png"), truth)
    arguments = ("--box", "5090,3590,6910,5410", "--ground-truth", tmp_path / "truth.png", "--json")
    before = psutil.Process().memory_info().rss
    outcome = shell("segment", tmp_path / "large.jpg", *arguments, "--out", tmp_path / "mask.png")
    assert outcome.json["size"] == [12000, 9000]
    assert outcome.json["scores"]["iou"] > 0.95
    assert psutil.Process().memory_info().rss - before < 200_000_000  # what it took is given back


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_images_of_one_pixel_height_or_width(shell, real, tmp_path, size):
    cv2.imwrite(str(tmp_path / "thin.png"), np.full((*size, 3), 99, np.uint8))
    outcome = shell("segment", tmp_path / "thin.png", "--point", "0,0", "--out", tmp_path / "mask.png", "--json")
    assert outcome.json["size"] == [size[1], size[0]]


def test_the_same_command_gives_the_same_mask(shell, real, samples, tmp_path):
    image = samples / "gear/test/good/000.jpg"
    for name in ("one.png", "two.png"):
        assert shell("segment", image, "--point", "200,200", "--out", tmp_path / name).status == 0
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
