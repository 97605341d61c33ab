"""Masks and maps: what counts as defect, and what is refused."""

import errno

import numpy as np
import pytest
import tifffile
from PIL import Image

from sam_inspector.core.errors import ImageReadError, MaskError, StoreError
from sam_inspector.data.images import read_image
from sam_inspector.data.maps import read_map, write_map
from sam_inspector.data.masks import mask_from_png, mask_to_png, read_mask, write_mask
from tests.data.conftest import STORED_FOR, encoded


@pytest.fixture
def mask():
    """bool (24, 40), in no orientation like itself."""
    mask = np.zeros((24, 40), bool)
    mask[2:9, 3:11] = True
    mask[20, 5] = True
    return mask


def _read(path):
    return read_mask(path, width=40, height=24)


def test_anything_above_zero_is_defect(tmp_path, mask):
    colour = np.zeros((24, 40, 3), np.uint8)
    colour[..., 2] = mask
    palette = Image.fromarray(mask.astype(np.uint8))
    palette.putpalette([0, 0, 0, 200, 10, 10])
    kinds = {
        "eight.png": Image.fromarray(mask.astype(np.uint8) * 255),
        "one as value.png": Image.fromarray(mask.astype(np.uint8)),
        "loco value.png": Image.fromarray(mask.astype(np.uint8) * 233),
        "one bit.png": Image.fromarray(mask),
        "sixteen.png": Image.fromarray(mask.astype(np.uint16) * 3),
        "colour.png": Image.fromarray(colour),
        "palette.png": palette,
        "opaque everywhere.png": Image.fromarray(np.dstack((colour, np.full((24, 40), 255, np.uint8)))),
        "transparent everywhere.png": Image.fromarray(np.dstack((colour, np.zeros((24, 40), np.uint8)))),
    }
    for name, picture in kinds.items():
        picture.save(tmp_path / name)
        assert np.array_equal(_read(tmp_path / name), mask), name
    values = np.where(mask, 0.1, -1.0).astype(np.float32)
    values[0, 0] = np.nan
    tifffile.imwrite(tmp_path / "float.tif", values)
    assert np.array_equal(_read(tmp_path / "float.tif"), mask)


def test_noise_of_jpeg_is_not_defect(tmp_path, mask):
    Image.fromarray(mask.astype(np.uint8) * 255).save(tmp_path / "m.jpg", quality=95)
    found = _read(tmp_path / "m.jpg")
    assert (found != mask).sum() <= 2


def test_a_mask_of_zeros_is_allowed(tmp_path):
    Image.new("L", (40, 24)).save(tmp_path / "m.png")
    found = _read(tmp_path / "m.png")
    assert found.dtype == bool
    assert not found.any()


def test_a_folder_of_masks_is_united(tmp_path, mask):
    other = np.zeros_like(mask)
    other[15, 30:] = True
    for name, part in (("000.png", mask), ("001.png", other)):
        Image.fromarray(part.astype(np.uint8) * 7).save(tmp_path / name)
    assert np.array_equal(_read(tmp_path), mask | other)
    (tmp_path / "none").mkdir()
    with pytest.raises(MaskError, match="holds no images"):
        _read(tmp_path / "none")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_masks_are_turned_as_images_are(tmp_path, upright, mask, orientation):
    for name, values in (("image.png", upright), ("mask.png", mask.astype(np.uint8) * 255)):
        stored = np.ascontiguousarray(STORED_FOR[orientation](values))
        (tmp_path / name).write_bytes(encoded(Image.fromarray(stored), "PNG", orientation))
    image = read_image(tmp_path / "image.png")
    found = read_mask(tmp_path / "mask.png", width=image.width, height=image.height)
    assert np.array_equal(found, mask)
    # What is exported is upright too, and says nothing of turning.
    write_mask(tmp_path / "out.png", found)
    assert np.array_equal(read_mask(tmp_path / "out.png", width=image.width, height=image.height), mask)


