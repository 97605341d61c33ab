import re

import numpy as np
import pytest
from PIL import Image

from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.core.errors import Cancelled, InputError, WeightsError
from sam_inspector.data.images import read_image
from sam_inspector.engine.few_shot import FewShotMapper
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.requests import BuildReferences
from sam_inspector.models.backbone_registry import get_backbone_spec
from sam_inspector.models.registry import MODELS
from tests.fakes import FakeSegmenter

PLAIN = FewShotSettings(rotations=1)


@pytest.fixture
def mapper(inspector):
    return FewShotMapper(inspector)


@pytest.fixture
def textures(tmp_path):
    """Paths of five noisy images of 256 × 192 pixels."""
    paths = []
    for number in range(5):
        pixels = np.random.default_rng(number).normal(120, 20, (192, 256, 3)).clip(0, 255).astype(np.uint8)
        paths.append(tmp_path / f"t{number}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


def build(mapper, paths, settings=PLAIN, **options):
    work = BuildReferences(tuple(paths), settings)
    steps = list(mapper.build(work, **options))
    return steps, mapper.ready(work)


def with_defect(path, name="defect.png"):
    image = read_image(path)
    pixels = image.pixels.copy()
    pixels[48:96, 160:224] = (220, 30, 30)
    Image.fromarray(pixels).save(path.with_name(name))
    return path.with_name(name)


def test_a_defect_is_mapped(mapper, textures):
    _, ready = build(mapper, textures[:4])
    assert ready.remarks == ()
    assert ready.bank_tokens == 4 * 16 * 12
    assert ready.calibration.names == ("t0.png", "t1.png", "t2.png", "t3.png")
    outcome = mapper.map(read_image(with_defect(textures[4])))
    values = outcome.anomaly_map.values
    assert values.shape == (192, 256)
    assert values[52:92, 164:220].min() > 3 * values[:, :100].max()
    assert outcome.image_score > ready.calibration.threshold
    assert outcome.calibration is ready.calibration
    assert outcome.remark == ""
    assert 0 < outcome.seconds < 5


def test_steps_count_up_to_the_end(mapper, textures):
    steps, _ = build(mapper, textures[:2], FewShotSettings(rotations=3))
    read = [step for step in steps if step.done == 0]
    described = [step for step in steps if step.done]
    assert [step.text for step in read] == ["t0.png", "t1.png"]
    assert [(step.done, step.total, step.text) for step in described] == [
        (number, 6, f"t{(number - 1) // 3}.png") for number in range(1, 7)
    ]


def test_images_already_encoded_are_not_encoded_again(mapper, inspector, segmenter, textures):
    for path in textures[:2]:
        inspector.embed(read_image(path))
    build(mapper, textures[:2])
    mapper.map(read_image(textures[0]))
    assert segmenter.embedded == 2


def test_turned_references_are_not_taken_for_the_image_itself(mapper, inspector, segmenter, textures):
    build(mapper, textures[:1], FewShotSettings(rotations=4))
    assert segmenter.embedded == 4
    upright = inspector.embed(read_image(textures[0])).embedding.stages[0].values
    fresh = segmenter.embed(read_image(textures[0]).pixels).stages[0].values
    np.testing.assert_array_equal(upright, fresh)


def test_a_reference_that_can_not_be_read_is_told_and_left_out(mapper, textures, tmp_path):
    broken, missing = tmp_path / "broken.png", tmp_path / "missing.png"
    broken.write_bytes(b"no picture")
    _, ready = build(mapper, [broken, *textures[:2], missing])
    assert len(ready.remarks) == 2
    assert all(remark.startswith("Left out of the normal images: ") for remark in ready.remarks)
    assert [name in remark for name, remark in zip(("broken", "missing"), ready.remarks, strict=True)] == [True, True]
    assert ready.calibration.names == ("t0.png", "t1.png")


def test_the_same_image_twice_counts_once(mapper, textures, tmp_path):
    copy = tmp_path / "copy.png"
    copy.write_bytes(textures[0].read_bytes())
    _, ready = build(mapper, [textures[0], copy, textures[1], textures[0]])
    assert ready.calibration.names == ("t0.png", "t1.png")


@pytest.mark.parametrize("names", [(), ("broken.png",)])
def test_without_a_reference_that_can_be_read(mapper, tmp_path, names):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="choose at least one"):
        build(mapper, [tmp_path / name for name in names])
    assert not mapper.is_ready


def test_settings_out_of_range_are_refused_before_anything_is_encoded(mapper, segmenter, textures):
    with pytest.raises(InputError, match="0 angles"):
        build(mapper, textures, FewShotSettings(rotations=0))
    assert segmenter.embedded == 0


def test_an_image_among_the_references_is_left_out_and_told(mapper, textures):
    defective = with_defect(textures[3])
    build(mapper, [*textures[:3], defective])
    outcome = mapper.map(read_image(defective))
    assert "one of the references" in outcome.remark
    assert outcome.anomaly_map.values.max() > 3 * outcome.calibration.maps[0].max(), "else it would find itself"


def test_the_only_reference_can_not_be_mapped(mapper, textures):
    build(mapper, textures[:1])
    with pytest.raises(InputError, match="choose others as well"):
        mapper.map(read_image(textures[0]))
    assert mapper.map(read_image(textures[1])).anomaly_map.values.shape == (192, 256)


