import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.core.text_prompts import TextPrompts, checked_object_name, name_remark, object_name_of

PROMPTS = TextPrompts(("flawless {}", "{}"), ("{} with a dent",), ("a photo of a {}.", "the {}."))


def test_every_state_comes_in_every_template():
    normal, abnormal = PROMPTS.sentences("metal  nut ")
    assert normal == [
        "a photo of a flawless metal nut.",
        "the flawless metal nut.",
        "a photo of a metal nut.",
        "the metal nut.",
    ]
    assert abnormal == ["a photo of a metal nut with a dent.", "the metal nut with a dent."]


@pytest.mark.parametrize(
    ("prompts", "told"),
    [
        (TextPrompts((), ("{}",), ("{}",)), "list of normal states is empty"),
        (TextPrompts(("{}",), (), ("{}",)), "list of abnormal states is empty"),
        (TextPrompts(("{}",), ("{}",), ()), "list of templates is empty"),
        (TextPrompts(("perfect",), ("{}",), ("{}",)), "“perfect” has no placeholder"),
        (TextPrompts(("{}",), ("{} or {}",), ("{}",)), "has 2 placeholders"),
        (TextPrompts(("{}",), ("{}",), ("a photo",)), "template “a photo” has no placeholder"),
        (TextPrompts(("{}",), ("{}",), ("{}" + "x" * 300,)), "302 characters, at most 200"),
        (TextPrompts(("{}",), ("{}\nmore",), ("{}",)), "write one line"),
        (TextPrompts(("{}",) * 90, ("{}",), ("{}",) * 90), "8,100 sentences"),
    ],
)
def test_lists_that_make_no_sentences_are_refused(prompts, told):
    for attempt in (prompts.check, lambda: prompts.sentences("nut")):
        with pytest.raises(InputError, match=told) as caught:
            attempt()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "told"), [("", "no name"), ("  ", "no name"), ("nut " * 300, "characters"), ("{}", "placeholder")]
)
def test_names_that_fit_no_sentence_are_refused(name, told):
    with pytest.raises(InputError, match=told):
        PROMPTS.sentences(name)


def test_the_object_of_a_category():
    assert [object_name_of(name) for name in ("metal_nut", "juice-bottle", "grid", "pcb1")] == [
        "metal nut",
        "juice bottle",
        "grid",
        "pcb1",
    ]


def test_a_name_in_another_alphabet_is_remarked_on():
    assert checked_object_name("螺丝") == "螺丝"
    assert "English" in name_remark("螺丝")
    assert name_remark("pcb 1 (green)") == ""
