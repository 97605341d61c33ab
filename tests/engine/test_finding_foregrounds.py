"""Foregrounds shown before they are used: what is found, what is kept, and what clicks make of it."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sam_inspector.anomaly.simplenet import recipe as recipe_module
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.core.errors import Cancelled, ModelError, PromptError
from sam_inspector.core.prompts import NEGATIVE, POSITIVE
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import mask_from_png, mask_to_png
from sam_inspector.engine.finding_foregrounds import ask_foreground, find_foregrounds
from sam_inspector.engine.foreground_works import AskForeground, FindForegrounds
from sam_inspector.engine.foregrounds import Foregrounds
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.learnt_simplenet import LearntSimpleNetMapper
from sam_inspector.engine.simplenet_works import LearnSimpleNet
from sam_inspector.foreground.mask_cache import CorrectedMasks, corrections_folder, pixels_id
from sam_inspector.methods.sam2sim import ForegroundChoice
from sam_inspector.models.segmenter import DecodedPrompt
from tests.engine.learnt_parts import SIDE, make_part, picture
from tests.fakes import FakeSegmenter, loader
from tests.foreground.floods import FloodSegmenter, disk_on_noise


@pytest.fixture
def part(tmp_path):
    return make_part(tmp_path / "part")


@pytest.fixture
def disks():
    return FloodSegmenter()


@pytest.fixture
def inspector(disks):
    return inspector_of(disks)


def inspector_of(segmenter):
    inspector = Inspector(loader(segmenter))
    inspector.load_model("mobile_sam")
    return inspector


def images(folder):
    return tuple(sorted(folder.iterdir()))


def work_on(part, **more):
    return FindForegrounds("part", images(part / "train/good"), images(part / "test/stain"), **more)


def correct(path, mask):
    CorrectedMasks(corrections_folder()).put(pixels_id(read_image(path).pixels), mask)


def test_every_image_comes_and_normal_ones_settle_the_outline(inspector, part):
    steps = list(find_foregrounds(work_on(part), inspector))
    assert [step.done for step in steps] == list(range(1, 11))
    assert {step.total for step in steps} == {10}
    outlines = [step.choice.settings.clean_up.outline for step in steps]
    assert outlines == ["as_found"] * 4 + ["convex"] * 6  # disks fill their hull
    last = {step.found.path.name: step.found for step in steps if step.found.path.parent.name == "good"}
    _, disk = disk_on_noise(SIDE, 50)
    for found in last.values():
        mask = mask_from_png(found.used.mask)
        assert (mask & disk).sum() / (mask | disk).sum() > 0.9
        assert found.used.share == pytest.approx(mask.mean())
        assert not found.used.fell_back


def test_they_are_those_that_training_takes(inspector, disks, part):
    (*_, last) = find_foregrounds(work_on(part), inspector)
    before = len(disks.decoded)
    image = read_image(last.found.path)
    used = Foregrounds(inspector, last.choice).extractor(last.choice.settings).find(image.pixels)
    assert np.array_equal(used.mask, mask_from_png(last.found.used.mask))
    assert len(disks.decoded) == before


def test_unasked_it_shows_only_what_was_found_before(inspector, disks, part):
    assert list(find_foregrounds(work_on(part, if_kept=True), inspector)) == []
    assert not disks.decoded
    list(find_foregrounds(work_on(part), inspector))
    before = len(disks.decoded)
    assert len(list(find_foregrounds(work_on(part, if_kept=True), inspector))) == 10
    assert len(disks.decoded) == before


def test_an_image_that_cannot_be_read_is_told_and_passed_over(inspector, part):
    (part / "train/good/001.png").write_bytes(b"no image")
    steps = list(find_foregrounds(work_on(part), inspector))
    assert [step.found is None for step in steps[:4]] == [False, True, False, False]
    assert "001.png" in steps[1].trouble


def test_an_image_without_a_foreground_keeps_its_whole_and_says_so(inspector, part):
    Image.fromarray(np.full((SIDE, SIDE, 3), 90, np.uint8)).save(part / "train/good/000.png")
    first = next(find_foregrounds(work_on(part), inspector)).found
    assert first.used.fell_back
    assert first.used.share == 1
    assert "No foreground was found" in first.used.remark


def test_a_correction_counts_and_the_automatic_one_can_be_gone_back_to(inspector, part):
    path = part / "train/good/002.png"
    mine = np.zeros((SIDE, SIDE), bool)
    mine[20:90, 30:100] = True
    correct(path, mine)
    found = next(step.found for step in find_foregrounds(work_on(part), inspector) if step.found.path == path)
    assert np.array_equal(mask_from_png(found.used.mask), mine)
    assert found.used.corrected
    assert not found.automatic.corrected
    assert not np.array_equal(mask_from_png(found.automatic.mask), mine)


def test_a_damaged_correction_is_told_and_can_be_made_again(inspector, part):
    path = part / "train/good/000.png"
    correct(path, np.ones((SIDE, SIDE), bool))
    (file,) = corrections_folder().iterdir()
    file.write_bytes(b"nothing")
    first = next(find_foregrounds(work_on(part), inspector))
    assert "is damaged" in first.trouble
    assert first.found.correction is None


def test_it_is_given_up_between_images(inspector, part):
    stopped = []
    steps = find_foregrounds(work_on(part), inspector, cancelled=lambda: bool(stopped))
    next(steps)
    next(steps)
    stopped.append(True)
    with pytest.raises(Cancelled):
        next(steps)


# --- asking ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "one.png"
    Image.fromarray(picture(0)).save(file)
    return file


def ask(inspector, path, points, labels, start=None):
    png = b"" if start is None else mask_to_png(start, one_bit=True)
    (step,) = ask_foreground(AskForeground(path, points, labels, ForegroundChoice(), png), inspector)
    return mask_from_png(step.answer.mask)


def test_a_point_on_the_object_gives_the_object(inspector, path):
    mask = ask(inspector, path, ((80.0, 80.0),), (POSITIVE,))
    _, disk = disk_on_noise(SIDE, 50)
    assert (mask & disk).sum() / (mask | disk).sum() > 0.9


def test_points_mend_the_foreground_that_is_there(path):
    segmenter = FakeSegmenter()
    start = np.zeros((SIDE, SIDE), bool)
    start[40:80, 40:80] = True
    mask = ask(inspector_of(segmenter), path, ((120.0, 60.0),), (POSITIVE,), start)
    (prompt,) = segmenter.decoded
    (given,) = segmenter.mask_inputs
    assert prompt.labels == (POSITIVE, POSITIVE)
    assert start[round(prompt.points[0][1]), round(prompt.points[0][0])]
    assert (given > 0).sum() == pytest.approx(start.mean() * 256**2, rel=0.1)
    assert mask[60, 120]
    assert mask[60, 60]


def test_negative_points_alone_leave_something_out_of_it(path):
    segmenter = FakeSegmenter()
    start = np.zeros((SIDE, SIDE), bool)
    start[30:130, 30:130] = True
    ask(inspector_of(segmenter), path, ((80.0, 80.0),), (NEGATIVE,), start)
    (prompt,) = segmenter.decoded
    assert prompt.labels == (POSITIVE, NEGATIVE)
    away = np.hypot(prompt.points[0][0] - 80, prompt.points[0][1] - 80)
    assert away > 0.1 * SIDE


class ChipSegmenter(FakeSegmenter):
    """Takes a chip for the object in its single mask; the object is the second of its three others."""

    def _answer(self, embedding, prompt):
        logits = np.full((4, 256, 256), -4, np.float32)
        logits[0, 60:90, 60:90] = 4
        logits[1, 64:80, 64:80] = 4
        logits[2, 50:210, 50:200] = 4
        logits[3] = 4
        return DecodedPrompt(logits, np.array([0.9, 0.9, 0.5, 0.4], np.float32))


def test_a_part_of_the_object_is_not_taken_for_the_object(path):
    start = np.zeros((SIDE, SIDE), bool)
    start[30:130, 30:130] = True
    mask = ask(inspector_of(ChipSegmenter()), path, ((8.0, 150.0),), (NEGATIVE,), start)
    assert 0.35 < mask.mean() < 0.45


def test_what_asks_for_nothing_is_refused(path):
    inspector = inspector_of(FakeSegmenter())
    with pytest.raises(PromptError, match="click on the object first"):
        ask(inspector, path, ((80.0, 80.0),), (NEGATIVE,))
    with pytest.raises(PromptError, match="outside the image"):
        ask(inspector, path, ((800.0, 80.0),), (POSITIVE,))
    with pytest.raises(PromptError, match="nothing large enough"):
        ask(inspector, path, ((80.0, 80.0),) * 2, (POSITIVE, NEGATIVE), np.zeros((SIDE, SIDE), bool))
    with pytest.raises(ModelError):
        ask(Inspector(loader(FakeSegmenter())), path, ((80.0, 80.0),), (POSITIVE,))


# --- what a network was trained with ---------------------------------------------------------------------------------


def test_a_network_that_learnt_with_another_foreground_is_not_taken(inspector, part, tmp_path, monkeypatch):
    small = replace(RECIPES["recommended"], hidden=32, tokens_a_step=64, least_steps=2, fold_steps=4)
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", small)
    normal = images(part / "train/good")
    work = LearnSimpleNet(normal, "part", SimpleNetSettings(epochs=1, seed=1), removal=ForegroundChoice())

    def built():
        mapper = LearntSimpleNetMapper(inspector, tmp_path / "kept")
        list(mapper.build(work))
        return mapper.ready(work).file, mapper.map(read_image(part / "test/stain/000.png")).anomaly_map.values

    first, before = built()
    correct(part / "test/stain/000.png", np.ones((SIDE, SIDE), bool))
    again, whole = built()
    assert again == first  # no test image has a part in it
    assert not np.array_equal(before, whole)  # yet its own map is of what is kept of it now
    correct(normal[0], np.ones((SIDE, SIDE), bool))
    other, _ = built()
    assert other != first
    CorrectedMasks(corrections_folder()).remove(pixels_id(read_image(normal[0]).pixels))
    assert built()[0] == first
