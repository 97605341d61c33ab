import json

import numpy as np
import pytest
from PIL import Image

from sam_inspector.data.prompt_files import read_prompt_set


def test_a_set_is_written_and_can_be_read(shell, part, tmp_path):
    out = tmp_path / "new" / "prompts.json"
    outcome = shell("prompts", part, "--mode", "bps", "--points", "3", "--seed", "5", "--out", out)
    assert (outcome.status, outcome.out, outcome.err) == (0, f"{out}: 6 prompts for 4 images\n", "")
    prompts = read_prompt_set(out)
    assert (prompts.category, prompts.mode, prompts.preset, prompts.seed) == ("part", "bps", "recommended", 5)
    assert prompts.parameters == (("points", 3),)
    assert [len(item.prompts) for item in prompts.items] == [1, 2, 1, 2]


def test_what_can_not_be_used_is_listed_and_left_out(shell, part, tmp_path):
    (part / "test/dent/000.png").write_bytes(b"")
    Image.fromarray(np.zeros((96, 128), np.uint8)).save(part / "ground_truth/dent/001_mask.png")
    (part / "test/dent/notes.zip").write_text("no image")
    arguments = ("prompts", part, "--mode", "b", "--out", tmp_path / "prompts.json")
    outcome = shell(*arguments, "--json")
    assert outcome.json["images"] == 2
    left_out = {entry["path"].rpartition("/")[2]: entry["reason"] for entry in outcome.json["left_out"]}
    assert set(left_out) == {"notes.zip", "000.png", "001.png"}
    assert "empty" in left_out["000.png"]
    assert "marks no pixel" in left_out["001.png"]
    assert len(outcome.err.splitlines()) == 3
    assert shell(*arguments, "--quiet").err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--mode", "zigzag"), "There is no prompt mode “zigzag”: choose one of naive, b, bp, bps."),
        (("--mode", "b", "--preset", "loose"), "There is no preset “loose”"),
        (("--mode", "bps", "--points", "0"), "ask for at least 1"),
        (("--mode", "b", "--layout", "nosuch"), "There is no layout 'nosuch'"),
        (("--mode", "b", "--layout", "mvtec_loco"), "is not in the layout MVTec LOCO"),
    ],
)
def test_options_that_do_not_fit_are_one_line(shell, part, tmp_path, options, message):
    outcome = shell("prompts", part, *options, "--out", tmp_path / "prompts.json", "--json")
    assert (outcome.status, outcome.out) == (1, "")
    assert message in outcome.error
    assert not (tmp_path / "prompts.json").exists()


def test_folders_without_anything_to_prompt_are_one_line(shell, part, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder, message in (
        (tmp_path / "empty", "holds no images"),
        (tmp_path / "none", "There is no file or folder"),
        (part / "train/good", "has a ground-truth mask"),
    ):
        outcome = shell("prompts", folder, "--mode", "b", "--out", tmp_path / "prompts.json")
        assert outcome.status == 1
        assert message in outcome.error


def test_a_set_belongs_to_one_category(shell, samples, tmp_path):
    outcome = shell("prompts", samples, "--mode", "b", "--out", tmp_path / "prompts.json")
    assert outcome.status == 1
    assert "give the folder of one of them (brick, gear, tablet)" in outcome.error


def test_an_output_that_is_a_folder_is_one_line(shell, part, tmp_path):
    outcome = shell("prompts", part, "--mode", "b", "--out", tmp_path)
    assert outcome.status == 1
    assert f"as {tmp_path / 'prompts.json'}" in outcome.error


def test_an_old_set_survives_a_failure(shell, part, tmp_path):
    out = tmp_path / "prompts.json"
    shell("prompts", part, "--mode", "b", "--out", out)
    before = json.loads(out.read_text())
    assert shell("prompts", part, "--mode", "zigzag", "--out", out).status == 1
    assert json.loads(out.read_text()) == before
