"""One run of tuning, without files."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.methods.spt.judging import judge, mean_scores
from sam_inspector.methods.spt.marked import mark
from sam_inspector.methods.spt.schedule import Schedule, schedule_for
from sam_inspector.methods.spt.settings import SptSettings
from sam_inspector.methods.spt.tuning import TuningRun
from sam_inspector.models.tuned.finding import untuned_spec
from sam_inspector.models.tuned.manifest import HeldOutScores
from sam_inspector.models.tuned.tuned_segmenter import TunedSegmenter
from tests.engine.spt.parts import load_small, make_marked


class Examples:
    """Images in memory, as they are."""

    def __init__(self, segmenter, pairs):
        self.embeddings = [segmenter.embed(pixels) for pixels, _ in pairs]
        frames = [segmenter.logits_frame(embedding) for embedding in self.embeddings]
        self.images = [mark(mask, frame, segmenter.logits_side) for (_, mask), frame in zip(pairs, frames, strict=True)]

    def __len__(self):
        return len(self.images)

    def category(self, image):
        return "tile"

    def embedding(self, image, flip):
        found = self.embeddings[image]
        # What was computed to be looked at only can't be learnt from.
        return replace(found, features=found.features.clone(), stages=tuple(each.clone() for each in found.stages))

    def marked(self, image, flip):
        return self.images[image]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    root = make_marked(tmp_path_factory.mktemp("marked"))
    samples = [sample for sample in open_dataset(root).samples if sample.mask_path is not None]
    return [(read_image(each.path).pixels, read_mask(each.mask_path, width=128, height=128)) for each in samples]


@pytest.mark.large
def test_it_can_learn_a_few_images_by_heart(pairs):
    """Eight synthetic images, a tiny ViT, everything untrained at first: both decoders come to good masks."""
    segmenter = load_small("mobile_sam")
    run = TuningRun(segmenter, SptSettings(epochs=100, rate=2e-3, prompts="box"))
    examples = Examples(segmenter, pairs)
    for _ in range(100):
        list(run.epoch_steps(examples))
    spec = segmenter.spec
    tuned = TunedSegmenter(replace(spec, capabilities=frozenset({"boxes"})), segmenter, run.counting_perception())
    judged = [judge(tuned, embedding, mask) for embedding, (_, mask) in zip(examples.embeddings, pairs, strict=True)]
    scores = mean_scores([("tile", each.scores) for each in judged])
    assert scores.box > 0.88
    assert scores.draft_box > 0.88
    assert untuned_spec(spec) is spec


def test_a_run_that_is_restored_goes_on_alike(pairs):
    segmenter = load_small("mobile_sam")
    examples = Examples(segmenter, pairs)
    settings = SptSettings(epochs=3, variant="lora")
    whole, broken = TuningRun(segmenter, settings), TuningRun(segmenter, settings)
    losses = [list(whole.epoch_steps(examples)) for _ in range(3)]
    list(broken.epoch_steps(examples))
    state = broken.state()
    list(broken.epoch_steps(examples))  # goes on beside what was copied
    other = TuningRun(segmenter, settings)
    other.restore(state)
    assert [list(other.epoch_steps(examples)) for _ in range(2)] == losses[1:]
    for name, value in whole.tuned.items():
        assert torch.equal(other.tuned[name], value)


def test_the_model_in_use_is_not_touched(pairs):
    segmenter = load_small("mobile_sam")
    before = {name: value.clone() for name, value in segmenter.network.state_dict().items()}
    run = TuningRun(segmenter, SptSettings(epochs=1))
    list(run.epoch_steps(Examples(segmenter, pairs)))
    assert all(torch.equal(value, before[name]) for name, value in segmenter.network.state_dict().items())


def test_schedules():
    published = schedule_for(SptSettings(preset="faithful"))
    assert (published.rate, published.as_one, published.jitters) == (1e-3, True, False)
    assert published.rate_at(9 * 7, 7, 16) == 1e-3
    assert published.rate_at(10 * 7, 7, 16) == pytest.approx(1e-4)
    falling = Schedule(rate=1.0, warm_up=4)
    rates = [falling.rate_at(step, 10, 4) for step in range(40)]
    assert rates[0] == 0.25
    assert np.argmax(rates) == 3
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[-1] < 0.01


def test_scores_are_means_over_categories():
    found = mean_scores(
        [
            ("nut", HeldOutScores(0.9, 0.5, 0.8, 0.4)),
            ("nut", HeldOutScores(0.7, 0.3, 0.6, 0.2)),
            ("grid", HeldOutScores(0.4, 0.2, 0.4, 0.2)),
        ]
    )
    assert found == HeldOutScores(pytest.approx(0.6), pytest.approx(0.3), pytest.approx(0.55), pytest.approx(0.25))
