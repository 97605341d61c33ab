import json

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.foreground.category_types import (
    category_types,
    default_category_types_path,
    read_category_types,
    set_category_kind,
    user_category_types_path,
)

SCHEMA = "sam-inspector/category-types/1"


def kind(name):
    return category_types().type_of(name).kind


def test_the_published_categories_are_known():
    textures = {"carpet", "grid", "leather", "tile", "wood"}
    objects = {"bottle", "cable", "capsule", "hazelnut", "metal_nut", "pill", "screw", "toothbrush", "zipper"}
    assert {name for name in textures | objects if kind(name) == "texture"} == textures
    assert all(kind(name) == "object" for name in objects)
    more = ["candle", "pcb4", "pipe_fryum", "macaroni2", "juice_bottle", "breakfast_box", "cookie", "01", "gear"]
    assert all(kind(name) == "object" for name in more)
    assert kind("brick") == kind("02") == "texture"


def test_the_transistor_keeps_its_background():
    transistor = category_types().type_of("transistor")
    assert transistor.kind == "object_kept_whole"
    assert not transistor.has_background
    assert category_types().type_of("bottle").has_background
    assert not category_types().type_of("wood").has_background


@pytest.mark.parametrize("name", ["Metal Nut", "metal-nut", "METAL_NUT", " metal  nut "])
def test_names_are_read_as_people_write_them(name):
    assert kind(name) == "object"


def test_an_unknown_category_is_an_answer_that_asks():
    found = category_types().type_of("widget")
    assert found.kind == "unknown"
    assert not found.has_background
    assert "“widget”" in found.question
    assert str(user_category_types_path()) in found.question
    assert category_types().type_of("wood").question == ""


def test_what_the_user_says_is_kept_and_comes_first(own_home):
    assert user_category_types_path().is_relative_to(own_home)
    bundled = default_category_types_path().read_bytes()
    set_category_kind("Blue Widget", "object")
    set_category_kind("bottle", "texture")
    set_category_kind("transistor", "object")
    assert [kind(name) for name in ("blue_widget", "bottle", "transistor", "pill")] == [
        "object",
        "texture",
        "object",
        "object",
    ]
    set_category_kind("bottle", "object_kept_whole")
    assert kind("bottle") == "object_kept_whole"
    set_category_kind("bottle", "unknown")
    set_category_kind("blue widget", "unknown")
    assert kind("bottle") == "object"
    assert kind("blue widget") == "unknown"
    assert default_category_types_path().read_bytes() == bundled


def test_a_file_edited_by_hand_is_read():
    path = user_category_types_path()
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"schema": SCHEMA, "textures": ["Felt", "pill"]}))
    assert kind("felt") == kind("pill") == "texture"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not valid JSON"),
        ("[]", "wrong at “the top”"),
        (json.dumps({"schema": "sam-inspector/category-types/2"}), "“schema”"),
        (json.dumps({"schema": SCHEMA, "object": ["pill"]}), "“object”"),
        (json.dumps({"schema": SCHEMA, "objects": [3]}), "“objects.0”"),
        (json.dumps({"schema": SCHEMA, "objects": ["a b"], "textures": ["A_B"]}), "in two lists"),
        (b"\xff\xfe\x00", "not valid JSON"),
    ],
)
def test_a_damaged_table_is_refused_and_left_alone(content, told):
    path = user_category_types_path()
    path.parent.mkdir(parents=True)
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(data)
    for ask in (category_types, lambda: set_category_kind("pill", "object")):
        with pytest.raises(InputError, match=told) as refused:
            ask()
        assert str(path) in str(refused.value)
    assert path.read_bytes() == data


def test_a_missing_file_and_a_missing_name_are_refused(tmp_path):
    with pytest.raises(InputError, match="check the path"):
        read_category_types(tmp_path / "none.json")
    with pytest.raises(InputError, match="can't be read"):
        read_category_types(tmp_path)
    with pytest.raises(InputError, match="no name"):
        set_category_kind(" - ", "object")