def test_another_size_names_both_sizes(tmp_path, mask):
    Image.new("L", (39, 24)).save(tmp_path / "m.png")
    with pytest.raises(MaskError, match=r"m\.png is 39 × 24 pixels, its image 40 × 24: a mask must"):
        _read(tmp_path / "m.png")
    Image.new("L", (24, 40)).save(tmp_path / "side.png")
    with pytest.raises(MaskError, match="is 24 × 40 pixels, its image 40 × 24: it seems to lie on its side"):
        _read(tmp_path / "side.png")


def test_damaged_and_missing_masks(tmp_path):
    (tmp_path / "m.png").write_text("no mask")
    with pytest.raises(MaskError, match=r"m\.png is not an image"):
        _read(tmp_path / "m.png")
    with pytest.raises(MaskError, match="There is no file"):
        _read(tmp_path / "gone.png")
    with pytest.raises(MaskError, match="saved mask"):
        mask_from_png(b"\x89PNG\r\n\x1a\nrest is lost")


def test_written_masks_come_back(tmp_path, mask):
    write_mask(tmp_path / "new folder" / "m.png", mask)
    with Image.open(tmp_path / "new folder" / "m.png") as picture:
        assert picture.mode == "L"
        assert set(np.unique(np.asarray(picture))) == {0, 255}
    assert np.array_equal(_read(tmp_path / "new folder" / "m.png"), mask)
    for one_bit in (False, True):
        assert np.array_equal(mask_from_png(mask_to_png(mask, one_bit=one_bit)), mask)


def test_a_full_disk_keeps_the_old_file(tmp_path, mask, monkeypatch):
    write_mask(tmp_path / "m.png", mask)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="No space left on the disk"):
        write_mask(tmp_path / "m.png", ~mask)
    assert np.array_equal(_read(tmp_path / "m.png"), mask)
    assert [path.name for path in tmp_path.iterdir()] == ["m.png"]


def test_a_read_only_folder_gets_a_sentence(tmp_path, mask, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refused)
    with pytest.raises(StoreError, match="read-only: choose another folder"):
        write_mask(tmp_path / "m.png", mask)


def test_maps_come_back_in_half_precision(tmp_path):
    values = np.random.default_rng(1).normal(0, 3, (20, 30)).astype(np.float32)
    values[0, 0] = 1e9
    write_map(tmp_path / "map.tiff", values)
    assert tifffile.imread(tmp_path / "map.tiff").dtype == np.float16
    found = read_map(tmp_path / "map.tiff")
    assert found.values.dtype == np.float32
    assert found.values[0, 0] == 65_504
    assert np.allclose(found.values[1:], values[1:], rtol=1e-3)
    assert (found.low, found.high, found.name) == (float(found.values.min()), 65_504.0, "map")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8, np.int32])
@pytest.mark.parametrize("suffix", ["tif", "npy"])
def test_maps_of_all_types_keep_their_values(tmp_path, dtype, suffix):
    values = np.arange(12).reshape(3, 4).astype(dtype)
    path = tmp_path / f"m.{suffix}"
    if suffix == "npy":
        np.save(path, values)
    else:
        tifffile.imwrite(path, values)
    assert np.array_equal(read_map(path).values, values)


def test_maps_of_gray_pictures(tmp_path):
    for values in (np.arange(12, dtype=np.uint8).reshape(3, 4), np.arange(12, dtype=np.uint16).reshape(3, 4) * 5_000):
        Image.fromarray(values).save(tmp_path / "m.png")
        assert np.array_equal(read_map(tmp_path / "m.png").values, values)


def test_maps_that_are_refused(tmp_path):
    np.save(tmp_path / "holes.npy", np.array([[1.0, np.nan], [np.inf, 0]]))
    np.save(tmp_path / "colour.npy", np.zeros((4, 4, 3)))
    np.save(tmp_path / "objects.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "several.npz", a=np.zeros((2, 2)))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    Image.new("RGB", (4, 4)).save(tmp_path / "heat.png")
    for name, reason in (
        ("holes.npy", "2 values that are infinite or not a number"),
        ("colour.npy", r"shape \(4, 4, 3\)"),
        ("objects.npy", "not a NumPy array that can be read"),
        ("several.npy", "several arrays"),
        ("heat.png", "one number a pixel"),
    ):
        with pytest.raises(ImageReadError, match=reason):
            read_map(tmp_path / name)
