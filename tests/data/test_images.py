"""Every kind of file that a camera, a scanner or a colleague may hand over."""

import io
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from sam_inspector.core.errors import ImageReadError
from sam_inspector.data.formats import turn
from sam_inspector.data.images import (
    image_id_of,
    is_image_name,
    read_image,
    read_size,
    read_thumbnail,
    stretch_to_8_bit,
)
from tests.data.conftest import STORED_FOR, encoded


def _write(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def _tiff(values, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "TIFF-lzw", "TIFF-16", "PNG-16"])
def test_every_exif_orientation_is_shown_upright(tmp_path, upright, kind, orientation):
    stored = np.ascontiguousarray(STORED_FOR[orientation](upright))
    if kind == "TIFF-16":
        data = _tiff(stored.astype(np.uint16) * 257, photometric="rgb", extratags=[(274, 3, 1, orientation)])
    elif kind == "PNG-16":
        plain = cv2.imencode(".png", stored[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
        tag = encoded(Image.new("L", (1, 1)), "PNG", orientation)
        start = tag.index(b"eXIf") - 4
        length = int.from_bytes(tag[start : start + 4], "big") + 12
        data = plain[:33] + tag[start : start + length] + plain[33:]
    elif kind == "TIFF-lzw":
        data = encoded(Image.fromarray(stored), "TIFF", orientation, compression="tiff_lzw")
    else:
        options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
        data = encoded(Image.fromarray(stored), kind, orientation, **options)
    path = _write(tmp_path, "picture", data)
    image = read_image(path)
    assert image.pixels.shape == upright.shape
    assert image.pixels.flags.c_contiguous
    assert np.abs(image.pixels.astype(int) - stretch_reference(upright, kind)).max() <= 12
    assert read_size(path) == (image.image_id, 40, 24)
    assert ("EXIF" in image.description) == (orientation != 1)
    thumbnail = read_thumbnail(path, 20)
    assert thumbnail.shape == (12, 20, 3)
    assert thumbnail[2, 4, 0] > 200
    assert thumbnail[2, 4, 1] < 80


def stretch_reference(upright, kind):
    """What an 8-bit picture looks like after going through 16 bit and the stretch."""
    if not kind.endswith("-16"):
        return upright.astype(int)
    low, high = (float(part) for part in np.percentile(upright, (0.1, 99.9)))
    return np.clip(np.rint((upright - low) * 255 / (high - low)), 0, 255).astype(int)


def test_a_wrong_orientation_tag_leaves_the_picture(upright):
    assert np.array_equal(turn(upright, 0), upright)
    assert np.array_equal(turn(upright, 77), upright)


def test_gray_rgba_la_and_palette(tmp_path, upright):
    gray = Image.fromarray(upright[..., 0])
    assert (
        read_image(_write(tmp_path, "g.png", encoded(gray, "PNG"))).pixels == upright[..., :1].repeat(3, axis=2)
    ).all()
    palette = Image.fromarray(upright).quantize(8)
    assert (read_image(_write(tmp_path, "p.png", encoded(palette, "PNG"))).pixels == palette.convert("RGB")).all()
    assert (read_image(_write(tmp_path, "p.gif", encoded(palette, "GIF"))).pixels == palette.convert("RGB")).all()

    alpha = np.full((24, 40), 255, np.uint8)
    alpha[:, 20:], alpha[:, 30:] = 128, 0
    rgba = read_image(_write(tmp_path, "rgba.png", encoded(Image.fromarray(np.dstack((upright, alpha))), "PNG")))
    assert (rgba.pixels[:, :20] == upright[:, :20]).all()
    assert (rgba.pixels[:, 30:] == 255).all()
    assert abs(int(rgba.pixels[0, 25, 0]) - (40 * 128 + 255 * 127) / 255) <= 1
    assert "with alpha" in rgba.description
    la = read_image(_write(tmp_path, "la.png", encoded(Image.fromarray(np.dstack((upright[..., 0], alpha))), "PNG")))
    assert (la.pixels[:, :20, 1] == upright[:, :20, 0]).all()
    assert (la.pixels[:, 30:] == 255).all()


def test_an_alpha_channel_of_zeros_is_ignored(tmp_path, upright):
    rgba = Image.fromarray(np.dstack((upright, np.zeros((24, 40), np.uint8))))
    assert (read_image(_write(tmp_path, "a.png", encoded(rgba, "PNG"))).pixels == upright).all()


def test_one_bit_and_cmyk(tmp_path, upright):
    bits = upright[..., 0] > 100
    one = read_image(_write(tmp_path, "1.png", encoded(Image.fromarray(bits), "PNG")))
    assert (one.pixels == np.where(bits, 255, 0)[..., None]).all()
    cmyk = read_image(_write(tmp_path, "c.tif", encoded(Image.fromarray(upright).convert("CMYK"), "TIFF")))
    assert (cmyk.pixels == upright).all()
    assert "CMYK" in cmyk.description


@pytest.mark.parametrize("name", ["deep.png", "deep.tif", "lzw.tif"])
def test_16_bit_gray_is_stretched_between_percentiles(tmp_path, name):
    values = np.linspace(20_000, 24_000, 10_000).round().astype(np.uint16).reshape(100, 100)
    values[0, 0], values[-1, -1] = 0, 65_535
    if name == "deep.png":
        data = encoded(Image.fromarray(values), "PNG")
    elif name == "deep.tif":
        data = _tiff(values)
    else:
        data = encoded(Image.fromarray(values), "TIFF", compression="tiff_lzw")
    image = read_image(_write(tmp_path, name, data))
    assert image.pixels[0, 0, 0] == 0
    assert image.pixels[-1, -1, 0] == 255
    # Two odd pixels do not flatten the rest.
    assert image.pixels[50, 0, 0] == pytest.approx(127.5, abs=2)
    assert image.description == "100 × 100 px, gray, 16 bit, contrast stretched"


def test_16_bit_colour_keeps_what_lies_below_8_bit(tmp_path):
    values = np.zeros((16, 64, 3), np.uint16)
    values[..., 0] = np.arange(64) * 4
    values[..., 2] = 100
    data = cv2.imencode(".png", values[..., ::-1])[1].tobytes()
    image = read_image(_write(tmp_path, "deep.png", data))
    assert len(np.unique(image.pixels[..., 0])) == 64
    assert (image.pixels[..., 1] == 0).all()
    assert image.pixels[0, 0, 2] == pytest.approx(100 / 252 * 255, abs=1)


@pytest.mark.parametrize("options", [{}, {"planarconfig": "separate"}, {"bigtiff": True}, {"compression": "zlib"}])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_colour_in_all_arrangements(tmp_path, upright, options, dtype):
    values = upright.astype(dtype)
    stored = np.ascontiguousarray(values.transpose(2, 0, 1)) if "planarconfig" in options else values
    image = read_image(_write(tmp_path, "a.tif", _tiff(stored, photometric="rgb", **options)))
    expected = upright if dtype is np.uint8 else stretch_reference(upright, "-16")
    assert np.abs(image.pixels.astype(int) - expected).max() <= 1


def test_float_tiff_with_holes(tmp_path):
    values = np.linspace(-3, 5, 6_400, dtype=np.float32).reshape(80, 80)
    values[0, 0], values[0, 1], values[0, 2] = np.nan, np.inf, -np.inf
    image = read_image(_write(tmp_path, "f.tif", _tiff(values)))
    assert image.pixels[0, :3, 0].tolist() == [0, 255, 0]
    assert image.pixels[40, 0, 0] == pytest.approx(127.5, abs=2)
    assert "32 bit float" in image.description
    nothing = read_image(_write(tmp_path, "n.tif", _tiff(np.full((4, 4), np.nan, np.float32))))
    assert not nothing.pixels.any()


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint32, np.float16, np.float64])
def test_other_depths_of_tiff(tmp_path, dtype):
    values = np.arange(120).reshape(10, 12).astype(dtype)
    pixels = read_image(_write(tmp_path, "a.tif", _tiff(values))).pixels
    assert pixels[0, 0, 0] == 0
    assert pixels[-1, -1, 0] == 255
    assert (np.diff(pixels[..., 0].ravel().astype(int)) >= 0).all()


