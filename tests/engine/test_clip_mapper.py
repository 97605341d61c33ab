from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sam_inspector.anomaly.clip_adapter import ClipAdapter
from sam_inspector.anomaly.clip_adapter_file import save_adapter
from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.clip_zero_shot import ClipDetector
from sam_inspector.core.errors import Cancelled, InputError, WeightsError
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.data.images import read_image
from sam_inspector.engine.clip_mapper import ClipMapper
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.requests import BuildClip
from tests.tiny_clip import SIZE, manifest, tiny_clip

TEXTS = TextPrompts(("{}", "good {}"), ("broken {}",), ("a photo of a {}.", "the {}."))
SETTINGS = ClipSettings("nut", "tiny", TEXTS, image_size=SIZE)


class Loader:
    """Gives a tiny CLIP, and keeps how it was asked."""

    def __init__(self):
        self.asked = []
        self.models = []

    def __call__(self, name, *, device="auto", precision="auto", cancelled=None):
        self.asked.append((name, device, precision))
        self.models.append(tiny_clip())
        return self.models[-1]


@pytest.fixture
def load():
    return Loader()


@pytest.fixture
def mapper(inspector, load):
    return ClipMapper(inspector, load)


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"good_{number}.png")
        Image.fromarray(rng.integers(80, 120, (60, 90, 3), np.uint8)).save(paths[-1])
    return paths


def build(mapper, settings=SETTINGS, references=(), **how):
    work = BuildClip(settings, tuple(references))
    return list(mapper.build(work, **how)), mapper.ready(work)


def test_the_map_is_that_of_the_detector(mapper, load, photos):
    assert not mapper.is_ready
    with pytest.raises(InputError, match="name the object first"):
        mapper.map(read_image(photos[0]))
    steps, ready = build(mapper)
    assert mapper.is_ready
    assert [step.done for step in steps] == [0, 1]
    assert steps[0].total == 7
    assert (ready.sentences, ready.calibration, ready.references, ready.remarks) == (6, None, 0, ())
    assert load.asked == [("tiny", "cpu", "float32")]
    outcome = mapper.map(read_image(photos[0]))
    detector = ClipDetector(load.models[0], SETTINGS)
    features = load.models[0].describe(read_image(photos[0]).pixels, image_size=SIZE)
    assert np.array_equal(outcome.anomaly_map.values, detector.map(features).values)
    assert outcome.image_score == outcome.text_score == detector.text_score(features)
    assert (outcome.calibration, outcome.remark) == (None, "")
    assert outcome.seconds > 0


def test_without_a_sam_model_the_device_is_chosen(load, photos):
    mapper = ClipMapper(Inspector(lambda *_, **__: None), load)
    build(mapper)
    assert load.asked == [("tiny", "auto", "auto")]
    assert mapper.map(read_image(photos[0])).anomaly_map.values.shape == (171, 256)


def test_other_sentences_need_no_second_look_at_the_image(mapper, load, photos, monkeypatch):
    build(mapper)
    before = mapper.map(read_image(photos[0]))
    clip = load.models[0]
    monkeypatch.setattr(clip, "describe", lambda *_, **__: pytest.fail("described again"))
    build(mapper, ClipSettings("bolt", "tiny", TEXTS, image_size=SIZE))
    assert len(load.models) == 1
    after = mapper.map(read_image(photos[0]))
    assert not np.array_equal(before.anomaly_map.values, after.anomaly_map.values)


def test_references_are_compared_with(mapper, photos, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
    steps, ready = build(mapper, references=[*photos[:3], photos[0], tmp_path / "broken.png"])
    assert steps[-1].text == "broken.png"
    assert ready.references == 3
    assert ready.calibration.names == ("good_0.png", "good_1.png", "good_2.png")
    (remark,) = ready.remarks
    assert remark.startswith("Left out of the normal images:")
    own, other = mapper.map(read_image(photos[1])), mapper.map(read_image(photos[3]))
    assert np.allclose(own.anomaly_map.values, ready.calibration.maps[1], atol=1e-6)
    assert "one of the references" in own.remark
    assert other.remark == ""
    assert other.calibration is ready.calibration


def test_a_single_reference_is_calibrated_by_its_half_turn(mapper, photos):
    _, ready = build(mapper, references=photos[:1])
    assert len(ready.calibration.maps) == 1
    plain = ClipMapper(mapper._inspector, mapper._load)
    build(plain)
    assert ready.calibration.maps[0].max() > plain.map(read_image(photos[0])).anomaly_map.values.max()
    with pytest.raises(InputError, match="this image itself"):
        mapper.map(read_image(photos[0]))


def test_references_of_which_none_can_be_read(mapper, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(InputError, match="no normal image"):
        build(mapper, references=[tmp_path / "broken.png"])
    assert not mapper.is_ready


def adapter_file(tmp_path, **changes):
    path = tmp_path / "own.safetensors"
    save_adapter(path, ClipAdapter(4, 64, 48), replace(manifest(tiny_clip()), **changes))
    return path


@pytest.mark.parametrize(("name", "is_told"), [("metal nut", True), ("Metal_Nut", True), ("bolt", False)])
def test_a_category_that_the_adapter_was_trained_on_is_told(mapper, photos, tmp_path, name, is_told):
    settings = ClipSettings(name, "tiny", TEXTS, adapter=adapter_file(tmp_path), image_size=SIZE)
    _, ready = build(mapper, settings)
    told = f"“{name}” was among the data that the adapter was trained on: scores of it say nothing about new parts."
    assert ready.remarks == ((told,) if is_told else ())
    assert ready.trained_on == ("metal_nut", "grid")
    assert mapper.map(read_image(photos[0])).remark == (told if is_told else "")


def test_what_is_odd_about_name_and_size_is_told(mapper, tmp_path):
    settings = ClipSettings("螺丝", "tiny", TEXTS, adapter=adapter_file(tmp_path, image_size=518), image_size=SIZE)
    _, ready = build(mapper, settings)
    assert ["English" in remark for remark in ready.remarks] == [True, False]
    assert "518 pixels" in ready.remarks[1]


def test_an_adapter_of_another_model_is_refused_and_the_old_map_stays(mapper, photos, tmp_path):
    build(mapper)
    before = mapper.map(read_image(photos[0])).anomaly_map.values
    other = adapter_file(tmp_path, clip_sha256="f" * 64)
    with pytest.raises(InputError, match="does not fit"):
        build(mapper, ClipSettings("nut", "tiny", TEXTS, adapter=other, image_size=SIZE))
    with pytest.raises(InputError, match="no name"):
        build(mapper, ClipSettings("", "tiny", TEXTS, image_size=SIZE))
    assert np.array_equal(mapper.map(read_image(photos[0])).anomaly_map.values, before)


def test_giving_up(mapper, photos):
    with pytest.raises(Cancelled):
        build(mapper, cancelled=lambda: True)
    build(mapper)
    with pytest.raises(Cancelled):
        build(mapper, references=photos, cancelled=lambda: True)
    assert mapper.ready(BuildClip(SETTINGS)).references == 0


def test_missing_weights_are_told_before_anything_is_fetched(inspector, tmp_path, monkeypatch):
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(tmp_path / "weights"))
    mapper = ClipMapper(inspector)
    with pytest.raises(WeightsError, match=r"934 MB, licence MIT.*sam-inspector models get vit_l_14_336.*by hand|at "):
        build(mapper, ClipSettings("nut"))
    assert not (tmp_path / "weights").exists()
