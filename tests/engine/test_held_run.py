"""What a folder holds before a run begins: no results are lost by accident, and none are mixed."""

import json
import os

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.engine.held_run import held_run
from tests.engine.test_evaluate import results, run, without_seconds


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def out(category, tmp_path):
    run(category, tmp_path / "out")
    return tmp_path / "out"


def test_a_run_that_is_there_is_not_replaced_unless_it_is_asked_for(category, out):
    before = content(out)
    os.utime(out / "results.json", (86_400 * 365, 86_400 * 365))
    for modes in (("b", "bp"), ("naive",)):
        with pytest.raises(InputError) as refused:
            run(category, out, modes)
        assert "holds a run of part under b, bp (4 images, last written 1971-01-01" in str(refused.value)
        assert "go on with it by --resume, give another --out, or begin anew with --replace." in str(refused.value)
        assert content(out) == before
    run(category, out, ("naive",), replace=True)
    assert {row["mode"] for row in results(out)["images"]} == {"naive"}
    assert [path.name for path in (out / "masks").iterdir()] == ["naive"]


def test_a_run_under_way_is_not_replaced_either(category, tmp_path):
    out = tmp_path / "out"
    run(category, out, stop_after=1)
    with pytest.raises(InputError, match=r"\(1 image so far, last written 20"):
        run(category, out)
    assert run(category, out, resume=True).embedded == 3


def test_a_run_without_any_result_gives_way(category, tmp_path):
    """As one that was stopped before its first image, or failed on all of them: there is nothing to lose."""
    out = tmp_path / "out"
    run(category, out, stop_after=0)
    whole = {image: image.read_bytes() for image in (category / "test/dent").iterdir()}
    for image in whole:
        image.write_bytes(b"")
    run(category, out)
    for image, content in whole.items():
        image.write_bytes(content)
    assert run(category, out).embedded == 4


@pytest.mark.parametrize("folder", ["nothing", "empty"])
def test_going_on_where_there_is_no_run_begins_one(category, tmp_path, folder):
    (tmp_path / "empty").mkdir()
    assert run(category, tmp_path / folder, resume=True).embedded == 4


@pytest.mark.parametrize("damage", ["", '{"schema": "sam-inspector/results/1", "images": [', '{"schema"', "[]"])
def test_a_damaged_run_is_called_so_and_can_be_replaced(category, out, damage):
    (out / "results.json").write_text(damage)
    for resume in (False, True):
        with pytest.raises(InputError, match=r"results\.json of the run in .* is damaged.*--replace"):
            run(category, out, resume=resume)
    run(category, out, replace=True)
    assert len(results(out)["images"]) == 8


def test_rows_that_are_damaged_are_told_too(category, out):
    text = (out / "results.json").read_text()
    (out / "results.json").write_text(text.replace('"category": "part"', '"category" "part"', 1))
    with pytest.raises(InputError, match="is damaged"):
        run(category, out, resume=True)


def test_the_log_of_a_run_mends_damaged_results(category, tmp_path):
    out = tmp_path / "out"
    run(category, out, stop_after=2)
    (out / "results.json").write_text("{")
    assert run(category, out, resume=True).embedded == 2


def test_other_files_and_other_kinds_are_left_alone_even_when_a_run_is_to_be_replaced(category, out, tmp_path):
    strange = tmp_path / "strange"
    for text, words in (
        ('{"accuracy": 0.9}', "holds other files"),
        ('{"schema": "sam-inspector/results/7"}', "results of another kind"),
    ):
        strange.mkdir(exist_ok=True)
        (strange / "results.json").write_text(text)
        with pytest.raises(InputError, match=words):
            run(category, strange, replace=True)
        assert (strange / "results.json").read_text() == text
    (out / "results.json").write_text("{")
    (out / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="holds other files"):
        run(category, out, replace=True)


def test_settings_that_differ_are_named_with_both_values(category, out):
    def refusal(modes=("b", "bp"), **settings):
        with pytest.raises(InputError) as refused:
            run(category, out, modes, resume=True, **settings)
        return str(refused.value)

    assert "other settings (points: 20 there, 5 here): repeat those" in refusal(points=5)
    assert "(seed: 0 there, 1 here; limit: not given there, 3 here)" in refusal(seed=1, limit=3)
    assert "(modes: b, bp there, b here)" in refusal(("b",))
    many = refusal(("b",), seed=1, limit=3, points=4, preset="faithful")
    assert many.count(" there, ") == 3
    assert "; and 2 more)" in many
    with_map = refusal(("few-shot-map",))
    assert "(modes: b, bp there, few-shot-map here)" in with_map, "what belongs to a mode only is no other setting"


