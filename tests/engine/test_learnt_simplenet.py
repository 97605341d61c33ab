from dataclasses import replace

import pytest

from sam_inspector.anomaly.simplenet import recipe as recipe_module
from sam_inspector.anomaly.simplenet.manifest import read_simplenet_manifest
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.core.errors import Cancelled, InputError, WeightsError
from sam_inspector.data.images import read_image
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.learnt_simplenet import LearntSimpleNetMapper
from sam_inspector.engine.simplenet_works import LearnSimpleNet
from sam_inspector.foreground.settings import ForegroundSettings
from sam_inspector.methods.sam2sim import ForegroundChoice
from sam_inspector.models.weights import FOLDER_VARIABLE
from tests.engine.learnt_parts import STAIN, make_part
from tests.fakes import loader
from tests.foreground.floods import FloodSegmenter

SETTINGS = SimpleNetSettings(epochs=3, seed=1)


@pytest.fixture(autouse=True)
def small_recipe(monkeypatch):
    small = replace(RECIPES["recommended"], hidden=32, tokens_a_step=64, least_steps=2, fold_steps=4)
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", small)


@pytest.fixture
def disks():
    return FloodSegmenter()


@pytest.fixture
def inspector(disks):
    inspector = Inspector(loader(disks))
    inspector.load_model("mobile_sam")
    return inspector


@pytest.fixture
def part(tmp_path):
    return make_part(tmp_path / "part")


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "kept"


def work_on(part, **more):
    return LearnSimpleNet(tuple(sorted((part / "train/good").iterdir())), "part", SETTINGS, **more)


def built(inspector, folder, work):
    mapper = LearntSimpleNetMapper(inspector, folder)
    steps = list(mapper.build(work))
    return mapper, mapper.ready(work), steps


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_it_is_trained_once_and_kept(inspector, part, kept, disks):
    _, first, steps = built(inspector, kept, work_on(part))
    assert any("Epoch 3 of 3" in step.text for step in steps)
    assert first.manifest.epochs_done == 3
    before, content = disks.embedded, first.file.read_bytes()
    _, again, steps = built(inspector, kept, work_on(part))
    assert not any("Epoch" in step.text for step in steps)
    assert (again.file, again.file.read_bytes(), disks.embedded) == (first.file, content, before)


def test_a_training_that_was_stopped_is_gone_on_with(inspector, part, kept):
    _, whole, _ = built(inspector, kept / "whole", work_on(part))
    mapper = LearntSimpleNetMapper(inspector, kept / "stopped")
    seen = []
    with pytest.raises(Cancelled):
        seen.extend(mapper.build(work_on(part), cancelled=lambda: any("Epoch 2" in step.text for step in seen)))
    (file,) = (kept / "stopped").iterdir()
    assert read_simplenet_manifest(file).epochs_done == 1
    _, gone_on, _ = built(inspector, kept / "stopped", work_on(part))
    assert gone_on.file.name == whole.file.name
    assert gone_on.file.read_bytes() == whole.file.read_bytes()


def test_whatever_matters_makes_another_file(inspector, part, kept):
    work = work_on(part)
    _, usual, _ = built(inspector, kept, work)
    others = [
        replace(work, settings=replace(SETTINGS, seed=2)),
        replace(work, settings=replace(SETTINGS, epochs=2)),
        replace(work, paths=work.paths[:3]),
        replace(work, removal=ForegroundChoice()),
        replace(work, removal=ForegroundChoice(ForegroundSettings(mode="box_center"))),
    ]
    found = {usual.file.name} | {built(inspector, kept, other)[1].file.name for other in others}
    assert len(found) == 6
    assert files(kept) == sorted(found)


def test_a_damaged_file_is_made_again(inspector, part, kept):
    _, first, _ = built(inspector, kept, work_on(part))
    content = first.file.read_bytes()
    first.file.write_bytes(b"junk")
    _, again, _ = built(inspector, kept, work_on(part))
    assert again.file.read_bytes() == content


