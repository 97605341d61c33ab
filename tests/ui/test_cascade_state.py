"""What the session says of passes: how the prompts on screen are answered, and what is forgotten with the image."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sam_inspector.core.co_features import CoFeaturePoints
from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import AnomalyMap, empty_segmentation
from sam_inspector.core.work import ImageWork
from sam_inspector.data.datasets import Sample
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.requests import CascadeInput, MapInput
from sam_inspector.prompting.cascade_settings import CascadeSettings
from sam_inspector.ui.session import OpenImage, PromptSource, Session

BY_HAND = Prompts((Prompt(points=((3.0, 4.0),), labels=(1,)),))
FROM_GT = Prompts((Prompt(box=(1.0, 1.0, 9.0, 9.0), source="gt"),))
FROM_MAP = Prompts((Prompt(points=((3.0, 4.0),), labels=(1,), source="clip"),))
NEGATIVE_ONLY = Prompts((Prompt(points=((3.0, 4.0),), labels=(0,)),))
MAP = AnomalyMap(np.zeros((4, 4), np.float32), "a map", 0.0, 1.0)
MADE_WITH = CascadeInput(CascadeSettings(second="predicted_iou"), MapInput(MAP, 0.5), "product")


def opened(name):
    path = Path(f"{name}.png")
    image = LoadedImage(np.zeros((12, 16, 3), np.uint8), path, name, "16 × 12")
    return OpenImage(name, Sample(path, path.name, "part"), image, None)


@pytest.fixture
def session(qapp):
    session = Session()
    session.set_image(opened("a"), None)
    return session


@pytest.fixture
def told(session):
    signals = []
    for name in ("cascade_changed", "three_passes_changed", "co_features_changed", "passes_changed"):
        getattr(session, name).connect(lambda name=name: signals.append(name))
    return signals


@pytest.mark.parametrize("kind", ["hand", "gt", "auto"])
def test_how_prompts_are_answered_follows_where_they_come_from_not_the_page_on_screen(session, kind):
    session.set_source(PromptSource(kind))
    session.set_cascade(MADE_WITH)
    for prompts in (BY_HAND, FROM_GT):
        session.edit_prompts(prompts, "by other means")
        assert session.cascade is None
    session.edit_prompts(FROM_MAP, "from a map")
    assert session.cascade is MADE_WITH
    session.set_cascade(None)
    session.set_three_passes(True)
    assert session.cascade is None
    for prompts in (BY_HAND, FROM_GT):
        session.edit_prompts(prompts, "by other means")
        assert session.cascade.passes == CascadeSettings()
        assert session.cascade.made_from is None


def test_prompts_of_a_map_keep_their_passes_when_edited_and_after_undo(session):
    session.set_cascade(MADE_WITH)
    session.edit_prompts(FROM_MAP, "from a map")
    session.edit_prompts(Prompts((replace(FROM_MAP.items[0], edited=True), *BY_HAND.items)), "add point")
    assert session.cascade is MADE_WITH
    session.edit_prompts(BY_HAND, "other prompts")
    assert session.cascade is None
    session.undo_group.undo()
    assert session.cascade is MADE_WITH


@pytest.mark.parametrize("prompts", [Prompts(), NEGATIVE_ONLY])
def test_nothing_to_look_for_needs_no_passes(session, prompts):
    session.set_three_passes(True)
    session.edit_prompts(prompts, "nothing")
    assert session.cascade is None


def test_the_pass_shown_is_no_undo_step_and_ends_with_the_image(session, told):
    session.set_three_passes(True)
    session.edit_prompts(BY_HAND, "add point")
    steps = session.undo_group.activeStack().count()
    assert session.cascade.shown == 3
    told.clear()
    session.show_pass(1)
    assert told == ["cascade_changed"]
    assert session.cascade.shown == 1
    session.show_pass(1)
    session.show_pass(4)
    session.show_pass(0)
    assert told == ["cascade_changed"]
    session.edit_prompts(FROM_GT, "other prompts")
    assert session.cascade.shown == 1
    session.undo_group.undo()
    assert session.undo_group.activeStack().count() == steps + 1
    session.set_image(opened("b"), None)
    session.edit_prompts(BY_HAND, "add point")
    assert session.cascade.shown == 3


def test_a_pass_can_only_be_shown_where_there_are_some(session, told):
    session.edit_prompts(BY_HAND, "add point")
    session.show_pass(1)
    assert told == []
    session.set_three_passes(True)
    assert session.cascade.shown == 3


def test_each_change_is_told_once(session, told):
    points = CoFeaturePoints((), np.zeros((2, 2), bool), np.zeros((2, 2), bool), 0.5)
    for _ in range(2):
        session.set_cascade(MADE_WITH)
        session.set_three_passes(True)
        session.set_co_features(points)
    assert told == ["cascade_changed", "three_passes_changed", "cascade_changed", "co_features_changed"]


@pytest.mark.parametrize("leave", [lambda s: s.set_image(opened("b"), None), lambda s: s.fail_image("no image")])
def test_another_image_leaves_nothing_of_the_map_behind_but_the_choice(session, told, leave):
    session.set_three_passes(True)
    session.set_cascade(MADE_WITH)
    session.set_co_features(CoFeaturePoints((), np.zeros((2, 2), bool), np.zeros((2, 2), bool), 0.5))
    session.edit_prompts(FROM_MAP, "from a map")
    session.set_passes((empty_segmentation(12, 16),) * 3)
    session.set_pass_ious((0.1, 0.2, 0.3))
    told.clear()
    leave(session)
    assert session.co_features is None
    assert session.passes == session.pass_ious == ()
    assert set(told) == {"cascade_changed", "co_features_changed", "passes_changed"}
    assert session.three_passes
    session.set_image(opened("a"), None)  # its prompts are from a map that is gone
    assert session.cascade is None


def test_the_numbers_stay_until_those_of_the_new_passes_come(session, told):
    session.set_passes((empty_segmentation(12, 16),) * 3)
    session.set_pass_ious((0.1, 0.2, 0.3))
    session.set_passes((empty_segmentation(12, 16),) * 3)
    assert session.pass_ious == (0.1, 0.2, 0.3)
    session.set_passes(())
    assert session.pass_ious == ()
    assert told == ["passes_changed"] * 4


def test_the_way_of_an_image_is_remembered_in_this_sitting(session):
    given = MapInput(MAP, 0.5)
    session.set_map_input(given)
    session.set_cascade(MADE_WITH)
    session.edit_prompts(FROM_MAP, "from a map")
    session.show_pass(2)
    session.set_image(opened("b"), None)
    assert (session.map_input, session.cascade, session.lacks_map) == (None, None, False)
    session.set_image(opened("a"), None)
    assert session.map_input is given
    assert (session.cascade.made_from.anomaly_map, session.cascade.shown) == (MAP, 2)
    assert not session.lacks_map
    session.set_dataset(None)
    session.set_image(opened("a"), ImageWork(FROM_MAP))
    assert (session.map_input, session.cascade, session.lacks_map) == (None, None, True)


def test_scores_made_with_a_map_that_is_gone_stay_until_the_prompts_change(session):
    session.set_image(opened("b"), ImageWork(FROM_MAP))
    scores = MaskScores(iou=0.5)
    assert session.lacks_map
    session.set_verdict("good")
    session.set_scores(scores)
    assert session.keeps_stored_scores
    assert session.results == {}
    session.edit_prompts(Prompts((*FROM_MAP.items, *BY_HAND.items)), "add point")
    session.set_scores(scores)
    assert session.lacks_map
    assert not session.keeps_stored_scores
    assert session.results == {"b": scores}


def test_regions_are_shown_with_prompts_of_a_map_alone(session):
    points = CoFeaturePoints((), np.zeros((2, 2), bool), np.zeros((2, 2), bool), 0.5)
    session.set_co_features(points)
    assert session.regions_on_screen is None
    session.edit_prompts(FROM_MAP, "from a map")
    assert session.regions_on_screen is points
    session.edit_prompts(BY_HAND, "other prompts")
    assert session.regions_on_screen is None
