import pytest

from sam_inspector.core.prompts import (
    NEGATIVE,
    POSITIVE,
    Prompt,
    PromptPart,
    Prompts,
    add_box,
    add_point,
    box_contains,
    choose_candidate,
    move_point,
    ordered_box,
    remove_last,
    remove_part,
    set_box,
)

BOX = (10.0, 20.0, 30.0, 40.0)


def one(**fields):
    return Prompts((Prompt(**fields),))


def test_points_outside_boxes_describe_one_region():
    prompts = add_point(Prompts(), (1, 2), POSITIVE)
    prompts = add_point(prompts, (3, 4), NEGATIVE)
    assert prompts == one(points=((1, 2), (3, 4)), labels=(POSITIVE, NEGATIVE))


def test_point_in_nested_boxes_goes_to_the_smallest():
    prompts = add_box(add_box(Prompts(), (0, 0, 100, 100)), BOX)
    prompts = add_point(prompts, (15, 25), POSITIVE)
    prompts = add_point(prompts, (80, 80), NEGATIVE)
    assert [item.points for item in prompts.items] == [((80, 80),), ((15, 25),)]


def test_box_contains_the_pixels_of_its_edges():
    assert box_contains(BOX, (30.5, 40.5))
    assert box_contains(BOX, (9.5, 19.5))
    assert not box_contains(BOX, (30.6, 30))


@pytest.mark.parametrize("drawn", [BOX, (30, 40, 10, 20), (30, 20, 10, 40)])
def test_box_can_be_drawn_from_any_corner(drawn):
    assert ordered_box(drawn) == BOX
    assert add_box(Prompts(), drawn).items[0].box == BOX


def test_edits_leave_the_old_value_alone_and_mark_generated_prompts():
    before = one(box=BOX, points=((15, 25),), labels=(POSITIVE,), component=1, source="gt")
    edits = [
        add_point(before, (16, 26), NEGATIVE),
        move_point(before, PromptPart(0, 0), (17, 27)),
        set_box(before, PromptPart(0), (9, 20, 30, 40)),
        remove_part(before, PromptPart(0, 0)),
        remove_part(before, PromptPart(0)),
    ]
    assert before == one(box=BOX, points=((15, 25),), labels=(POSITIVE,), component=1, source="gt")
    assert all(edit.items[0].edited for edit in edits)
    assert not move_point(one(points=((1, 1),), labels=(1,)), PromptPart(0, 0), (2, 2)).items[0].edited
    assert len({hash(edit) for edit in [before, *edits]}) == 6


def test_moving_keeps_order_and_labels():
    prompts = one(points=((1, 1), (2, 2), (3, 3)), labels=(1, 0, 1))
    assert move_point(prompts, PromptPart(0, 1), (9, 8)).items[0].points == ((1, 1), (9, 8), (3, 3))
    with pytest.raises(ValueError, match="names a point"):
        move_point(prompts, PromptPart(0), (9, 8))


def test_a_prompt_left_with_nothing_goes():
    assert not remove_part(one(box=BOX), PromptPart(0))
    assert not remove_part(one(points=((1, 1),), labels=(1,)), PromptPart(0, 0))
    left = remove_part(one(box=BOX, points=((11, 21),), labels=(1,)), PromptPart(0))
    assert left == one(points=((11, 21),), labels=(1,))


def test_remove_last_takes_points_before_boxes():
    prompts = add_point(add_box(Prompts(), BOX), (15, 25), POSITIVE)
    once = remove_last(prompts)
    assert once == one(box=BOX)
    assert not remove_last(once)
    assert not remove_last(Prompts())


def test_negative_points_alone_are_told_to_every_region():
    free = Prompt(points=((50, 50), (60, 60)), labels=(NEGATIVE, NEGATIVE))
    boxed = Prompt(box=BOX, points=((15, 25),), labels=(POSITIVE,), picks=((1, 2),))
    asked = Prompts((free, boxed)).decodable
    assert [item.points for item in asked] == [((50, 50), (60, 60), (15, 25))]
    assert asked[0].labels == (NEGATIVE, NEGATIVE, POSITIVE)
    assert asked[0].candidate == 2
    assert Prompts((free,)).decodable == ()


def test_a_pick_holds_for_the_prompt_it_was_made_on():
    prompts = choose_candidate(one(points=((1, 1),), labels=(1,)), 0, 3)
    assert prompts.items[0].candidate == 3
    more = add_point(prompts, (2, 2), POSITIVE)
    assert more.items[0].candidate is None
    assert dict(more.items[0].picks) == {1: 3}
    assert move_point(more, PromptPart(0, 0), (3, 3)).items[0].picks == ()
    assert choose_candidate(prompts, 0, None).items[0].candidate is None


def test_counts():
    prompts = Prompts((Prompt(box=BOX, points=((15, 25),), labels=(1,)), Prompt(points=((1, 1),), labels=(0,))))
    assert (len(prompts), prompts.point_count, prompts.box_count, bool(prompts)) == (2, 2, 1, True)
    assert not Prompts()


def test_a_point_needs_a_label():
    with pytest.raises(ValueError, match="1 points but 0 labels"):
        Prompt(points=((1, 1),))
