"""MobileSAM's own weights on pictures: nothing of a defect is cut away, and the object is found again elsewhere."""

import numpy as np
import pytest

from sam_inspector.core.metrics.overlap import iou
from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.foreground.backgrounds import Backgrounds, BackgroundSettings
from sam_inspector.foreground.changing import BackgroundExchanger, BackgroundRemover
from sam_inspector.foreground.extraction import ForegroundExtractor
from sam_inspector.foreground.settings import INSERTION, ForegroundSettings


def image_and_defect(folder, relative_path):
    sample = next(each for each in open_dataset(folder).samples if each.relative_path == relative_path)
    image = read_image(sample.path)
    return image, read_mask(sample.mask_path, width=image.width, height=image.height)


def test_the_object_is_found_again_before_another_background(mobile_sam, samples):
    image, defect = image_and_defect(samples / "tablet", "test/chip/000.jpg")
    extractor = ForegroundExtractor(ForegroundSettings(), segmenter=mobile_sam)
    found = extractor.find(image.pixels)
    assert 0.2 < found.share < 0.35
    assert not (defect & ~found.mask).any()
    exchanger = BackgroundExchanger(
        ForegroundExtractor(INSERTION, segmenter=mobile_sam), Backgrounds(BackgroundSettings(kind="perlin"))
    )
    exchanged = exchanger.exchange(image.pixels, image.image_id)
    assert exchanged.changed
    again = BackgroundRemover(extractor).remove(exchanged.pixels).foreground
    assert not again.fell_back
    assert iou(again.mask, found.mask) > 0.95


def one_colour():
    return np.full((300, 300, 3), (120, 130, 90), np.uint8)


def noise():
    return np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)


@pytest.mark.parametrize("image", [one_colour, noise])
def test_where_there_is_no_object_the_whole_image_is_used(mobile_sam, image):
    found = ForegroundExtractor(ForegroundSettings(), segmenter=mobile_sam).find(image())
    assert found.fell_back
    assert found.mask.all()
    assert found.remark.startswith("No foreground was found")


def test_an_object_in_a_gray_image_is_found(mobile_sam):
    rows, columns = np.mgrid[:300, :300]
    disk = (rows - 140) ** 2 + (columns - 150) ** 2 <= 70**2
    pixels = np.repeat(np.where(disk, 200, 90)[..., None], 3, axis=2).astype(np.uint8)
    found = ForegroundExtractor(ForegroundSettings(), segmenter=mobile_sam).find(pixels)
    assert not found.fell_back
    assert not (disk & ~found.mask).any()
    assert iou(found.mask, disk) > 0.9


@pytest.mark.data
@pytest.mark.parametrize(
    ("category", "relative_path"),
    [
        ("hazelnut", "test/colour/05.jpg"),  # paint on the contour
        ("cookie", "test/cracked/anomaly-14.jpg"),  # where one question in the middle finds nothing fit
        ("cookie", "test/cracked/anomaly-7.jpg"),  # two halves, one cut by the frame
    ],
)
def test_no_defect_is_cut_away(mobile_sam, measuring_data, category, relative_path):
    image, defect = image_and_defect(measuring_data / category, relative_path)
    found = ForegroundExtractor(ForegroundSettings(), segmenter=mobile_sam).find(image.pixels)
    assert (defect & ~found.mask).sum() <= 0.01 * defect.sum()
    assert 0.15 < found.share < 0.5