def test_inverted_and_many_paged_tiff(tmp_path):
    values = np.arange(100, dtype=np.uint16).reshape(10, 10)
    inverted = read_image(_write(tmp_path, "i.tif", _tiff(values, photometric="miniswhite")))
    assert inverted.pixels[0, 0, 0] == 255
    assert inverted.pixels[-1, -1, 0] == 0
    pages = np.stack([values, values * 0, values * 2])
    image = read_image(_write(tmp_path, "m.tif", _tiff(pages, photometric="minisblack")))
    assert image.pixels[-1, -1, 0] == 255
    assert "first of 3 pages" in image.description


def test_stretch_of_flat_and_nearly_flat_values():
    assert (stretch_to_8_bit(np.full((2, 2), 65_535, np.uint16)) == 255).all()
    assert (stretch_to_8_bit(np.full((2, 2), 7.5)) == 0).all()
    rare = np.zeros((100, 100), np.uint16)
    rare[3, 4] = 9
    assert stretch_to_8_bit(rare)[3, 4] == 255
    extreme = np.array([[-1e308, 0.0], [0.0, 1e308]])
    assert stretch_to_8_bit(extreme)[1, 1] == 255


def test_one_pixel(tmp_path):
    for name, data in (
        ("1.png", encoded(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG")),
        ("1.tif", _tiff(np.array([[5.0]], np.float32))),
    ):
        image = read_image(_write(tmp_path, name, data))
        assert image.pixels.shape == (1, 1, 3)
        assert read_thumbnail(image.path, 96).shape == (1, 1, 3)
    assert (image.width, image.height) == (1, 1)


def test_12_000_by_9_000_is_read_and_600_megapixels_are_not(tmp_path, monkeypatch):
    path = tmp_path / "line scan.png"
    picture = np.zeros((9_000, 12_000), np.uint8)
    picture[-1, -1] = 200
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    del picture
    image = read_image(path)
    assert (image.width, image.height) == (12_000, 9_000)
    assert image.pixels[-1, -1].tolist() == [200, 200, 200]
    del image
    huge = tmp_path / "huge.png"
    Image.new("1", (30_000, 20_000)).save(huge)
    with pytest.raises(ImageReadError, match=r"huge\.png is too large to open: .*400 megapixels"):
        read_image(huge)
    large_tiff = tmp_path / "huge.tif"
    tifffile.imwrite(large_tiff, np.zeros((64, 64), np.float32))
    monkeypatch.setattr("sam_inspector.data.formats.MAX_PIXELS", 4_000)
    with pytest.raises(ImageReadError, match="64 × 64 pixels"):
        read_image(large_tiff)


def test_files_that_are_no_pictures_get_one_sentence(tmp_path, upright):
    jpeg = encoded(Image.fromarray(upright), "JPEG")
    deep = cv2.imencode(".png", np.random.default_rng(0).integers(0, 65_535, (40, 40, 3), np.uint16))[1].tobytes()
    cases = {
        "zero.png": (b"", "is empty"),
        "text.jpg": (b"this is a letter, not a picture", "not an image that can be read"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "damaged, cut short"),
        "cut.png": (encoded(Image.effect_noise((40, 40), 50), "PNG")[:-300], "damaged, cut short"),
        "cut deep.png": (deep[: len(deep) // 2], "damaged, cut short"),
        "cut.tif": (_tiff(np.ones((64, 64), np.float32))[:9_000], "damaged, cut short"),
        "cut8.tif": (_tiff(np.ones((64, 64), np.uint8))[:3_000], "damaged, cut short"),
        "head.tif": (b"II*\0" + bytes(30), "damaged, cut short"),
        "script.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image that can be read"),
    }
    for name, (data, reason) in cases.items():
        path = _write(tmp_path, name, data)
        for read in (read_image, lambda path: read_thumbnail(path, 32)):
            with pytest.raises(ImageReadError, match=reason) as caught:
                read(path)
            message = str(caught.value)
            assert name in message
            assert "\n" not in message
    with pytest.raises(ImageReadError, match="There is no file"):
        read_image(tmp_path / "gone.png")
    with pytest.raises(ImageReadError, match="is a folder"):
        read_image(tmp_path)


def test_no_damage_raises_anything_else(tmp_path, upright):
    rng = np.random.default_rng(7)
    picture = Image.fromarray(upright)
    seeds = [encoded(picture, kind) for kind in ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000")]
    seeds += [encoded(picture, "TIFF", compression="tiff_lzw"), _tiff(upright.astype(np.uint16), photometric="rgb")]
    seeds += [_tiff(upright[..., 0].astype(np.float32), compression="zlib"), encoded(picture, "JPEG", 6)]
    path = tmp_path / "damaged"
    outcomes = {"read": 0, "refused": 0}
    for seed in seeds:
        for _ in range(40):
            data = bytearray(seed[: rng.integers(1, len(seed) + 1)] if rng.random() < 0.3 else seed)
            for position in rng.integers(0, len(data), rng.integers(1, 6)):
                data[position] = rng.integers(0, 256)
            path.write_bytes(data)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    outcomes["read"] += read_image(path).pixels.dtype == np.uint8
            except ImageReadError:
                outcomes["refused"] += 1
    assert outcomes["read"] > 10
    assert outcomes["refused"] > 10


def test_identity_is_the_content_not_the_path(tmp_path, upright):
    data = encoded(Image.fromarray(upright), "PNG")
    first, second = _write(tmp_path, "a.png", data), _write(tmp_path, "Prüfteil 図 7.png", data)
    assert read_image(first).image_id == read_image(second).image_id == image_id_of(second)
    assert len(image_id_of(first)) == 32
    other = _write(tmp_path, "c.png", encoded(Image.fromarray(upright[::-1]), "PNG"))
    assert image_id_of(other) != image_id_of(first)


def test_thumbnails_fit_and_are_never_enlarged(tmp_path):
    path = _write(tmp_path, "a.jpg", encoded(Image.new("RGB", (1000, 300), (200, 100, 50)), "JPEG"))
    thumbnail = read_thumbnail(path, 96)
    assert thumbnail.shape == (29, 96, 3)
    assert np.abs(thumbnail.astype(int) - (200, 100, 50)).max() < 6
    assert read_thumbnail(path, 5_000).shape == (300, 1000, 3)


def test_names():
    assert is_image_name("a.JPG")
    assert is_image_name("b.tiff")
    assert not is_image_name(".hidden.png")
    assert not is_image_name("readme.txt")
    assert not is_image_name(Path("png").name)
