"""The panes of the Compare view: each answered on its own, models and maps shared where they can be."""

from dataclasses import replace

import numpy as np
import pytest

from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.core.errors import Cancelled, InputError, ModelError
from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.engine import category_maps
from sam_inspector.engine.comparing import Comparer
from sam_inspector.engine.evaluate import EvaluateSettings
from sam_inspector.engine.few_shot import MapOutcome
from sam_inspector.engine.map_methods import map_works
from sam_inspector.engine.requests import BuildClip, CompareImage, ComparePane, JobProgress

MOBILE = "mobile_sam"


@pytest.fixture
def work(category):
    dataset = open_dataset(category)
    settings = EvaluateSettings(("b",))
    sample = next(sample for sample in dataset.samples if sample.mask_path is not None)
    image = read_image(sample.path)
    truth = read_mask(sample.mask_path, width=image.width, height=image.height)
    works = map_works([dataset], (), ("few-shot",), settings.few_shot, settings.clip)
    panes = tuple(ComparePane(mode, MOBILE) for mode in ("b", "bp"))
    return CompareImage(image, panes, settings, truth, sample.category, works)


def answered(comparer, work):
    return [step for step in comparer.steps(work, lambda: False) if step.answer is not None or step.error]


def test_each_pane_has_its_mask_prompts_scores_and_time(inspector, work):
    first, second = answered(Comparer(inspector), work)
    assert (first.pane, second.pane) == (0, 1)
    assert (first.done, second.done, second.total) == (1, 2, 2)
    assert first.scores.iou == pytest.approx(1.0)
    assert first.answer.prompts.items[0].box is not None
    assert second.answer.prompts.items[0].points
    assert second.answer.seconds["decode"] >= 0


def test_an_image_is_encoded_once_for_all_panes_of_a_model(inspector, segmenter, work):
    answered(Comparer(inspector), work)
    assert segmenter.embedded == 1


def test_another_model_is_loaded_beside_the_one_of_the_window(inspector, work):
    comparer = Comparer(inspector)
    panes = (ComparePane("b", MOBILE), ComparePane("b", "sam_vit_b"))
    steps = list(comparer.steps(replace(work, panes=panes), lambda: False))
    assert [step.text for step in steps if step.text] == ["Loading SAM ViT-B"]
    assert [step.pane for step in steps if step.answer is not None] == [0, 1]
    assert inspector.segmenter.spec.name == MOBILE
    again = list(comparer.steps(replace(work, panes=panes), lambda: False))
    assert not any(step.text for step in again), "and stays loaded"


def test_what_goes_wrong_in_one_pane_leaves_the_others_alone(inspector, work, monkeypatch):
    def refuse(*_, **__):
        raise ModelError("Its weights are not there.")

    monkeypatch.setattr(inspector, "_load", refuse)
    panes = (ComparePane("hand", MOBILE), ComparePane("b", "sam_vit_h"), ComparePane("b", MOBILE))
    steps = answered(Comparer(inspector), replace(work, panes=panes))
    assert "no prompts by hand" in steps[0].error
    assert steps[1].error == "Its weights are not there."
    assert steps[2].scores.iou == pytest.approx(1.0)


@pytest.fixture
def mappers(monkeypatch):
    """Stand-ins for both methods: they count what they build, and the one named in `broken` fails."""
    built, broken = [], set()

    class StandIn:
        remarks = ()

        def __init__(self, method):
            self.method = method

        def build(self, work, *, cancelled):
            if self.method in broken:
                raise InputError(f"No {self.method} map can be made.")
            built.append(self.method)
            yield JobProgress(1, 1)

        def ready(self, work):
            return self

        def map(self, image):
            values = np.zeros((60, 80), np.float32)
            values[15:30, 20:40] = 1
            return MapOutcome(AnomalyMap(values, self.method, 0.0, 1.0), 1.0, None, 0.0)

    monkeypatch.setattr(category_maps, "make_mapper", lambda method, inspector: StandIn(method))
    return built, broken


AUTOMATIC = tuple(ComparePane(mode, MOBILE) for mode in ("few-shot-map", "clip-map", "few-shot", "clip"))


