import os

import numpy as np
import pytest

from sam_inspector.core.errors import StoreError
from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.foreground.extraction import ForegroundExtractor, ManualPrompts
from sam_inspector.foreground.mask_cache import (
    CorrectedMasks,
    ForegroundKey,
    MaskCache,
    foregrounds_folder,
    pixels_id,
)
from sam_inspector.foreground.saliency import Saliency
from sam_inspector.foreground.settings import CleanUpSettings, ForegroundSettings
from tests.foreground.floods import FloodSegmenter, disk_on_noise

SETTINGS = ForegroundSettings()
KEY = ForegroundKey("0" * 32, "mobile_sam abc float32", SETTINGS)


@pytest.fixture
def mask():
    return np.random.default_rng(0).random((37, 61)) > 0.5


def test_what_was_kept_comes_back(tmp_path, mask):
    cache = MaskCache(tmp_path / "new" / "folder")
    assert cache.get(KEY, 37, 61) is None
    cache.put(KEY, mask)
    kept = MaskCache(tmp_path / "new" / "folder").get(KEY, 37, 61)
    assert kept.dtype == bool
    assert np.array_equal(kept, mask)
    for empty in (np.zeros((5, 4), bool), np.ones((5, 4), bool)):
        cache.put(KEY, empty)
        assert np.array_equal(cache.get(KEY, 5, 4), empty)


@pytest.mark.parametrize("damage", [b"", b"no picture", "half"])
def test_a_damaged_file_is_made_again(tmp_path, mask, damage):
    cache = MaskCache(tmp_path)
    cache.put(KEY, mask)
    file = tmp_path / KEY.file_name
    file.write_bytes(file.read_bytes()[:60] if damage == "half" else damage)
    assert cache.get(KEY, 37, 61) is None
    assert not file.exists()
    cache.put(KEY, mask)
    assert np.array_equal(cache.get(KEY, 37, 61), mask)
    assert cache.get(KEY, 37, 60) is None  # of another size: not this image's


def test_the_key_names_all_that_a_mask_depends_on():
    prompts = Prompts((Prompt(points=((1.0, 2.0),), labels=(1,)),))
    keys = [
        KEY,
        ForegroundKey("1" * 32, KEY.model, SETTINGS),
        ForegroundKey(KEY.pixels, "another", SETTINGS),
        ForegroundKey(KEY.pixels, KEY.model, ForegroundSettings(mode="box_center")),
        ForegroundKey(KEY.pixels, KEY.model, ForegroundSettings(clean_up=CleanUpSettings(dilation_px=3))),
        ForegroundKey(KEY.pixels, KEY.model, SETTINGS, prompts),
    ]
    assert len({key.file_name for key in keys}) == len(keys)
    assert ForegroundKey("0" * 32, KEY.model, ForegroundSettings()).file_name == KEY.file_name


def test_pixels_of_another_shape_are_another_image():
    flat = np.zeros((4, 6, 3), np.uint8)
    assert pixels_id(flat) == pixels_id(flat.copy())
    assert pixels_id(flat) == pixels_id(np.zeros((8, 6, 3), np.uint8)[::2])
    assert pixels_id(flat) != pixels_id(flat.reshape(6, 4, 3))
    other = flat.copy()
    other[3, 5, 2] = 1
    assert pixels_id(flat) != pixels_id(other)


def test_room_is_bounded_and_the_latest_stay(tmp_path):
    rng = np.random.default_rng(0)
    masks = {number: rng.random((64, 64)) > 0.5 for number in range(12)}
    keys = {number: ForegroundKey(f"{number}", "", SETTINGS) for number in masks}
    cache = MaskCache(tmp_path, disk_limit_bytes=5000)
    for number, mask in masks.items():
        cache.put(keys[number], mask)
        os.utime(tmp_path / keys[number].file_name, (number, number))
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 5000
    assert cache.get(keys[11], 64, 64) is not None
    assert cache.get(keys[0], 64, 64) is None
    cache.clear()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path, mask):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = MaskCache(blocked / "folder")
    cache.put(KEY, mask)
    assert cache.get(KEY, 37, 61) is None
    cache.clear()


