import json
import shutil
import signal
import sys
import time

import numpy as np
import pytest
from PIL import Image

from sam_inspector.engine.run_lock import RunLock
from sam_inspector.models import loading
from tests.commands.conftest import finish_process, make_category, start_process

SLOW_MODEL = """
from sam_inspector.models import loading
from tests.fakes import FakeSegmenter, loader
loading.load_segmenter = loader(FakeSegmenter(embed_seconds=0.6))
"""
CTRL_C_AT_TORCH = """
import sys
from importlib.abc import MetaPathFinder
class Interrupting(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "torch":
            exec("raise KeyboardInterrupt")
sys.meta_path.insert(0, Interrupting())
"""


def results(out):
    return json.loads((out / "results.json").read_text())


def without_seconds(found):
    return {**found, "images": [{**row, "seconds": None} for row in found["images"]]}


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_table_is_printed_and_the_files_written(shell, fake, part, tmp_path):
    out = tmp_path / "out"
    outcome = shell("evaluate", part, "--mode", "b,naive", "--out", out)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].split()[:5] == ["mode", "category", "images", "failed", "iou"]
    assert lines[1].split()[:5] == ["b", "part", "4", "0", "1.000"]
    assert [line.split()[0] for line in lines[1:3]] == ["b", "naive"]
    assert lines[-1] == f"Results in {out}"
    assert {name for name in files(out) if not name.startswith("masks/")} == {
        "prompts.json",
        "results.csv",
        "times.csv",
        "results.json",
        "curves.json",
        "report.html",
        "table.md",
        "table.tex",
    }
    assert len(list((out / "masks").rglob("*.png"))) == 8


def test_json_is_the_results_file(shell, fake, part, tmp_path):
    outcome = shell("evaluate", part, "--mode", "bp", "--out", tmp_path / "out", "--json")
    assert outcome.json == results(tmp_path / "out")
    assert outcome.out.count("\n") == 1


def test_bad_images_are_listed_and_the_rest_goes_on(shell, fake, part, tmp_path):
    (part / "test/dent/000.png").write_bytes(b"")
    whole = (part / "test/dent/001.png").read_bytes()
    (part / "test/dent/001.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(np.zeros((96, 128), np.uint8)).save(part / "ground_truth/dent/002_mask.png")
    (part / "test/dent/notes.zip").write_text("no image")
    arguments = ("evaluate", part, "--mode", "b", "--out", tmp_path / "out")
    outcome = shell(*arguments, "--json")
    assert outcome.status == 0
    assert [row["error"] is None for row in outcome.json["images"]] == [False, False, False, True]
    assert [entry["path"] for entry in outcome.json["skipped"]] == [str(part / "test/dent/notes.zip")]
    assert len(outcome.err.splitlines()) == 4
    assert shell(*arguments, "--replace", "--quiet").err == ""


def test_nothing_but_bad_images_is_a_failure_told_once(shell, fake, part, tmp_path):
    for image in (part / "test/dent").iterdir():
        image.write_bytes(b"")
    out = tmp_path / "out"
    outcome = shell("evaluate", part, "--mode", "b,bp", "--out", out)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.error.startswith(
        f"None of 4 images could be evaluated; {out / 'report.html'} lists why, the first: "
    )
    assert outcome.error.count("000.png") == 1
    outcome = shell("evaluate", part, "--mode", "b,bp", "--out", tmp_path / "again", "--json")
    assert outcome.status == 1
    assert outcome.json == results(tmp_path / "again")
    assert [(row["mode"], row["failed"]) for row in outcome.json["summary"]] == [("b", 4), ("bp", 4)]
    assert "None of 4 images" in outcome.error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--mode", "zigzag"), "There is no mode “zigzag”"),
        (("--mode", "b,zigzag"), "There is no mode “zigzag”"),
        (("--mode", ","), "No mode was given"),
        (("--mode", "b", "--preset", "loose"), "There is no preset “loose”"),
        (("--mode", "b", "--limit", "0"), "At most 0 images"),
        (("--mode", "b", "--points", "-1"), "-1 points"),
        (("--mode", "b", "--category", "cup"), "There is no category “cup”: choose from part."),
        (("--mode", "b", "--layout", "nosuch"), "There is no layout 'nosuch'"),
        (("--mode", "b", "--model", "vit_x"), "There is no model “vit_x”"),
    ],
)
def test_options_that_do_not_fit_are_one_line(shell, fake, part, tmp_path, options, message):
    outcome = shell("evaluate", part, *options, "--out", tmp_path / "out", "--json")
    assert (outcome.status, outcome.out) == (1, "")
    assert message in outcome.error
    assert not (tmp_path / "out").exists()


