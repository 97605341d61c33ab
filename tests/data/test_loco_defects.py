"""MVTec LOCO's defects, one by one."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam_inspector.core.errors import DatasetError, MaskError
from sam_inspector.data.datasets import (
    DefectType,
    Sample,
    defect_kind,
    open_dataset,
    read_defect_channels,
    read_defects_config,
)
from sam_inspector.data.images import read_size
from sam_inspector.data.masks import read_mask

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
ROWS = [
    {"defect_name": "swapped", "pixel_value": 253, "saturation_threshold": 1400, "relative_saturation": False},
    {"defect_name": "damaged", "pixel_value": 252, "saturation_threshold": 0.5, "relative_saturation": True},
]


@pytest.fixture
def sample(tmp_path):
    """An image with two defects that overlap: 6 pixels of 253, 8 of 252, 2 of them in both."""
    folder = tmp_path / "ground_truth" / "logical_anomalies" / "007"
    folder.mkdir(parents=True)
    one, two = np.zeros((2, 5, 9), np.uint8)
    one[1:3, 2:5] = 253
    two[2:4, 3:7] = 252
    _save(one, folder / "001.png")
    _save(two, folder / "000.png")
    path = tmp_path / "test" / "logical_anomalies" / "007.png"
    return Sample(path, "test/logical_anomalies/007.png", tmp_path.name, "test", "logical_anomalies", folder)


def _save(values, path):
    Image.fromarray(values).save(path)


def test_channels_come_one_by_one_with_their_value(sample):
    types = {row["pixel_value"]: None for row in ROWS}
    channels = read_defect_channels(sample, types=types, size=(9, 5))
    assert [(mask.sum(), mask.dtype, mask.shape, value) for mask, value in channels] == [
        (8, bool, (5, 9), 252),
        (6, bool, (5, 9), 253),
    ]
    assert (channels[0].mask & channels[1].mask).sum() == 2
    union = read_mask(sample.mask_path, width=9, height=5)
    assert np.array_equal(channels[0].mask | channels[1].mask, union)


def test_logical_and_structural(sample):
    def of(defect):
        return Sample(sample.path, sample.relative_path, "box", "test", defect)

    assert defect_kind(sample) == "logical"
    assert defect_kind(of("structural_anomalies")) == "structural"
    assert defect_kind(of("good")) is None
    assert defect_kind(of("scratch")) is None


def test_the_types_of_a_category(tmp_path):
    (tmp_path / "defects_config.json").write_text(json.dumps(ROWS), encoding="utf-8-sig")
    assert list(read_defects_config(tmp_path).items()) == [
        (253, DefectType("swapped", 253, 1400.0, False)),
        (252, DefectType("damaged", 252, 0.5, True)),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no "),
        (b"", "is damaged, for it is no JSON"),
        (b"[{", "is damaged, for it is no JSON"),
        (b"\xff\xfe\x00", "is damaged, for it is no JSON"),
        (b"[" * 100_000, "is damaged, for it is no JSON"),
        (b"{}", "holds no list of defects"),
        (b"[]", "holds no list of defects"),
        (b"[1]", "Defect 1 in .* has no usable defect_name"),
        ({"defect_name": " "}, "Defect 2 in .* has no usable defect_name"),
        ({"pixel_value": 0}, "no usable pixel_value"),
        ({"pixel_value": 256}, "no usable pixel_value"),
        ({"pixel_value": True}, "no usable pixel_value"),
        ({"pixel_value": "252"}, "no usable pixel_value"),
        ({"pixel_value": 253}, "has two defects of the pixel value 253"),
        ({"saturation_threshold": 0}, "no usable saturation_threshold"),
        ({"saturation_threshold": 1.5}, "no usable saturation_threshold"),
        ({"saturation_threshold": float("nan")}, "no usable saturation_threshold"),
        ({"saturation_threshold": None}, "no usable saturation_threshold"),
        ({"relative_saturation": 1}, "no usable relative_saturation"),
    ],
)
def test_a_config_that_can_not_be_used(content, message, tmp_path):
    if isinstance(content, dict):
        content = json.dumps([ROWS[0], ROWS[1] | content]).encode()
    if content is not None:
        (tmp_path / "defects_config.json").write_bytes(content)
    with pytest.raises(DatasetError, match=message) as error:
        read_defects_config(tmp_path)
    assert str(tmp_path / "defects_config.json") in str(error.value)


def test_a_value_that_no_type_has(sample):
    types = {253: DefectType("swapped", 253, 1400.0, False)}
    with pytest.raises(MaskError, match=r"000\.png has the pixel value 252, which defects_config\.json .* not name"):
        read_defect_channels(sample, types=types)
    assert len(read_defect_channels(sample)) == 2


def test_sizes_that_differ(sample):
    with pytest.raises(MaskError, match=r"000\.png is 9 × 5 pixels, its image 10 × 5"):
        read_defect_channels(sample, size=(10, 5))
    _save(np.full((4, 9), 251, np.uint8), sample.mask_path / "002.png")
    with pytest.raises(MaskError, match=r"002\.png is 9 × 4 pixels, others of its image 9 × 5"):
        read_defect_channels(sample)


def test_masks_that_name_no_defect(sample):
    def refuse(values, message):
        _save(values, sample.mask_path / "002.png")
        with pytest.raises(MaskError, match=message):
            read_defect_channels(sample)

    refuse(np.zeros((5, 9), np.uint8), r"002\.png marks nothing")
    refuse(np.arange(45, dtype=np.uint8).reshape(5, 9), r"002\.png has 44 gray values")
    refuse(np.full((5, 9), 1000, np.uint16), r"002\.png is not an 8-bit gray image")
    colours = np.zeros((5, 9, 3), np.uint8)
    colours[..., 0] = 253
    refuse(colours, r"002\.png is not an 8-bit gray image")
    _save(np.full((5, 9, 3), 250, np.uint8), sample.mask_path / "002.png")
    assert read_defect_channels(sample)[2].pixel_value == 250
    (sample.mask_path / "002.png").write_bytes(b"no picture")
    with pytest.raises(MaskError, match="The mask can't be used: "):
        read_defect_channels(sample)
    with pytest.raises(MaskError, match="has no mask"):
        read_defect_channels(Sample(sample.path, sample.relative_path, "box"))


@pytest.mark.data
@pytest.mark.skipif(not SHARED.is_dir(), reason="the measuring images are not beside the checkout")
def test_real_defects():
    dataset = open_dataset(SHARED / "juice_bottle")
    types = read_defects_config(dataset.root)
    assert types[255] == DefectType("missing_top_label", 255, 70400.0, False)
    anomalous = [sample for sample in dataset.samples if sample.mask_path is not None]
    assert {defect_kind(sample) for sample in anomalous} == {"logical"}
    for sample in anomalous[:6]:
        _, width, height = read_size(sample.path)
        channels = read_defect_channels(sample, types=types, size=(width, height))
        union = np.logical_or.reduce([mask for mask, _ in channels])
        assert np.array_equal(union, read_mask(sample.mask_path, width=width, height=height))
