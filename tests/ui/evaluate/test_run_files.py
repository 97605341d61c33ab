"""What is read of runs on disk: prompts, curves, and from what wish a run was made."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.engine.image_rows import ImageRow
from sam_inspector.ui.evaluate.choices import EvaluateChoices, choices_of_run, evaluate_settings, proposed_folder
from sam_inspector.ui.evaluate.earlier_runs import finished_rows, read_curves
from sam_inspector.ui.evaluate.run_prompts import find_prompts
from sam_inspector.ui.settings import EvaluateSetting, Settings


def item(path, mode, x, category="nut"):
    prompt = {"component": 1, "box": [x, 1, 9, 9], "points": [], "labels": [], "source": "gt"}
    return {"path": path, "image_id": "id", "size": [10, 10], "category": category, "mode": mode, "prompts": [prompt]}


def write_prompts(out, items):
    (out / "prompts.json").write_text(json.dumps({"schema": "sam-inspector/prompts/1", "items": items}))


def test_the_prompts_of_one_image_and_mode_are_found(tmp_path):
    path = "test/dent/ü “a”.png"
    many = [item(f"test/dent/{place}.png", "b", place) for place in range(3000)]
    write_prompts(tmp_path, [*many, item(path, "b", 1, "tile"), item(path, "b", 2), item(path, "bp", 3)])
    for mode, x in (("b", 2.0), ("bp", 3.0)):
        found = find_prompts(tmp_path, ImageRow("nut", "dent", path, "id", mode))
        assert found.items[0].box[0] == x
    last = find_prompts(tmp_path, ImageRow("nut", "dent", "test/dent/2999.png", "id", "b"))
    assert last.items[0].box[0] == 2999


def test_an_item_longer_than_a_piece_of_the_file_is_read_whole(tmp_path):
    long = item("a.png", "bps", 4)
    long["prompts"] = long["prompts"] * 3000
    write_prompts(tmp_path, [long, item("b.png", "bps", 5)])
    assert len(find_prompts(tmp_path, ImageRow("nut", "", "a.png", "id", "bps"))) == 3000


def test_while_a_run_goes_on_its_log_knows_the_newest_prompts(tmp_path):
    write_prompts(tmp_path, [])
    (tmp_path / ".progress").mkdir()
    row = {"category": "nut", "defect": "dent", "path": "a.png", "image_id": "id", "mode": "b", "iou": 0.5}
    line = {"sample": ["nut", "a.png"], "rows": [row], "prompts": [item("a.png", "b", 7)["prompts"]]}
    (tmp_path / ".progress/images.jsonl").write_text(json.dumps(line) + '\n{"sample": ["nut", "b.p')
    found = find_prompts(tmp_path, ImageRow("nut", "dent", "a.png", "id", "b"))
    assert found.items[0].box[0] == 7
    earlier = finished_rows(tmp_path)
    assert [each.iou for each in earlier.rows] == [0.5]
    assert not earlier.complete


def test_prompts_that_are_not_there_are_one_sentence(tmp_path):
    write_prompts(tmp_path, [item("a.png", "b", 1)])
    with pytest.raises(InputError, match=r"no prompts for b\.png"):
        find_prompts(tmp_path, ImageRow("nut", "dent", "b.png", "id", "b"))
    (tmp_path / "prompts.json").write_bytes(b"")
    with pytest.raises(InputError, match=r"no prompts for a\.png"):
        find_prompts(tmp_path, ImageRow("nut", "dent", "a.png", "id", "b"))
    broken = item("a.png", "b", 1)
    broken["prompts"][0]["labels"] = [1]
    write_prompts(tmp_path, [broken])
    with pytest.raises(InputError, match="damaged"):
        find_prompts(tmp_path, ImageRow("nut", "dent", "a.png", "id", "b"))


def test_curves_of_the_known_form_are_read_and_others_left_out(tmp_path):
    assert read_curves(tmp_path) == {}
    good = {"category": "nut", "mode": "b", "roc": {"x": [0, 1], "y": [0, 1]}, "pr": {"x": [0], "y": []}, "pro": None}
    file = tmp_path / "curves.json"
    file.write_text(json.dumps({"schema": "sam-inspector/curves/1", "curves": [good, 3]}))
    assert read_curves(tmp_path) == {("nut", "b", "roc"): ((0, 1), (0, 1))}
    file.write_text(json.dumps({"schema": "sam-inspector/curves/2", "curves": [good]}))
    assert read_curves(tmp_path) == {}
    file.write_text("[1")
    assert read_curves(tmp_path) == {}


def test_a_run_s_header_gives_back_the_wish(tmp_path):
    wish = EvaluateChoices(
        roots=("/data/nut",),
        categories=("nut",),
        modes=("b", "few-shot", "cascade"),
        models=("mobile_sam",),
        preset="faithful",
        shots=7,
        seed=3,
        limit=5,
        map_method="clip",
        epochs=20,
        background="perlin",
        out=str(tmp_path),
    )
    settings = evaluate_settings(wish)
    header = {
        "settings": {
            "modes": list(settings.modes),
            "categories": list(settings.categories),
            "points": settings.points,
            "limit": settings.limit,
            "few_shot": {"references": {"count": settings.few_shot.references.count}},
            "map": settings.map_method,
            "simplenet": {"epochs": settings.simplenet.epochs},
            "background": {"kind": settings.background.kind, "seed": settings.background.seed},
        },
        "preset": settings.preset,
        "seed": settings.seed,
        "folders": {"nut": "/data/nut"},
    }
    assert choices_of_run(header, wish.models, tmp_path) == wish


def test_what_is_missing_is_said_one_after_the_other():
    wish = EvaluateChoices()
    said = [wish.missing]
    for field in ({"roots": ("x",)}, {"modes": ()}, {"modes": ("b",)}, {"models": ("m",)}, {"out": "o"}):
        wish = EvaluateChoices(
            **{**{name: getattr(wish, name) for name in ("roots", "modes", "models", "out")}, **field}
        )
        said.append(wish.missing)
    assert [words.split(":")[0] for words in said] == [
        "Choose a dataset",
        "Choose a model",
        "Choose a mode",
        "Choose a model",
        "",
        "",
    ]


def test_several_models_have_a_folder_each():
    one = EvaluateChoices(models=("a",), out="/runs/x")
    two = EvaluateChoices(models=("a", "b"), out="/runs/x")
    assert one.folders() == (("a", Path("/runs/x")),)
    assert two.folders() == (("a", Path("/runs/x/a")), ("b", Path("/runs/x/b")))


def test_a_proposed_folder_tells_the_day_and_what_is_evaluated():
    now = datetime(2026, 3, 4, 5, 6, 7)
    assert proposed_folder(Path("r"), ["nut"], now) == Path("r/2026-03-04 05.06.07 nut")
    assert proposed_folder(Path("r"), ["a/b", "c", "d", "e"], now).name == "2026-03-04 05.06.07 a-b-c-and-2-more"
    assert proposed_folder(Path("r"), [], now).name.endswith("evaluation")


def test_a_run_begun_within_the_same_second_gets_a_folder_of_its_own(tmp_path):
    now = datetime(2026, 3, 4, 5, 6, 7)
    for name in ("2026-03-04 05.06.07 nut", "2026-03-04 05.06.07 nut 2", "2026-03-04 05.06.07 nut 3"):
        proposed = proposed_folder(tmp_path, ["nut"], now)
        assert proposed.name == name
        proposed.mkdir()


def test_choices_are_remembered_in_the_settings_file():
    wish = EvaluateChoices(modes=("b",), models=("m",), limit=3, out="/x")
    kept = Settings(evaluate=EvaluateSetting(choices=wish, roots=("/data",), unfinished=wish))
    assert Settings.model_validate_json(kept.model_dump_json()).evaluate == kept.evaluate
    assert Settings.model_validate_json("{}").evaluate.unfinished is None