def test_a_folder_without_images_is_one_line(shell, fake, tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = shell("evaluate", tmp_path / "empty", "--mode", "b", "--out", tmp_path / "out")
    assert outcome.status == 1
    assert "holds no images" in outcome.error


def test_an_output_that_can_not_be_a_folder_of_results_is_one_line(shell, fake, part, tmp_path):
    (tmp_path / "file").write_text("a file")
    for out, message in (
        (tmp_path / "file", "is a file, not a folder"),
        (tmp_path / "file" / "out", "is a file, not a folder"),
        (part, "holds other files"),
    ):
        outcome = shell("evaluate", part, "--mode", "b", "--out", out)
        assert outcome.status == 1
        assert message in outcome.error
    assert fake.embedded == 0


def test_a_file_that_is_no_image_is_no_dataset(shell, fake, part, tmp_path):
    (tmp_path / "file.txt").write_text("a file")
    outcome = shell("evaluate", tmp_path / "file.txt", "--mode", "b", "--out", tmp_path / "out")
    assert outcome.error == f"{tmp_path / 'file.txt'} is a file: give the folder of a dataset or of one category."
    assert shell("evaluate", part / "test/dent/000.png", "--mode", "b", "--out", tmp_path / "out").status == 0


def test_what_needs_no_model_is_refused_before_one_is_loaded(shell, part, tmp_path, monkeypatch, fake):
    out = tmp_path / "out"
    shell("evaluate", part, "--mode", "b", "--out", out)
    monkeypatch.setattr(loading, "load_segmenter", None)  # whoever calls it gets something else than a sentence
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "results.json").write_text("{")
    common = ("evaluate", part, "--mode", "b")
    for arguments, words in (
        ((*common, "--out", out), "holds a run"),
        ((*common, "--out", out, "--resume", "--seed", "3"), "(seed: 0 there, 3 here)"),
        ((*common, "--out", part / "out"), "lies in the dataset"),
        ((*common, "--out", tmp_path / "damaged"), "is damaged"),
        ((*common, "--out", out, "--resume", "--replace"), "give one of the two"),
        (("evaluate", part / "train", "--mode", "b", "--out", tmp_path / "new"), "has a ground-truth mask"),
        (
            ("evaluate", part, "--mode", "few-shot", "--backbone", "wide_resnet50_2", "--out", tmp_path / "new"),
            "weights",
        ),
    ):
        outcome = shell(*arguments)
        assert outcome.status == 1
        assert words in outcome.error
    lock = RunLock(out)
    assert "Another run writes into" in shell(*common, "--out", out, "--resume").error
    lock.release()
    assert not (tmp_path / "new").exists()


def test_masks_that_are_gone_are_told_and_computed_again(shell, fake, part, tmp_path):
    arguments = ("evaluate", part, "--mode", "b", "--out", tmp_path / "out", "--resume")
    shell(*arguments)
    before = files(tmp_path / "out")
    shutil.rmtree(tmp_path / "out/masks")
    outcome = shell(*arguments)
    assert outcome.status == 0
    assert "computed again: 4" in outcome.err
    assert files(tmp_path / "out") == before


def test_a_missing_table_of_defects_is_told_once_and_costs_spro_alone(shell, fake, part, tmp_path):
    for folder in ("test", "ground_truth"):
        (part / folder / "dent").rename(part / folder / "logical_anomalies")
    outcome = shell("evaluate", part, "--mode", "b,bp", "--out", tmp_path / "out", "--json")
    assert outcome.status == 0
    (line,) = outcome.err.splitlines()
    assert line.startswith(f"No sPRO of part, only the other metrics: There is no {part / 'defects_config.json'}")
    for row in outcome.json["categories"]:
        assert (row["failed"], row["spro"], row["iou"]) == (0, None, 1.0)
        assert "defects_config.json" in row["undefined"]["spro"]