def test_a_run_of_other_categories_does_not_go_on(category, out):
    other = category.rename(category.with_name("cup"))
    with pytest.raises(InputError, match=r"other settings \(categories: part there, cup here\)"):
        run(other, out, resume=True)


def test_a_dataset_that_was_moved_goes_on_with_its_images(category, tmp_path):
    out = tmp_path / "out"
    run(category, out, stop_after=2)
    (tmp_path / "moved").mkdir()
    moved = category.rename(tmp_path / "moved" / "part")
    assert run(moved, out, resume=True).embedded == 2
    assert results(out)["folders"] == {"part": str(moved)}


def test_results_do_not_become_a_part_of_their_dataset(category, tmp_path):
    for place in (category / "out", category / "test" / "dent" / "out"):
        with pytest.raises(InputError, match="lies in the dataset"):
            run(category, place)
        assert not place.exists()
    (tmp_path / "link").symlink_to(category)
    with pytest.raises(InputError, match="lies in the dataset"):
        run(category, tmp_path / "link" / "out")
    run(category, category / ".sam-inspector" / "out", ("b",))


# --- masks that were lost --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop_after", [None, 3])
def test_masks_that_are_gone_come_back(category, tmp_path, stop_after):
    whole, out = tmp_path / "whole", tmp_path / "out"
    run(category, whole)
    run(category, out, stop_after=stop_after)
    (out / "masks/b/part/dent/001.png").unlink()
    (out / "masks/bp/part/dent/001.png").unlink()
    (out / "masks/bp/part/dent/002.png").unlink()
    assert run(category, out, resume=True).embedded == 2 + (stop_after == 3)
    assert run(category, out, resume=True).embedded == 0, "they are there now"
    assert without_seconds(results(out)) == without_seconds(results(whole))
    changing = {"results.json", "times.csv"}
    assert {path: data for path, data in content(out).items() if path.name not in changing} == {
        path: data for path, data in content(whole).items() if path.name not in changing
    }


def test_an_image_that_was_computed_twice_counts_once(category, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    run(category, whole)
    run(category, out, stop_after=2)
    (out / "masks/b/part/dent/000.png").unlink()
    run(category, out, resume=True, stop_after=2)
    run(category, out, resume=True)
    assert without_seconds(results(out)) == without_seconds(results(whole))


def test_maps_that_are_gone_come_back_where_maps_are_kept(category, tmp_path):
    out = tmp_path / "out"
    run(category, out, ("few-shot-map",), save_maps=True)
    (lost, *_) = (out / "maps").rglob("001.tiff")
    before = lost.read_bytes()
    lost.unlink()
    run(category, out, ("few-shot-map",), resume=True, save_maps=True)
    assert lost.read_bytes() == before


def test_remarks_outlive_a_stop(category, tmp_path):
    for number in (2, 3):
        (category / f"train/good/{number:03}.png").unlink()
    run(category, tmp_path / "whole", ("few-shot-map",))
    run(category, tmp_path / "out", ("few-shot-map",), stop_after=2)
    run(category, tmp_path / "out", ("few-shot-map",), resume=True)
    (row,) = results(tmp_path / "whole")["categories"]
    assert "There are 2 normal images, fewer than the 4 asked for: all are used." in row["remarks"]
    assert without_seconds(results(tmp_path / "out")) == without_seconds(results(tmp_path / "whole"))


def test_a_folder_that_can_not_be_there_holds_nothing(tmp_path):
    """What is wrong with it is told when it is written to."""
    (tmp_path / "file").write_text("")
    assert held_run(tmp_path / "file" / "out") is None


def test_a_journal_counts_what_was_done(category, tmp_path):
    run(category, tmp_path / "out", stop_after=3)
    held = held_run(tmp_path / "out")
    assert (held.is_complete, held.images_done()) == (False, 3)
    with (tmp_path / "out/.progress/images.jsonl").open("a") as file:
        file.write(json.dumps({"sample": ["part", "x"]})[:-3])
    assert held_run(tmp_path / "out").images_done() == 3
