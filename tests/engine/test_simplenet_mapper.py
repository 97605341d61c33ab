from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sam_inspector.anomaly.simplenet import recipe as recipe_module
from sam_inspector.anomaly.simplenet.checkpoint import load_simplenet, save_simplenet
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.anomaly.simplenet.settings import PAPER_PROTOCOL, Preparation, SimpleNetSettings
from sam_inspector.core.errors import InputError
from sam_inspector.data.images import read_image
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.requests import BuildSimpleNet, TrainSimpleNet
from sam_inspector.engine.simplenet_mapper import SimpleNetMapper
from sam_inspector.engine.train_simplenet import train_simplenet
from tests.fakes import FakeSegmenter, loader

SIZE = (192, 160)
DARK = Preparation("half as bright", lambda pixels: pixels // 2)


def texture_file(path, seed, size=SIZE, patch=False):
    width, height = size
    pixels = np.random.default_rng(seed).normal(120, 20, (height, width, 3)).clip(0, 255).astype(np.uint8)
    if patch:
        pixels[48:96, 64:128] = (230, 40, 40)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def trained(inspector, tmp_path, monkeypatch):
    """A function that trains a SimpleNet and gives its file."""
    small = replace(RECIPES["recommended"], hidden=64, tokens_a_step=256, least_steps=2, fold_steps=30)
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", small)
    paths = tuple(texture_file(tmp_path / f"{number}.png", number) for number in range(4))

    def run(preparation=None):
        out = tmp_path / "part.safetensors"
        settings = SimpleNetSettings(epochs=30, seed=1)
        for _ in train_simplenet(TrainSimpleNet(paths, "part", settings, out, preparation=preparation), inspector):
            pass
        return out

    return run


def built(inspector, file, preparation=None):
    mapper = SimpleNetMapper(inspector)
    work = BuildSimpleNet(file, preparation=preparation)
    steps = list(mapper.build(work))
    assert steps[-1].total == 1
    return mapper, mapper.ready(work)


def test_a_defect_is_mapped(inspector, trained, tmp_path):
    mapper, ready = built(inspector, trained())
    assert ready.remarks == ()
    assert ready.manifest.category == "part"
    assert len(ready.calibration.maps) == 4
    bad = mapper.map(read_image(texture_file(tmp_path / "bad.png", 9, patch=True)))
    good = mapper.map(read_image(texture_file(tmp_path / "good.png", 10)))
    scale = 256 / SIZE[0]
    values = bad.anomaly_map.values
    inside = values[round(54 * scale) : round(90 * scale), round(70 * scale) : round(122 * scale)]
    assert inside.min() > values[:, : round(48 * scale)].max()
    assert bad.image_score > good.image_score
    assert bad.calibration is ready.calibration
    assert (bad.remark, good.remark, bad.text_score) == ("", "", None)
    assert bad.seconds > 0


def test_the_map_is_that_of_the_preview_at_the_end(inspector, trained, tmp_path):
    file = trained()
    image = texture_file(tmp_path / "bad.png", 9, patch=True)
    mapper, _ = built(inspector, file)
    other = file.with_name("other.safetensors")
    paths = tuple(tmp_path / f"{number}.png" for number in range(4))
    work = TrainSimpleNet(paths, "part", SimpleNetSettings(epochs=30, seed=1), other, preview_paths=(image,))
    *_, last = train_simplenet(work, inspector)
    outcome = mapper.map(read_image(image))
    assert np.array_equal(last.previews[0].anomaly_map.values, outcome.anomaly_map.values)
    assert last.previews[0].image_score == outcome.image_score


def test_what_it_knows_of_an_image_is_told(inspector, trained, tmp_path):
    mapper, _ = built(inspector, trained())
    assert "trained on this very image" in mapper.map(read_image(tmp_path / "0.png")).remark
    large = texture_file(tmp_path / "large.png", 3, (600, 500))
    assert "different sizes" in mapper.map(read_image(large)).remark


def test_an_epoch_chosen_on_test_images_is_told(inspector, trained):
    file = trained()
    saved = load_simplenet(file)
    save_simplenet(file, replace(saved, manifest=replace(saved.manifest, protocol=PAPER_PROTOCOL)))
    _, ready = built(inspector, file)
    (remark,) = ready.remarks
    assert "paper protocol" in remark


def test_images_are_prepared_as_those_it_was_trained_on(inspector, trained, tmp_path):
    file = trained(DARK)
    with pytest.raises(InputError, match="prepared by “half as bright”, these by nothing"):
        built(inspector, file)
    mapper, ready = built(inspector, file, DARK)
    good = mapper.map(read_image(texture_file(tmp_path / "good.png", 10)))
    assert good.anomaly_map.values.max() < ready.calibration.values.max() + 1


def test_another_model_is_refused(inspector, trained, tmp_path):
    file = trained()
    other = Inspector(loader(FakeSegmenter(spec=replace(inspector.segmenter.spec, name="other_sam"))))
    other.load_model("other_sam")
    with pytest.raises(InputError, match="trained for sam:mobile_sam and means nothing for sam:other_sam"):
        built(other, file)
    mapper, _ = built(inspector, file)
    assert mapper.is_ready
    inspector._segmenter = other.segmenter
    assert not mapper.is_ready
    with pytest.raises(InputError, match="No SimpleNet was loaded for this model"):
        mapper.map(read_image(tmp_path / "0.png"))
    with pytest.raises(InputError, match="No SimpleNet was loaded"):
        SimpleNetMapper(inspector).map(read_image(tmp_path / "0.png"))


def test_a_failed_load_leaves_the_one_before(inspector, trained, tmp_path):
    mapper, ready = built(inspector, trained())
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    with pytest.raises(InputError, match="damaged"):
        list(mapper.build(BuildSimpleNet(tmp_path / "junk.safetensors")))
    assert mapper.is_ready
    assert mapper.ready(ready.work) is ready


def test_settings_that_make_no_recipe_are_damage(inspector, trained):
    file = trained()
    saved = load_simplenet(file)
    for name, value in (("noise", "“loud”"), ("map_side", '"wide"'), ("smoothing", None)):
        settings = {key: text for key, text in saved.manifest.settings if key != name}
        if value is not None:
            settings[name] = value
        save_simplenet(file, replace(saved, manifest=replace(saved.manifest, settings=tuple(settings.items()))))
        with pytest.raises(InputError, match="is damaged"):
            built(inspector, file)
