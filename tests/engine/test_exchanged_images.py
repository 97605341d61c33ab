import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sam_inspector.anomaly.simplenet import recipe as recipe_module
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.core.errors import InputError
from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.images import read_image
from sam_inspector.engine.evaluate import EvaluateSettings, evaluate, open_results, samples_to_evaluate
from sam_inspector.engine.exchanged_images import ExchangedImages
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.map_methods import map_works
from sam_inspector.foreground.backgrounds import BackgroundSettings
from sam_inspector.methods.sam2sim import ForegroundChoice
from tests.engine.learnt_parts import make_part
from tests.fakes import loader
from tests.foreground.floods import FloodSegmenter, disk_on_noise

FLAT = BackgroundSettings(kind="flat", seed=1)
FEW = SimpleNetSettings(epochs=2)
DISK = disk_on_noise(160, 46)[1]
FAR = ~disk_on_noise(160, 60)[1]


@pytest.fixture(autouse=True)
def small_recipe(monkeypatch):
    small = replace(RECIPES["recommended"], hidden=32, tokens_a_step=64, least_steps=2, fold_steps=4)
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", small)


@pytest.fixture
def inspector():
    inspector = Inspector(loader(FloodSegmenter()))
    inspector.load_model("mobile_sam")
    return inspector


def run(root, out, inspector, *, resume=False, stop_after=None, **settings):
    settings = EvaluateSettings(**settings)
    settings.check()
    datasets = [open_dataset(root)]
    samples = samples_to_evaluate(datasets, settings)
    folder = open_results(out, settings, datasets, samples, inspector, command="test", resume=resume)
    works = map_works(datasets, (), settings.map_methods, settings.few_shot, settings.clip, settings.learnt)
    try:
        for step in evaluate(samples, settings, inspector, folder, works):
            if step.done == stop_after:
                break
    finally:
        folder.close()
    return json.loads((out / "results.json").read_text()) if stop_after is None else None


def test_the_object_stays_before_another_background(tmp_path, inspector):
    image = read_image(make_part(tmp_path / "part") / "test/stain/000.png")
    exchange = ExchangedImages(inspector, FLAT, ForegroundChoice()).exchange
    shown, told = exchange(image, "part")
    assert told == ""
    assert np.array_equal(shown.pixels[DISK], image.pixels[DISK])
    assert len(np.unique(shown.pixels[FAR], axis=0)) == 1
    assert shown.image_id != image.image_id
    assert exchange(image, "part")[0].image_id == shown.image_id
    other, _ = ExchangedImages(inspector, replace(FLAT, seed=2), ForegroundChoice()).exchange(image, "part")
    assert other.image_id not in (image.image_id, shown.image_id)


@pytest.mark.parametrize("kind", ["texture", "object_kept_whole"])
def test_what_has_no_background_stays(tmp_path, inspector, kind):
    image = read_image(make_part(tmp_path / "part", kind=kind) / "test/good/000.png")
    shown, told = ExchangedImages(inspector, FLAT, ForegroundChoice()).exchange(image, "part")
    assert shown is image
    assert told == ""


def test_a_category_of_unknown_type_is_asked_for(tmp_path, inspector):
    root = make_part(tmp_path / "gizmo", kind=None)
    for settings in ({"modes": ("b",), "background": FLAT}, {"modes": ("sam2sim",)}):
        with pytest.raises(InputError, match="Whether “gizmo” shows objects"):
            run(root, tmp_path / "out", inspector, **settings)
    with pytest.raises(InputError, match="no type of category “thing”"):
        run(root, tmp_path / "out", inspector, modes=("b",), background=FLAT, unknown_kind="thing")
    found = run(root, tmp_path / "out", inspector, modes=("b",), background=FLAT, unknown_kind="object")
    assert found["settings"]["objects"] == ["gizmo"]


