import json

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.data.text_prompts import (
    default_text_prompts,
    default_text_prompts_path,
    read_text_prompts,
    write_text_prompts,
)

GOOD = {"schema": "sam-inspector/text-prompts/1", "normal": ["{}"], "abnormal": ["bad {}"], "templates": ["a {}."]}


def test_the_bundled_list_has_the_published_sizes():
    prompts = default_text_prompts()
    assert (len(prompts.normal), len(prompts.abnormal), len(set(prompts.templates))) == (7, 5, 35)
    normal, abnormal = prompts.sentences("nut")
    assert (len(set(normal)), len(set(abnormal))) == (245, 175)


def test_writing_what_was_read_gives_the_same_bytes(tmp_path):
    write_text_prompts(tmp_path / "own.json", default_text_prompts())
    assert (tmp_path / "own.json").read_bytes() == default_text_prompts_path().read_bytes()
    prompts = TextPrompts(("{} „gut“",), ("defekt {}",), ("ein Foto: {}",))
    write_text_prompts(tmp_path / "own.json", prompts)
    assert read_text_prompts(tmp_path / "own.json") == prompts


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not valid JSON"),
        ("[]", "it has no “schema”"),
        (json.dumps(GOOD | {"schema": "sam-inspector/text-prompts/2"}), "text-prompts/2"),
        (json.dumps(GOOD | {"normal": []}), "“normal”"),
        (json.dumps(GOOD | {"abnormal": [3]}), "“abnormal.0”"),
        (json.dumps({key: value for key, value in GOOD.items() if key != "templates"}), "“templates”"),
        (json.dumps(GOOD | {"templates": ["a photo"]}), "no placeholder"),
    ],
)
def test_a_damaged_list_is_told_in_one_line(tmp_path, content, told):
    path = tmp_path / "own.json"
    path.write_text(content)
    with pytest.raises(InputError, match=told) as caught:
        read_text_prompts(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(InputError, match="There is no list"):
        read_text_prompts(tmp_path / "none.json")
    (tmp_path / "own.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        read_text_prompts(tmp_path / "own.json")
    with pytest.raises(InputError, match="can't be read"):
        read_text_prompts(tmp_path)


def test_lists_that_make_no_sentences_are_not_written(tmp_path):
    with pytest.raises(InputError, match="empty"):
        write_text_prompts(tmp_path / "own.json", TextPrompts((), ("{}",), ("{}",)))
    assert not (tmp_path / "own.json").exists()
