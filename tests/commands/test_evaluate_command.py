import json
import shutil
import signal
import sys
import time

import numpy as np
import pytest
from PIL import Image

from tests.commands.conftest import finish_process, make_category, start_process

SLOW_MODEL = """
from sam_inspector.models import loading
from tests.fakes import FakeSegmenter, loader
loading.load_segmenter = loader(FakeSegmenter(embed_seconds=0.2))
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
        "results.json",
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
    assert shell(*arguments, "--quiet").err == ""


def test_nothing_but_bad_images_is_a_failure(shell, fake, part, tmp_path):
    for image in (part / "test/dent").iterdir():
        image.write_bytes(b"")
    outcome = shell("evaluate", part, "--mode", "b", "--out", tmp_path / "out", "--json", "--quiet")
    assert (outcome.status, outcome.out) == (1, "")
    assert "No image could be evaluated" in outcome.error


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
    shell("evaluate", part, "--mode", "bp", "--limit", "1", "--out", out)
    shell("evaluate", part, "--mode", "bp", "--limit", "1", "--out", tmp_path / "fresh")
    assert files(out) == files(tmp_path / "fresh")


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
