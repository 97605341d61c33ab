"""Tuning over files, from images to a tuned model in use."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from sam_inspector.core.errors import Cancelled, InputError, ModelError, StoreError
from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.data.images import read_image
from sam_inspector.engine.requests import SegmentOptions
from sam_inspector.engine.spt.checks import training_file
from sam_inspector.engine.spt.train import DONE, train_spt
from sam_inspector.engine.spt.works import TuneSample
from sam_inspector.methods.spt import tuning as tuning_module
from sam_inspector.methods.spt.holdout import Holdout
from sam_inspector.models.tuned.finding import tuned_folder, tuned_models
from sam_inspector.models.tuned.manifest import read_tuned_manifest
from tests.engine.spt.parts import load_small, make_marked, small_inspector, tuning


@pytest.fixture(scope="module")
def tiles(tmp_path_factory):
    return make_marked(tmp_path_factory.mktemp("tiles"))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "stains.safetensors"


def tune_all(work, inspector=None):
    return list(train_spt(work, inspector or small_inspector()))


def test_it_learns_and_says_so(tiles, out):
    """Ellipses on noise: from an untrained decoder to good masks."""
    work = tuning(tiles, out, epochs=36, rate=2e-3, previews=1)
    steps = tune_all(work)
    last = steps[-1]
    assert last.done == last.total
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert len(last.losses) == 36
    assert last.losses[-1] < 0.5 * last.losses[0]
    assert (last.learnt, last.held_out) == (6, 2)
    assert last.zero_shot.box < 0.3
    assert [scores.epoch for scores in last.judged] == [9, 18, 27, 36]
    best = max(last.judged, key=lambda scores: scores.mean)
    assert last.kept_epoch == best.epoch
    assert best.box > last.zero_shot.box + 0.3
    assert best.draft_box is not None
    previews = [preview for step in steps for preview in step.previews]
    assert len(previews) == 4
    assert previews[-1].iou == pytest.approx(
        (previews[-1].mask & previews[-1].ground_truth).sum() / (previews[-1].mask | previews[-1].ground_truth).sum()
    )
    made = read_tuned_manifest(out)
    assert made.kept == best
    assert made.images != made.held_out
    assert (made.base, made.variant, made.holdout) == ("mobile_sam", "spt", "0.25")
    assert not training_file(out).exists()


@pytest.mark.parametrize("variant", ["sdt", "vra", "lora", "decoder"])
def test_every_variant_learns(tiles, out, variant):
    steps = tune_all(tuning(tiles, out, variant=variant, epochs=3))
    assert len(steps[-1].losses) == 3
    assert (steps[-1].judged[-1].draft_box is None) == (variant != "sdt")
    tuned = load_small(str(out))
    image = read_image(next((tiles / "tile/test/stain").glob("*.png")))
    (answer,) = tuned.decode(tuned.embed(image.pixels), [Prompt(box=(20.0, 20.0, 60.0, 60.0))])
    assert answer.logits.shape[0] == answer.scores.shape[0] == (2 if variant == "sdt" else 1)


def test_the_published_preset_learns_in_the_encoder_too(tiles, out):
    steps = tune_all(tuning(tiles, out, preset="faithful", epochs=2))
    assert np.isfinite(steps[-1].losses).all()
    made = read_tuned_manifest(out)
    assert made.recipe.encoder_lora
    assert made.recipe.relation_block == 1
    tuned = load_small(str(out))
    assert tuned.spec.embedded_by == tuned.spec.name  # embeddings of the untuned encoder are not its own
    image = read_image(next((tiles / "tile/test/stain").glob("*.png")))
    mine, base = tuned.embed(image.pixels).features, tuned.base.embed(image.pixels).features
    assert not torch.equal(mine, base)


def test_the_tuned_model_answers_as_it_was_judged(tiles, out):
    """The file gives in use what the last judging saw."""
    work = tuning(tiles, out, epochs=2, previews=2)
    last_of_epoch = [step for step in tune_all(work) if step.previews]
    previews = last_of_epoch[last_of_epoch[-1].kept_epoch - 1].previews
    inspector = small_inspector()
    inspector.load_model(str(out))
    assert inspector.segmenter.spec.name == "mobile_sam+stains"
    for preview in previews:
        image = read_image(preview.path)
        rows, columns = np.nonzero(preview.ground_truth)
        box = (float(columns.min()), float(rows.min()), float(columns.max()), float(rows.max()))
        segmentation, _ = inspector.segment(inspector.embed(image), Prompts((Prompt(box=box),)), SegmentOptions())
        assert np.array_equal(segmentation.mask, preview.mask)


def test_it_goes_on_to_the_same_bytes(tiles, out):
    whole = out.with_name("whole.safetensors")
    tune_all(tuning(tiles, whole))
    for leave_after in (1, 3):
        steps = train_spt(tuning(tiles, out, resume=True), small_inspector())
        for step in steps:
            if len(step.losses) == leave_after and step.loss is not None and step.epoch == leave_after + 1:
                break
        steps.close()
        assert training_file(out).exists()
    tune_all(tuning(tiles, out, resume=True))
    assert out.read_bytes() == whole.read_bytes()
    (done,) = tune_all(tuning(tiles, out, resume=True))
    assert done.text == DONE
    assert len(done.losses) == 4


def test_cancelling_keeps_the_last_epoch(tiles, out):
    whole = []
    steps = train_spt(tuning(tiles, out), small_inspector(), cancelled=lambda: len(whole) >= 2)
    with pytest.raises(Cancelled, match="can be gone on with"):
        whole.extend(step for step in steps if len(step.losses) > len(whole))
    assert read_tuned_manifest(training_file(out)).epochs_done == 2
    with pytest.raises(Cancelled, match="given up"):
        tune_all_cancelled(tuning(tiles, out.with_name("other.safetensors")))
    assert not out.with_name("other.safetensors").exists()


def tune_all_cancelled(work):
    return list(train_spt(work, small_inspector(), cancelled=lambda: True))


def test_without_held_out_images_the_last_epoch_counts(tiles, out):
    last = tune_all(tuning(tiles, out, holdout=Holdout("none"), epochs=2))[-1]
    assert (last.zero_shot, last.judged, last.kept_epoch) == (None, (), 2)
    assert read_tuned_manifest(out).kept is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"samples": ()}, "no image with a mask to learn from"),
        ({"model": "sam2_tiny"}, "SAM 2.1 tiny can't be tuned: choose MobileSAM"),
        ({"model": "sam2_tiny_onnx"}, "can't be tuned"),
    ],
)
def test_what_cannot_be_tuned_is_refused(tiles, out, change, sentence):
    with pytest.raises(InputError, match=sentence):
        tune_all(replace(tuning(tiles, out), **change))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"variant": "adapter"}, "no variant “adapter”: choose one of spt, sdt, vra, lora, decoder"),
        ({"epochs": 0}, "for 0 epochs"),
        ({"rate": -1.0}, "teaches nothing"),
        ({"prompts": "words"}, "can't be tuned with “words”"),
        ({"holdout": Holdout("category", categories=("tile",))}, "none is left to learn from"),
    ],
)
def test_settings_out_of_range_are_refused(tiles, out, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        tune_all(tuning(tiles, out, **settings))


def test_one_image_can_only_be_learnt_from(tiles, out):
    work = tuning(tiles, out, epochs=1)
    alone = replace(work, samples=work.samples[:1])
    with pytest.raises(InputError, match="none is left to judge on: mark more defects, or hold out none"):
        tune_all(alone)
    assert tune_all(replace(alone, settings=replace(work.settings, holdout=Holdout("none"))))[-1].learnt == 1


def test_what_cannot_be_read_is_passed_over_and_told(tmp_path, out):
    tiles = make_marked(tmp_path / "tiles")
    stains, masks = tiles / "tile/test/stain", tiles / "tile/ground_truth/stain"
    work = tuning(tiles, out, epochs=1)
    Image.new("L", (128, 128)).save(masks / "000_mask.png")
    (stains / "001.png").write_bytes(b"no image")
    steps = tune_all(work)
    told = " ".join(remark for step in steps for remark in step.remarks)
    assert "000.png is empty: it shows no defect" in told
    assert "001.png" in told
    assert steps[-1].learnt + steps[-1].held_out == 6
    assert steps[-1].done == steps[-1].total
    for file in masks.iterdir():
        Image.new("L", (128, 128)).save(file)
    with pytest.raises(InputError, match="No image is left to learn from"):
        tune_all(replace(work, out=out.with_name("none.safetensors")))


def test_accepted_masks_count(tiles, out):
    work = tuning(tiles, out, epochs=1)
    mask = np.zeros((128, 128), np.bool_)
    mask[10:40, 10:40] = True
    accepted = [TuneSample(sample.path, "mine", mask=mask) for sample in work.samples]
    assert tune_all(replace(work, samples=tuple(accepted)))[-1].learnt == 6
    wrong = [TuneSample(sample.path, "mine", mask=mask[:9]) for sample in work.samples]
    with pytest.raises(InputError, match=r"accepted on 000\.png has another size"):
        tune_all(replace(work, samples=tuple(wrong), out=out.with_name("wrong.safetensors")))


def test_an_image_that_is_learnt_from_is_not_judged_on(tiles, out):
    work = tuning(tiles, out, epochs=1)
    copies = tuple(replace(sample, category="copy") for sample in work.samples)
    work = replace(work, samples=work.samples + copies)
    work = replace(work, settings=replace(work.settings, holdout=Holdout("category", categories=("copy",))))
    with pytest.raises(InputError, match="the same image is learnt from"):
        tune_all(work)


def go_until(steps, epochs):
    """Step until so many epochs are whole."""
    return next(step for step in steps if len(step.losses) == epochs)


def test_a_loss_that_is_no_number_stops_and_keeps_what_was_good(tiles, out, monkeypatch):
    steps = train_spt(tuning(tiles, out), small_inspector())
    go_until(steps, 2)
    monkeypatch.setattr(tuning_module, "mask_loss", lambda *_: torch.tensor(float("nan"), requires_grad=True))
    with pytest.raises(InputError, match="is no number any more: the last good state is kept"):
        list(steps)
    assert read_tuned_manifest(training_file(out)).epochs_done == 2


def test_memory_that_runs_out_is_told(tiles, out, monkeypatch):
    def too_much(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(tuning_module, "mask_loss", too_much)
    with pytest.raises(ModelError, match="not enough memory to tune with"):
        tune_all(tuning(tiles, out))


def test_a_disk_that_is_full_leaves_the_last_checkpoint(tiles, out, monkeypatch):
    steps = train_spt(tuning(tiles, out), small_inspector())

    def no_room(self, *_):
        raise OSError(28, "No space left on device")

    go_until(steps, 1)
    monkeypatch.setattr("pathlib.Path.replace", no_room)
    with pytest.raises(StoreError, match="No space left"):
        list(steps)
    monkeypatch.undo()
    assert read_tuned_manifest(training_file(out)).epochs_done == 1
    assert len(tune_all(tuning(tiles, out, resume=True))[-1].losses) == 4


def test_a_file_that_is_there_is_left_alone(tiles, out):
    tune_all(tuning(tiles, out, epochs=1))
    before = out.read_bytes()
    with pytest.raises(InputError, match="is there already"):
        tune_all(tuning(tiles, out))
    assert out.read_bytes() == before


def test_another_tuning_is_not_gone_on_with(tiles, out):
    steps = train_spt(tuning(tiles, out), small_inspector())
    go_until(steps, 1)
    steps.close()
    with pytest.raises(InputError, match=r"another tuning \(variant: spt there, lora here\)"):
        tune_all(tuning(tiles, out, resume=True, variant="lora"))
    with pytest.raises(InputError, match=r"another tuning \(epochs: 4 there, 9 here\)"):
        tune_all(tuning(tiles, out, resume=True, epochs=9))
    fewer = tuning(tiles, out, resume=True)
    with pytest.raises(InputError, match="tuned on other images"):
        tune_all(replace(fewer, samples=fewer.samples[:-1]))


def test_another_base_is_refused(tiles, out):
    tune_all(tuning(tiles, out, epochs=1))
    content = out.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    manifest = json.loads(header["__metadata__"]["manifest"])
    for change, sentence in (
        ({"base": "sam_vit_b"}, "was tuned on sam_vit_b and means nothing for mobile_sam"),
        ({"base_sha256": "0" * 64}, "other weights of mobile_sam"),
    ):
        header["__metadata__"]["manifest"] = json.dumps(manifest | change)
        text = json.dumps(header).encode()
        other = out.with_name("other.safetensors")
        other.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
        with pytest.raises(InputError, match=sentence):
            small_inspector().tuned(str(other))


def test_damaged_and_strange_files_are_told(tiles, tmp_path):
    inspector = small_inspector()
    strange = tmp_path / "strange.safetensors"
    strange.write_bytes(b"no model")
    with pytest.raises(InputError, match="is damaged or none at all"):
        inspector.tuned(str(strange))
    with pytest.raises(InputError, match="There is no tuned model"):
        inspector.tuned(str(tmp_path / "none.safetensors"))
    with pytest.raises(InputError, match=r"There is no model “mobile_sam\+none”"):
        inspector.tuned("mobile_sam+none")
    with pytest.raises(InputError, match="SAM ViT-B is not tuned"):
        inspector.tuned("sam_vit_b")


def test_models_in_the_folder_are_found_by_name(tiles):
    out = tuned_folder() / "stains.safetensors"
    tune_all(tuning(tiles, out, epochs=1))
    (out.parent / "junk.safetensors").write_bytes(b"junk")
    (spec,) = tuned_models()
    assert (spec.name, spec.title) == ("mobile_sam+stains", "MobileSAM + stains")
    assert "multimask" not in spec.capabilities
    assert small_inspector().tuned("mobile_sam+stains").segmenter.spec == spec


def test_it_shares_embeddings_with_its_base_and_nothing_else(tiles, out):
    tune_all(tuning(tiles, out, epochs=1))
    inspector = small_inspector()
    image = read_image(next((tiles / "tile/test/stain").glob("*.png")))
    assert inspector.embed(image).seconds is not None
    tuned = inspector.tuned(str(out))
    assert tuned.embed(image).seconds is None
    assert tuned.segmenter.spec.sha256 != inspector.segmenter.spec.sha256
    assert tuned.untuned().segmenter is inspector.segmenter
    assert inspector.untuned() is inspector
