import numpy as np
import pytest

from sam_inspector.core.errors import Cancelled
from sam_inspector.core.metrics.overlap import iou
from sam_inspector.foreground.automatic_masks import automatic_masks, grid_points
from sam_inspector.foreground.settings import AutomaticMaskSettings
from tests.foreground.floods import FloodSegmenter, disk_on_noise


def test_points_are_the_middles_of_equal_cells():
    assert grid_points(40, 80, 2) == [(19.5, 9.5), (59.5, 9.5), (19.5, 29.5), (59.5, 29.5)]
    assert len(grid_points(7, 3, 32)) == 1024


def test_each_thing_comes_once_the_surest_first():
    pixels, disk = disk_on_noise(radius=68, middle=(100, 160))
    pixels[20:60, 240:300] = (40, 60, 200)
    segmenter = FloodSegmenter()
    masks = automatic_masks(segmenter, segmenter.embed(pixels), AutomaticMaskSettings(points_per_side=8))
    scores = [mask.predicted_iou for mask in masks]
    assert scores == sorted(scores, reverse=True)
    disks = [mask for mask in masks if iou(mask.at_size(320, 320), disk) > 0.95]
    assert len(disks) == 1
    assert disks[0].sides == 0
    assert disks[0].area == pytest.approx(disk.mean(), abs=0.003)
    assert disk[round(disks[0].point[1]), round(disks[0].point[0])]
    grounds = [mask for mask in masks if mask.sides == 4]
    assert len(grounds) == 1
    assert all(not mask.sides for mask in masks if mask is not grounds[0])


def test_a_mask_keeps_its_shape_and_little_memory():
    pixels, disk = disk_on_noise(side=240, radius=30)
    segmenter = FloodSegmenter()
    embedding = segmenter.embed(pixels)
    mask = next(
        m for m in automatic_masks(segmenter, embedding, AutomaticMaskSettings(points_per_side=5)) if not m.sides
    )
    small = mask.in_frame()
    assert small.shape == mask.frame == (256, 256)
    rows, columns = np.nonzero(small)
    assert mask.box == (columns.min(), rows.min(), columns.max(), rows.max())
    assert small.mean() == mask.area
    assert mask.steps.nbytes < 80**2
    large = mask.at_size(2400, 2400)
    assert large.mean() == pytest.approx(disk.mean(), rel=0.03)


def test_what_is_unsure_or_unstable_is_left_out():
    pixels, _ = disk_on_noise()
    segmenter = FloodSegmenter(scores=(0.9, 0.5, 0.79, 0.5))
    embedding = segmenter.embed(pixels)

    def found(**settings):
        return automatic_masks(segmenter, embedding, AutomaticMaskSettings(points_per_side=4, **settings))

    assert found() == []
    assert len(found(predicted_iou=0.7)) == 2  # the disk and the ground
    # Three logits are about a pixel here, which is much of the disk and little of the ground.
    disk, ground = sorted(found(predicted_iou=0.7, stability_offset=6, stability=0.5), key=lambda mask: mask.area)
    assert 0.85 < disk.stability < 0.95 < ground.stability < 1
    assert [mask.sides for mask in found(predicted_iou=0.7, stability_offset=6)] == [4]


def test_thresholds_are_those_of_the_models_authors():
    settings = AutomaticMaskSettings()
    assert (settings.points_per_side, settings.stability, settings.box_overlap) == (32, 0.95, 0.7)
    assert settings.least_predicted_iou("sam") == 0.88
    assert settings.least_predicted_iou("sam2") == 0.80
    assert AutomaticMaskSettings(predicted_iou=0.5).least_predicted_iou("sam2") == 0.5


def test_progress_is_told_and_looking_can_be_given_up():
    pixels, _ = disk_on_noise(side=64, radius=20)
    segmenter = FloodSegmenter()
    embedding = segmenter.embed(pixels)
    told = []
    automatic_masks(
        segmenter,
        embedding,
        AutomaticMaskSettings(points_per_side=8),
        report=lambda fraction, text: told.append(fraction),
    )
    assert told == [0.5, 1.0]
    with pytest.raises(Cancelled):
        automatic_masks(segmenter, embedding, AutomaticMaskSettings(), cancelled=lambda: True)