@pytest.mark.parametrize(("failing", "kept"), [("few-shot", "clip"), ("clip", "few-shot")])
def test_a_map_that_can_not_be_made_costs_the_panes_that_need_it(inspector, work, mappers, failing, kept):
    built, broken = mappers
    works = {"part": {**work.map_works["part"], "clip": BuildClip(ClipSettings("part"), ())}}
    asked = replace(work, panes=AUTOMATIC, map_works=works)
    broken.add(failing)
    comparer = Comparer(inspector)
    for step, pane in zip(answered(comparer, asked), AUTOMATIC, strict=True):
        is_failing = pane.mode.startswith(failing)
        assert step.error == (f"No {failing} map can be made." if is_failing else ""), pane.mode
        assert (step.answer is None) == is_failing
    broken.clear()
    assert not any(step.error for step in answered(comparer, asked)), "asked again, it is made"
    assert built == [kept, failing], "what was there is not made twice"


def test_a_pane_builds_the_map_it_needs_and_says_so(inspector, work, mappers):
    built, _ = mappers
    works = {"part": {**work.map_works["part"], "clip": BuildClip(ClipSettings("part"), ())}}
    panes = (ComparePane("b", MOBILE), ComparePane("clip-map", MOBILE))
    steps = list(Comparer(inspector).steps(replace(work, panes=panes, map_works=works), lambda: False))
    assert built == ["clip"]
    assert [step.text for step in steps if step.text] == ["Reading sentences with CLIP, 1 of 1"]


def test_prompts_by_hand_are_a_pane_too(inspector, work):
    prompts = Prompts((Prompt(box=(30.0, 20.0, 59.0, 39.0)),))
    (step,) = answered(Comparer(inspector), replace(work, panes=(ComparePane("hand", MOBILE),), prompts=prompts))
    assert step.answer.prompts == prompts
    assert step.scores.iou > 0.5


def test_maps_are_of_the_references_at_hand_also_after_a_pane_without_a_map(inspector, work):
    """The panes of an image share its maps; those of the references before must not be among them."""
    comparer = Comparer(inspector)
    panes = (ComparePane("b", MOBILE), ComparePane("few-shot-map", MOBILE))
    build = work.map_works["part"]["few-shot"]
    others = {"part": {"few-shot": replace(build, paths=build.paths[1:2])}}
    _, before = answered(comparer, replace(work, panes=panes, map_works=others))
    _, after = answered(comparer, replace(work, panes=panes))
    _, fresh = answered(Comparer(inspector), replace(work, panes=panes))
    assert not np.array_equal(before.answer.anomaly_map.values, fresh.answer.anomaly_map.values)
    assert np.array_equal(after.answer.anomaly_map.values, fresh.answer.anomaly_map.values)


def test_without_ground_truth_a_pane_says_what_it_lacks(inspector, work):
    prompts = Prompts((Prompt(box=(30.0, 20.0, 59.0, 39.0)),))
    panes = (ComparePane("b", MOBILE), ComparePane("hand", MOBILE))
    boxed, by_hand = answered(Comparer(inspector), replace(work, panes=panes, prompts=prompts, ground_truth=None))
    assert "ground truth" in boxed.error
    assert by_hand.scores.iou is None


def test_it_stops_between_panes(inspector, work):
    steps = Comparer(inspector).steps(work, lambda: True)
    with pytest.raises(Cancelled):
        list(steps)


def test_the_next_image_goes_on_with_the_normal_images_where_the_one_before_was(inspector, work):
    comparer = Comparer(inspector)
    asked = replace(work, panes=(ComparePane("few-shot-map", MOBILE),))
    total = 8 * len(work.map_works["part"]["few-shot"].paths)
    images = total // 8

    def text_of(view):
        return f"Describing {images} normal images, view {view} of {total}"

    steps = comparer.steps(asked, lambda: False)
    while next(steps).text != text_of(7):
        pass
    steps.close()
    told = [step.text for step in comparer.steps(asked, lambda: False) if step.text]
    assert told[0] == text_of(8)
    assert told[-1] == text_of(total)