def test_the_folder_is_among_the_users_caches(own_home):
    assert foregrounds_folder().is_relative_to(own_home / "cache")


def test_an_image_is_asked_about_once(tmp_path):
    pixels, _ = disk_on_noise()
    segmenter = FloodSegmenter()
    first = ForegroundExtractor(SETTINGS, segmenter=segmenter, cache=MaskCache(tmp_path)).find(pixels)
    again = ForegroundExtractor(SETTINGS, segmenter=segmenter, cache=MaskCache(tmp_path)).find(pixels)
    assert segmenter.embedded == 1
    assert np.array_equal(first.mask, again.mask)
    ForegroundExtractor(SETTINGS, segmenter=segmenter, cache=MaskCache(tmp_path)).find(pixels[:, ::-1])
    assert segmenter.embedded == 2


def test_falling_back_is_remembered_as_such(tmp_path):
    asked = []

    def nothing(image):
        asked.append(1)
        return np.zeros(image.shape[:2], np.float32)

    pixels, _ = disk_on_noise()
    for _ in range(2):
        found = ForegroundExtractor(
            ForegroundSettings(mode="u2net"), saliency=Saliency("s", nothing), cache=MaskCache(tmp_path)
        ).find(pixels)
        assert found.fell_back
        assert found.remark
    assert len(asked) == 1


def test_other_prompts_by_hand_are_another_mask(tmp_path):
    pixels, _ = disk_on_noise()
    segmenter = FloodSegmenter()
    for x in (159.0, 160.0):
        by_hand = ManualPrompts(Prompts((Prompt(points=((x, 159.0),), labels=(1,)),)), (320, 320))
        ForegroundExtractor(
            ForegroundSettings(mode="manual"), segmenter=segmenter, manual=by_hand, cache=MaskCache(tmp_path)
        ).find(pixels)
    assert segmenter.embedded == 2


def test_what_a_person_drew_wins_whatever_is_kept(tmp_path):
    pixels, _ = disk_on_noise()
    cache, corrections = MaskCache(tmp_path / "cache"), CorrectedMasks(tmp_path / "mine")
    extractor = ForegroundExtractor(SETTINGS, segmenter=FloodSegmenter(), cache=cache, corrections=corrections)
    computed = extractor.find(pixels)
    drawn = np.zeros((320, 320), bool)
    drawn[10:50, 20:90] = True
    corrections.put(pixels_id(pixels), drawn)
    assert pixels_id(pixels) in corrections
    found = extractor.find(pixels)
    assert np.array_equal(found.mask, drawn)
    assert found.corrected
    cache.clear()
    assert extractor.find(pixels).corrected
    whole = np.ones((320, 320), bool)
    corrections.put(pixels_id(pixels), whole)
    assert not extractor.find(pixels).fell_back  # a person means it
    corrections.remove(pixels_id(pixels))
    corrections.remove(pixels_id(pixels))
    assert pixels_id(pixels) not in corrections
    assert np.array_equal(extractor.find(pixels).mask, computed.mask)
    assert not extractor.find(pixels).corrected


def test_a_damaged_correction_is_told_and_kept(tmp_path):
    pixels, _ = disk_on_noise()
    file = tmp_path / f"{pixels_id(pixels)}.png"
    file.write_bytes(b"damaged")
    corrections = CorrectedMasks(tmp_path)
    with pytest.raises(StoreError, match="correct it again"):
        ForegroundExtractor(SETTINGS, segmenter=FloodSegmenter(), corrections=corrections).find(pixels)
    assert file.exists()


def test_a_correction_that_cannot_be_saved_is_told(tmp_path, mask):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError):
        CorrectedMasks(blocked).put("0" * 32, mask)