def test_any_mode_sees_the_exchanged_image_and_its_row_is_that_of_the_file(tmp_path, inspector):
    root = make_part(tmp_path / "part")
    found = run(root, tmp_path / "out", inspector, modes=("b", "few-shot-map"), background=FLAT)
    for row in found["images"]:
        assert row["image_id"] == read_image(root / row["path"]).image_id
        assert (row["error"], row["size"], row["remarks"]) == (None, [160, 160], "")
    static = run(root, tmp_path / "static", inspector, modes=("b", "few-shot-map"))
    assert "background" not in static["settings"]
    scores = [[row["image_score"] for row in each["images"]] for each in (found, static)]
    assert scores[0] != scores[1]
    (there,) = (row["iou"] for row in found["categories"] if row["mode"] == "b")
    assert there is not None


def test_an_image_without_a_foreground_keeps_its_background_and_is_marked(tmp_path, inspector):
    root = make_part(tmp_path / "part")
    Image.fromarray(np.full((160, 160, 3), 90, np.uint8)).save(root / "test/good/000.png")
    found = run(root, tmp_path / "out", inspector, modes=("sam2sim",), background=FLAT, simplenet=FEW)
    marked = {row["path"]: row["remarks"] for row in found["images"] if row["remarks"]}
    assert list(marked) == ["test/good/000.png"]
    assert marked["test/good/000.png"].startswith("This image keeps its background. No foreground was found")
    lines = (tmp_path / "out/results.csv").read_text().splitlines()
    assert "remarks" in lines[0].split(",")
    assert sum("keeps its background" in line for line in lines) == 1


def test_a_run_goes_on_with_the_same_backgrounds_only(tmp_path, inspector):
    root = make_part(tmp_path / "part")
    usual = {"modes": ("sam2sim", "simplenet"), "background": FLAT, "simplenet": FEW}
    run(root, tmp_path / "out", inspector, stop_after=2, **usual)
    for other in ({"background": replace(FLAT, seed=7)}, {"background": None}, {"simplenet": replace(FEW, epochs=3)}):
        with pytest.raises(InputError, match="made with other settings"):
            run(root, tmp_path / "out", inspector, resume=True, **(usual | other))
    run(root, tmp_path / "out", inspector, resume=True, **usual)
    run(root, tmp_path / "whole", inspector, **usual)
    assert (tmp_path / "out/results.csv").read_bytes() == (tmp_path / "whole/results.csv").read_bytes()


def test_a_texture_has_one_network_for_both(tmp_path, inspector, own_home):
    root = make_part(tmp_path / "part", kind="texture")
    found = run(root, tmp_path / "out", inspector, modes=("simplenet", "sam2sim"), simplenet=FEW, background=FLAT)
    by_mode = [
        [row["image_score"] for row in found["images"] if row["mode"] == mode] for mode in ("simplenet", "sam2sim")
    ]
    assert by_mode[0] == by_mode[1]
    assert len(list((own_home / "cache/sam-inspector/simplenets").iterdir())) == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "can't be read"),
        (lambda folder: folder.mkdir(), "holds no images"),
        (lambda folder: (folder.mkdir(), (folder / "a.png").write_bytes(b"junk")), "None of 1 photos"),
    ],
)
def test_photos_that_can_not_be_had_are_told_first(tmp_path, make, words):
    folder = tmp_path / "photos"
    make(folder)
    for kind in ("photos", "mixed"):
        settings = EvaluateSettings(("b",), background=BackgroundSettings(kind, folder=folder))
        with pytest.raises(InputError, match=words):
            settings.check()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"background": BackgroundSettings("swirls")}, "no kind of background “swirls”"),
        ({"background": BackgroundSettings("photos")}, "need a folder of photos"),
        ({"background": BackgroundSettings("flat", folder=".")}, "need no photos"),
        ({"simplenet": SimpleNetSettings(epochs=0)}, "can't take 0 epochs"),
        ({"simplenet": SimpleNetSettings(backbone="nosuch")}, "no backbone “nosuch”"),
        ({"foreground": ForegroundChoice(model="nosuch")}, "no model “nosuch”"),
    ],
)
def test_settings_that_make_nothing_are_refused(settings, words):
    with pytest.raises(InputError, match=words):
        EvaluateSettings(("sam2sim",), **settings).check()
