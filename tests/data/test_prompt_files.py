"""Prompt sets: the format is a promise, and a set never lands on other pixels."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sam_inspector.core.errors import PromptFileError
from sam_inspector.core.prompts import Prompt, Prompts, PromptSet, PromptSetItem
from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.images import read_image
from sam_inspector.data.prompt_files import (
    check_prompt_set_item,
    match_prompt_set,
    read_prompt_set,
    write_prompt_set,
)

EXAMPLE = {
    "schema": "sam-inspector/prompts/1",
    "dataset": {"layout": "mvtec_ad", "category": "hazelnut"},
    "mode": "bps",
    "preset": "recommended",
    "parameters": {"points": 20},
    "seed": 0,
    "items": [
        {
            "path": "test/colour/00.jpg",
            "image_id": "abc",
            "size": [512, 512],
            "prompts": [{"component": 1, "box": [10, 20, 60, 80], "points": [[35, 50]], "labels": [1], "source": "gt"}],
        }
    ],
}

FULL = PromptSet(
    "mvtec_ad",
    "washer",
    "bps",
    "faithful",
    (("points", 20), ("angles", (0, 45.5)), ("note", "Größe")),
    7,
    (
        PromptSetItem(
            "test/scratch/part-1.jpg",
            "1234",
            (9, 6),
            Prompts(
                (
                    Prompt((0.1, 1 / 3, 5, 5.5), ((2, 2), (1e-7, 3)), (1, 0), 2, "gt", True, ((1, 3), (2, 0))),
                    Prompt(points=((4, 4),), labels=(1,), picks=((1, 2),)),
                    Prompt(box=(-0.5, -0.5, 8.5, 5.5), source="few-shot"),
                )
            ),
        ),
        PromptSetItem("test/scratch/part-2.jpg", "5678", (9, 6)),
    ),
)


def _file(tmp_path, content):
    path = tmp_path / "set.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_the_documented_example_is_read(tmp_path):
    found = read_prompt_set(_file(tmp_path, EXAMPLE))
    assert (found.layout, found.category, found.mode, found.preset) == ("mvtec_ad", "hazelnut", "bps", "recommended")
    assert (found.parameters, found.seed) == ((("points", 20),), 0)
    prompt = Prompt(box=(10.0, 20.0, 60.0, 80.0), points=((35.0, 50.0),), labels=(1,), component=1, source="gt")
    assert found.items == (PromptSetItem("test/colour/00.jpg", "abc", (512, 512), Prompts((prompt,))),)
    hash(found)


def test_the_documented_example_is_written(tmp_path):
    write_prompt_set(tmp_path / "out.json", read_prompt_set(_file(tmp_path, EXAMPLE)))
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == EXAMPLE


@pytest.mark.parametrize("prompt_set", [FULL, replace(FULL, items=(), preset=None, parameters=(), mode="user")])
def test_a_set_comes_back_and_its_bytes_are_stable(tmp_path, prompt_set):
    write_prompt_set(tmp_path / "1.json", prompt_set)
    found = read_prompt_set(tmp_path / "1.json")
    assert found == prompt_set
    write_prompt_set(tmp_path / "2.json", found)
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()


def test_one_line_an_image_and_extra_keys_only_where_needed(tmp_path):
    write_prompt_set(tmp_path / "1.json", FULL)
    text = (tmp_path / "1.json").read_text(encoding="utf-8")
    assert sum('"path"' in line for line in text.splitlines()) == 2
    first, second, third = json.loads(text)["items"][0]["prompts"]
    assert (first["edited"], first["candidate"], first["picks"]) == (True, 0, [[1, 3], [2, 0]])
    assert second["candidate"] == 2
    assert "picks" not in second
    assert list(third) == ["component", "box", "points", "labels", "source"]


def test_keys_of_later_versions_are_let_pass(tmp_path):
    later = {**EXAMPLE, "items": [{**EXAMPLE["items"][0], "weather": "fine"}], "author": "x"}
    assert read_prompt_set(_file(tmp_path, later)) == read_prompt_set(_file(tmp_path, EXAMPLE))


def _changed(item=None, prompt=None, **head):
    items = [{**EXAMPLE["items"][0], **(item or {})}]
    if prompt is not None:
        items[0]["prompts"] = [{**items[0]["prompts"][0], **prompt}]
    return {**EXAMPLE, "items": items, **head}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", "schema is None"),
        ({**EXAMPLE, "schema": "sam-inspector/prompts/2"}, "schema is 'sam-inspector/prompts/2'"),
        (_changed(seed="x"), "field seed"),
        (_changed(preset="quick"), "field preset"),
        (_changed(dataset={"layout": "mvtec_ad"}), r"field dataset\.category"),
        (_changed(items=[{"path": "a.png"}]), r"item 1 \(a\.png\), field image_id: field required"),
        (_changed(items=["a.png"]), "item 1, field itself"),
        (_changed({"size": [512]}), r"item 1 \(test/colour/00\.jpg\), field size"),
        (_changed({"size": [0, 512]}), r"field size\[0\]"),
        (_changed({"path": "/etc/passwd"}), "field path: must be a path inside"),
        (_changed({"path": "../other/a.png"}), "field path: must be a path inside"),
        (_changed(prompt={"box": [1, 2, 3]}), r"00\.jpg\), field prompts\[0\]\.box"),
        (_changed(prompt={"box": [1, 2, 3, "4"]}), r"prompts\[0\]\.box\[3\]"),
        (_changed(prompt={"points": [[1, 2], [3, 4]]}), "2 points but 1 labels"),
        (_changed(prompt={"labels": [2]}), r"prompts\[0\]\.labels\[0\]"),
        (_changed(prompt={"source": "guess"}), r"prompts\[0\]\.source"),
        (_changed(prompt={"candidate": 4}), r"prompts\[0\]\.candidate"),
        (json.dumps(_changed(prompt={"points": [[float("nan"), 1]]})), r"points\[0\]\[0\]"),
        (json.dumps(_changed(prompt={"box": [0, 0, float("inf"), 1]})), r"box\[2\]"),
    ],
)
def test_damage_names_file_item_and_field(tmp_path, content, reason):
    with pytest.raises(PromptFileError, match=reason) as caught:
        read_prompt_set(_file(tmp_path, content))
    assert "set.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_prompt_sets(tmp_path):
    with pytest.raises(PromptFileError, match="There is no prompt set"):
        read_prompt_set(tmp_path / "gone.json")
    with pytest.raises(PromptFileError, match="can't be read"):
        read_prompt_set(tmp_path)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(PromptFileError, match="not a text file"):
        read_prompt_set(tmp_path / "binary.json")
    with pytest.raises(PromptFileError, match="not valid JSON"):
        read_prompt_set(_file(tmp_path, "[" * 100_000))


@pytest.fixture
def image(category):
    return read_image(category / "test" / "scratch" / "part-1.jpg")


def test_a_set_fits_the_image_it_was_made_on(image):
    item = PromptSetItem("test/scratch/part-1.jpg", image.image_id, (9, 6))
    check_prompt_set_item(item, image)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": (6, 9)}, "of 6 × 9 pixels, this one has 9 × 6"),
        ({"image_id": "0" * 32}, "hash differs"),
        ({"path": "test/dent/part-1.jpg"}, "at that place in the dataset"),
        ({"path": "ratch/part-1.jpg"}, "at that place in the dataset"),
    ],
)
def test_another_size_hash_or_place_names_the_image(image, change, reason):
    item = replace(PromptSetItem("test/scratch/part-1.jpg", image.image_id, (9, 6)), **change)
    with pytest.raises(PromptFileError, match=reason) as caught:
        check_prompt_set_item(item, image)
    assert item.path in str(caught.value)


def test_a_set_of_an_image_that_was_scaled_is_refused(category, image):
    item = PromptSetItem("test/scratch/part-1.jpg", image.image_id, (9, 6))
    Image.fromarray(np.zeros((12, 18, 3), np.uint8)).save(image.path)
    with pytest.raises(PromptFileError, match=r"part-1\.jpg are for an image of 9 × 6 pixels, this one has 18 × 12"):
        check_prompt_set_item(item, read_image(image.path))


def test_items_find_their_images(category):
    matched = match_prompt_set(FULL, open_dataset(category))
    assert [sample.name for _, sample in matched] == ["part-1", "part-2"]
    assert match_prompt_set(FULL, open_dataset(category.parent))[0][1].category == "washer"
    lost = replace(FULL, items=(*FULL.items, PromptSetItem("test/dent/1.png", "", (1, 1))))
    with pytest.raises(PromptFileError, match=r"names test/dent/1\.png, which"):
        match_prompt_set(lost, open_dataset(category))