def test_two_runs_of_one_kind_have_one_report(shell, fake, part, tmp_path):
    for name in ("one", "two"):
        shell("evaluate", part, "--mode", "b,naive,few-shot", "--out", tmp_path / name)
    for name in ("report.html", "results.csv", "table.md", "table.tex", "curves.json", "prompts.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_relative_paths_spaces_and_any_letters(shell, fake, part, tmp_path, monkeypatch):
    root = tmp_path / "größe 3"
    shutil.move(part, root / "teil 画像")
    monkeypatch.chdir(root)
    outcome = shell("evaluate", ".", "--mode", "b", "--out", "../ergebnis 1", "--json")
    assert outcome.json["categories"][0]["category"] == "teil 画像"
    assert len(list((tmp_path / "ergebnis 1/masks/b/teil 画像/dent").iterdir())) == 4


def test_a_dataset_given_twice_counts_once(shell, fake, part, tmp_path):
    link = tmp_path / "link"
    link.mkdir()
    (link / "part").symlink_to(part)
    outcome = shell("evaluate", part, part, link, "--mode", "b", "--out", tmp_path / "out", "--json")
    assert outcome.json["categories"][0]["images"] == 4


def test_two_categories_of_one_name_are_not_mixed(shell, fake, part, tmp_path):
    other = make_category(tmp_path / "second" / "part", seed=1)
    outcome = shell("evaluate", part, other, "--mode", "b", "--out", tmp_path / "out")
    assert outcome.status == 1
    assert f"Both {part} and {other} are a category “part”" in outcome.error


def test_images_of_one_name_and_two_suffixes_both_keep_their_masks(shell, fake, tmp_path):
    folder = tmp_path / "plain"
    (folder / "masks").mkdir(parents=True)
    truth = np.zeros((96, 128), np.uint8)
    truth[20:30, 20:30] = 255
    Image.fromarray(truth).save(folder / "masks/a.png")
    for suffix in ("bmp", "png"):
        Image.new("RGB", (128, 96)).save(folder / f"a.{suffix}")
    assert shell("evaluate", folder, "--mode", "b", "--out", tmp_path / "out").status == 0
    assert files(tmp_path / "out/masks/b/plain") == ["a.png", "a.png.png"]


def test_a_new_run_leaves_nothing_of_the_old_one(shell, fake, part, tmp_path):
    out = tmp_path / "out"
    shell("evaluate", part, "--mode", "naive,b", "--out", out)
    arguments = ("evaluate", part, "--mode", "bp", "--limit", "1", "--out")
    assert "holds a run of part under naive, b" in shell(*arguments, out).error
    assert shell(*arguments, out, "--replace").status == 0
    shell(*arguments, tmp_path / "fresh")
    assert files(out) == files(tmp_path / "fresh")
    assert results(out)["command"] == results(tmp_path / "fresh")["command"].replace("fresh", "out")


@pytest.mark.skipif(sys.platform == "win32", reason="there a process can't be sent these signals")
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_a_run_stopped_from_outside_goes_on_to_the_same_files(shell, fake, part, tmp_path, how):
    whole, out = tmp_path / "whole", tmp_path / "out"
    arguments = ["evaluate", part, "--mode", "b,bp", "--out"]
    shell(*arguments, whole)
    process = start_process(*arguments, out, before=SLOW_MODEL, before_folder=tmp_path)
    _wait_for_lines(out / ".progress/images.jsonl", 2, process)
    process.send_signal(getattr(signal, how))
    outcome = finish_process(process)
    assert outcome.out == ""
    if how == "SIGINT":
        assert outcome.status == 130
        assert outcome.err.splitlines() == [f"What was finished is in {out}; go on with --resume.", "Cancelled."]
        finished = len(results(out)["images"]) // 2
        assert 1 <= finished < 4
    encoded = fake.embedded
    assert shell(*arguments, out, "--resume", "--quiet").status == 0
    assert fake.embedded - encoded <= 2
    assert files(out) == files(whole)
    expected = without_seconds(results(whole)) | {"command": results(whole)["command"].replace("whole", "out")}
    assert without_seconds(results(out)) == expected
    assert (out / "prompts.json").read_bytes() == (whole / "prompts.json").read_bytes()


def _wait_for_lines(path, count, process):
    end = time.monotonic() + 120
    while not (path.exists() and path.read_text().count("\n") >= count):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


def test_ctrl_c_while_a_library_is_imported_is_status_130(part, tmp_path):
    """Libraries make code while they are imported, and Python takes a Ctrl-C that comes then for unhandled."""
    arguments = ("evaluate", part, "--mode", "b", "--out", tmp_path / "out")
    outcome = finish_process(start_process(*arguments, before=CTRL_C_AT_TORCH, before_folder=tmp_path))
    assert (outcome.status, outcome.out, outcome.err) == (130, "", "Cancelled.\n")
    assert not (tmp_path / "out").exists()