def test_a_single_reference_that_is_not_turned_is_calibrated_by_its_half_turn(mapper, segmenter, textures):
    steps, ready = build(mapper, textures[:1])
    assert steps[-1].done == steps[-1].total == segmenter.embedded == 2
    assert ready.bank_tokens == 16 * 12
    assert ready.calibration.maps[0].max() > 0


def test_a_defective_reference_is_told(mapper, textures):
    _, ready = build(mapper, [with_defect(textures[4], "odd.png"), *textures[:4]])
    (remark,) = ready.remarks
    assert remark.partition("/")[2].startswith("odd.png lies far from the others")


def test_given_up_in_the_middle_the_references_before_stay(mapper, textures):
    build(mapper, textures[:2])
    before = mapper.map(read_image(textures[4])).calibration
    segmenter = mapper._inspector.segmenter
    segmenter.embed_seconds = 0.05
    with pytest.raises(Cancelled):
        build(mapper, textures[2:4], cancelled=lambda: True)
    segmenter.embed_seconds = 0
    steps = mapper.build(BuildReferences(tuple(textures[:4]), PLAIN))
    next(steps)
    steps.close()
    assert mapper.is_ready
    assert mapper.map(read_image(textures[4])).calibration is before


def fakes_by_name():
    fakes = {name: FakeSegmenter(MODELS[name]) for name in ("mobile_sam", "sam_vit_b")}
    return lambda name, **_: fakes[name]


def test_references_belong_to_the_model_that_described_them(textures):
    inspector = Inspector(fakes_by_name())
    mapper = FewShotMapper(inspector)
    inspector.load_model("mobile_sam")
    assert not mapper.is_ready
    with pytest.raises(InputError, match="choose them first"):
        mapper.map(read_image(textures[0]))
    build(mapper, textures[:2])
    inspector.load_model("sam_vit_b")
    assert not mapper.is_ready
    with pytest.raises(InputError, match="with this model"):
        mapper.map(read_image(textures[0]))
    inspector.load_model("mobile_sam")
    assert mapper.is_ready


def test_a_model_changed_in_the_middle_ends_the_work(textures):
    """Else the tokens of two models would lie in one bank."""
    inspector = Inspector(fakes_by_name())
    mapper = FewShotMapper(inspector)
    inspector.load_model("mobile_sam")
    steps = mapper.build(BuildReferences(tuple(textures[:4]), PLAIN))
    while next(steps).done < 2:
        pass
    inspector.load_model("sam_vit_b")
    with pytest.raises(Cancelled, match="Another model"):
        list(steps)
    assert not mapper.is_ready


def test_weights_that_are_missing_are_told_with_size_and_place(mapper, textures, tmp_path, monkeypatch):
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(tmp_path / "weights"))
    spec = get_backbone_spec("dinov2")
    with pytest.raises(WeightsError) as caught:
        build(mapper, textures[:1], FewShotSettings("dinov2"))
    message = str(caught.value)
    assert re.search(r"\d+ MB", message)
    for part in (spec.title, spec.licence, str(tmp_path / "weights"), "“sam” needs none"):
        assert part in message
    build(mapper, textures[:2])
    assert mapper.is_ready


def test_given_up_half_way_it_goes_on_where_it_was(inspector, segmenter, textures):
    """Whoever steps from image to image would never get a map if each began anew."""
    mapper = FewShotMapper(inspector)
    work = BuildReferences(tuple(textures[:4]), FewShotSettings(rotations=8))
    steps = mapper.build(work)
    while next(steps).done < 13:
        pass
    steps.close()
    before = segmenter.embedded
    for _ in range(2):
        with pytest.raises(Cancelled):
            list(mapper.build(work, cancelled=lambda: True))
    after = [step.done for step in mapper.build(work)]
    assert 13 < after[0] <= 16, "each of them described one more at most"
    assert after[-1] == 32
    assert segmenter.embedded - before == 32 - 13
    whole = FewShotMapper(inspector)
    list(whole.build(work))
    image = read_image(textures[4])
    assert np.array_equal(mapper.map(image).anomaly_map.values, whole.map(image).anomaly_map.values)


def test_a_view_that_was_interrupted_is_described_again(inspector, segmenter, textures, monkeypatch):
    mapper = FewShotMapper(inspector)
    work = BuildReferences(tuple(textures[:2]), FewShotSettings(rotations=4))
    whole = FewShotMapper(inspector)
    list(whole.build(work))
    stops = iter((False, False, False, True))
    embed = segmenter.embed

    def interrupted(pixels, *, cancelled):
        if next(stops, False):
            raise Cancelled("Between two blocks.")
        return embed(pixels, cancelled=cancelled)

    monkeypatch.setattr(segmenter, "embed", interrupted)
    given_up = mapper.build(work, cancelled=lambda: False)
    done = [next(given_up).done for _ in range(6)]
    given_up.close()
    assert done[2:5] == [1, 2, 3] or max(done) < 8
    list(mapper.build(work))
    image = read_image(textures[4])
    assert np.array_equal(mapper.map(image).anomaly_map.values, whole.map(image).anomaly_map.values)


def test_other_references_begin_at_the_first_view(mapper, textures):
    half = mapper.build(BuildReferences(tuple(textures[:4]), PLAIN))
    while next(half).done < 2:
        pass
    half.close()
    steps, ready = build(mapper, textures[1:4])
    assert [step.done for step in steps if step.done] == [1, 2, 3]
    assert ready.calibration.names == ("t1.png", "t2.png", "t3.png")