def test_the_background_is_not_seen(inspector, part, kept):
    work = replace(work_on(part, removal=ForegroundChoice()), settings=replace(SETTINGS, epochs=40))
    mapper, ready, steps = built(inspector, kept, work)
    assert ready.manifest.preparation.startswith("background removed (point_grid by mobile_sam, ")
    assert ready.remarks == ()
    assert any(step.text == "Foreground of 000.png" for step in steps)
    stained = mapper.map(read_image(part / "test/stain/000.png"))
    assert stained.remark == ""
    values = stained.anomaly_map.values
    scale = values.shape[0] / 160
    rows, columns = (slice(round(side.start * scale), round(side.stop * scale)) for side in STAIN)
    assert values[rows, columns].mean() > values.mean() + values.std()
    corner = values[: round(12 * scale), : round(12 * scale)]
    assert corner.max() - corner.min() < 1e-3, "one colour all over"


def test_embeddings_of_an_image_serve_its_foreground_too(inspector, part, kept, disks):
    built(inspector, kept, work_on(part))
    assert disks.embedded == 4
    built(inspector, kept, work_on(part, removal=ForegroundChoice()))
    assert disks.embedded == 8, "only the four without background are new"


def test_a_foreground_that_is_not_found_is_told(inspector, part, kept, monkeypatch):
    monkeypatch.setattr("sam_inspector.foreground.extraction.clean_up", lambda mask, settings: mask & False)
    mapper, ready, _ = built(inspector, kept, work_on(part, removal=ForegroundChoice()))
    assert ready.remarks[0].startswith(
        "No foreground was found in 4 of 4 normal images (000.png, 001.png, 002.png and 1 "
    )
    assert mapper.map(read_image(part / "test/good/000.png")).remark.startswith("No foreground was found, so the whole")


def test_a_file_is_taken_as_it_is(inspector, part, kept):
    removing = ForegroundChoice()
    _, plain, _ = built(inspector, kept, work_on(part))
    _, removed, _ = built(inspector, kept, work_on(part, removal=removing))
    image = read_image(part / "test/stain/000.png")
    for made, removal in ((plain, None), (removed, removing)):
        given = LearnSimpleNet((), "part", SETTINGS, removal, made.file)
        mapper, ready, _ = built(inspector, kept / "none", given)
        assert ready.file == made.file
        mapper.map(image)
    assert not (kept / "none").exists()
    with pytest.raises(InputError, match="prepared by nothing, and these settings give background removed"):
        built(inspector, kept, LearnSimpleNet((), "part", SETTINGS, removing, plain.file))
    other = ForegroundChoice(ForegroundSettings(mode="box_center"))
    with pytest.raises(InputError, match="find foregrounds the same way"):
        built(inspector, kept, LearnSimpleNet((), "part", SETTINGS, other, removed.file))


def test_the_least_recently_used_go_when_room_is_short(inspector, part, kept, monkeypatch):
    _, first, _ = built(inspector, kept, work_on(part))
    monkeypatch.setattr("sam_inspector.engine.kept_simplenets.LIMIT_BYTES", first.file.stat().st_size + 10)
    _, second, _ = built(inspector, kept, replace(work_on(part), settings=replace(SETTINGS, seed=5)))
    assert files(kept) == [second.file.name]


def test_one_normal_image_is_told(inspector, part, kept):
    work = work_on(part)
    _, ready, _ = built(inspector, kept, replace(work, paths=work.paths[:1]))
    assert any("only one normal image" in remark for remark in ready.remarks)


def test_missing_weights_are_one_sentence(inspector, part, kept, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "no weights"))
    with pytest.raises(WeightsError):
        built(inspector, kept, work_on(part, removal=ForegroundChoice(ForegroundSettings(mode="u2net"))))
    with pytest.raises(WeightsError, match="mobilenet_v2"):
        built(inspector, kept, replace(work_on(part), settings=replace(SETTINGS, backbone="mobilenet_v2")))
