import inspect
from dataclasses import dataclass, field, fields

import numpy as np
import pytest

from sam_inspector.core.metrics.overlap import iou
from sam_inspector.foreground.backgrounds import Backgrounds, BackgroundSettings
from sam_inspector.foreground.changing import BackgroundExchanger, BackgroundRemover, ExchangedImage
from sam_inspector.foreground.compositing import IMAGENET_MEAN_RGB
from sam_inspector.foreground.extraction import ForegroundExtractor
from sam_inspector.foreground.mask_cache import CorrectedMasks, MaskCache, pixels_id
from sam_inspector.foreground.saliency import Saliency
from sam_inspector.foreground.settings import INSERTION, ForegroundSettings
from tests.foreground.floods import FloodSegmenter, disk_on_noise

ID = "0123456789abcdef0123456789abcdef"
CLOUDS = Backgrounds(BackgroundSettings(kind="perlin"))


@dataclass
class Watching(FloodSegmenter):
    """Remembers which pixels it was shown."""

    shown: list = field(default_factory=list)

    def embed(self, pixels, *, cancelled=None):
        self.shown.append(pixels_id(pixels))
        return super().embed(pixels)


def test_no_mask_can_be_handed_to_the_removal():
    # By construction: the ways in take pixels alone, and what comes out of the exchange has no mask.
    for way in (BackgroundRemover.remove, ForegroundExtractor.find):
        assert list(inspect.signature(way).parameters) == ["self", "pixels", "cancelled"]
    assert {each.name for each in fields(ExchangedImage)} == {"pixels", "changed", "remark"}


def test_the_foreground_is_looked_for_again_before_the_new_background(tmp_path):
    pixels, disk = disk_on_noise()
    segmenter = Watching()
    cache, corrections = MaskCache(tmp_path / "cache"), CorrectedMasks(tmp_path / "mine")
    wrong = np.zeros((320, 320), bool)
    wrong[:40] = True
    extractor = ForegroundExtractor(ForegroundSettings(), segmenter=segmenter, cache=cache, corrections=corrections)
    exchanged = BackgroundExchanger(extractor, CLOUDS).exchange(pixels, ID)
    assert exchanged.changed
    removed = BackgroundRemover(extractor).remove(exchanged.pixels)
    assert segmenter.shown == [pixels_id(pixels), pixels_id(exchanged.pixels)]
    assert iou(removed.foreground.mask, disk) > 0.9
    # What a person drew for the image is for that image, not for the same object before another background.
    corrections.put(pixels_id(pixels), wrong)
    assert np.array_equal(BackgroundRemover(extractor).remove(pixels).foreground.mask, wrong)
    assert not BackgroundRemover(extractor).remove(exchanged.pixels).foreground.corrected


def test_the_background_is_another_and_the_object_is_not():
    pixels, _ = disk_on_noise()
    exchanger = BackgroundExchanger(ForegroundExtractor(INSERTION, segmenter=FloodSegmenter()), CLOUDS)
    one, again = (exchanger.exchange(pixels, ID).pixels for _ in range(2))
    assert np.array_equal(one, again)
    _, inner = disk_on_noise(radius=70)
    _, outer = disk_on_noise(radius=92)
    assert np.array_equal(one[inner], pixels[inner])
    assert np.array_equal(one[~outer], CLOUDS.make(ID, 320, 320)[~outer])
    assert not np.array_equal(exchanger.exchange(pixels, "f" * 32).pixels, one)


def test_removal_fills_all_but_the_foreground():
    pixels, disk = disk_on_noise()
    removed = BackgroundRemover(ForegroundExtractor(ForegroundSettings(), segmenter=FloodSegmenter())).remove(pixels)
    mask = removed.foreground.mask
    assert not (disk & ~mask).any()
    assert np.array_equal(removed.pixels[mask], pixels[mask])
    assert (removed.pixels[~mask] == IMAGENET_MEAN_RGB).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_without_a_foreground_the_image_stays_as_it_is_and_says_so(value):
    pixels, _ = disk_on_noise()
    saliency = Saliency("s", lambda image: np.full(image.shape[:2], value, np.float32))
    extractor = ForegroundExtractor(ForegroundSettings(mode="u2net"), saliency=saliency)
    exchanged = BackgroundExchanger(extractor, CLOUDS).exchange(pixels, ID)
    assert not exchanged.changed
    assert np.array_equal(exchanged.pixels, pixels)
    assert exchanged.remark.startswith("This image keeps its background")
    removed = BackgroundRemover(extractor).remove(pixels)
    assert removed.foreground.fell_back
    assert removed.foreground.remark
    assert np.array_equal(removed.pixels, pixels)
