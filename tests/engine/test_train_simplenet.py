from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sam_inspector.anomaly.simplenet import recipe as recipe_module
from sam_inspector.anomaly.simplenet.checkpoint import load_simplenet
from sam_inspector.anomaly.simplenet.detector import SimpleNetDetector
from sam_inspector.anomaly.simplenet.manifest import read_simplenet_manifest
from sam_inspector.anomaly.simplenet.patches import patch_tokens
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.anomaly.simplenet.settings import LAST_EPOCH, PAPER_PROTOCOL, Preparation, SimpleNetSettings
from sam_inspector.anomaly.simplenet.token_store import TokenStore
from sam_inspector.anomaly.simplenet.training import begin_training
from sam_inspector.core.errors import Cancelled, ImageReadError, InputError, ModelError, StoreError, WeightsError
from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.images import image_id_of, read_image
from sam_inspector.engine import train_simplenet as train_module
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.jobs import steps as job_steps
from sam_inspector.engine.paper_protocol import ProtocolFigures
from sam_inspector.engine.requests import TrainSimpleNet
from sam_inspector.engine.simplenet_images import SimpleNetImages
from sam_inspector.engine.train_simplenet import train_simplenet
from sam_inspector.models.weights import FOLDER_VARIABLE
from tests.fakes import FakeSegmenter, loader

SETTINGS = SimpleNetSettings(epochs=4, batch_size=2, seed=3)
SIZE = (192, 160)


@pytest.fixture(autouse=True)
def small_recipe(monkeypatch):
    """Enough for a stub of six values a cell."""
    small = replace(RECIPES["recommended"], hidden=128, tokens_a_step=128, least_steps=2, folds=2, fold_steps=5)
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", small)


def picture(seed, size=SIZE):
    width, height = size
    return np.random.default_rng(seed).normal(120, 20, (height, width, 3)).clip(0, 255).astype(np.uint8)


@pytest.fixture
def part(tmp_path):
    """A category: five normal images, a good test image, three with a red patch and its mask."""
    root = tmp_path / "part"
    for folder in ("train/good", "test/good", "test/patch", "ground_truth/patch"):
        (root / folder).mkdir(parents=True)
    for number in range(5):
        Image.fromarray(picture(number)).save(root / f"train/good/{number:03}.png")
    for number in range(2):
        Image.fromarray(picture(50 + number)).save(root / f"test/good/{number:03}.png")
    for number in range(3):
        pixels, mask = picture(100 + number), np.zeros(SIZE[::-1], np.uint8)
        mask[48:96, 64:128] = 255
        pixels[mask > 0] = (230, 40, 40)
        Image.fromarray(pixels).save(root / f"test/patch/{number:03}.png")
        Image.fromarray(mask).save(root / f"ground_truth/patch/{number:03}_mask.png")
    return root


@pytest.fixture
def work(part, tmp_path):
    return TrainSimpleNet(tuple(sorted((part / "train/good").iterdir())), "part", SETTINGS, tmp_path / "p.safetensors")


def train(inspector, work, **how):
    return list(train_simplenet(work, inspector, **how))


def test_the_file_says_what_it_was_trained_on(inspector, work):
    train(inspector, work)
    made = read_simplenet_manifest(work.out)
    assert (made.backbone, made.backbone_sha256) == ("sam:mobile_sam", inspector.segmenter.spec.sha256)
    assert made.images == tuple(image_id_of(path) for path in work.paths)
    assert made.image_names == tuple(path.name for path in work.paths)
    assert (made.category, made.preset, made.size, made.seed) == ("part", "recommended", SIZE, 3)
    assert (made.protocol, made.best_epoch, made.test_images) == (LAST_EPOCH, None, ())
    assert (made.epochs_done, made.epoch, made.preparation) == (4, 4, "")
    assert dict(made.settings)["batch_size"] == "2"
    assert dict(made.settings)["noise"] == repr(recipe_module.RECIPES["recommended"].noise)
    assert {name for name, _ in made.versions} == {"sam-inspector", "torch", "python"}
    assert made.remarks == ()


def shares_of(found):
    shares = [step.done / step.total for step in found]
    assert shares == sorted(shares)
    assert len({step.total for step in found}) == 1
    return shares


def test_steps_tell_how_far_it_is(inspector, work):
    found = train(inspector, work)
    assert shares_of(found)[-1] == 1
    describing = [step for step in found if step.text.startswith("Describing")]
    assert len(describing) == 5
    assert all(step.epoch == 0 and step.seconds_left is None for step in describing)
    training = found[5:21]
    assert [step.epoch for step in training] == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4  # three batches and the end
    assert all(step.loss > 0 and step.seconds_left >= 0 for step in training)
    assert [len(step.losses) for step in training] == [0] * 3 + [1] * 4 + [2] * 4 + [3] * 4 + [4]
    assert training[-1].losses == read_simplenet_manifest(work.out).losses
    after = found[21:]
    assert [step.text[-6:] for step in after] == ["1 of 2"] * 6 + ["2 of 2"] * 7  # whole epochs of two batches
    assert all(step.epoch == 4 and step.losses == training[-1].losses and step.loss > 0 for step in after)
    assert after[-1].seconds_left == 0
    assert training[-1].done < after[0].total - 2  # what comes after is no moment


def test_how_far_it_is_does_not_go_back_when_training_goes_on(inspector, work):
    train(inspector, work)
    found = train(inspector, replace(work, settings=replace(SETTINGS, epochs=6), resume=True))
    assert shares_of(found)[-1] == 1
    assert all(len(step.losses) >= 4 for step in found)
    assert [step.epoch for step in found] == [0] * 5 + [5] * 4 + [6] * 4  # what normal images score stays
    assert (found[5].done, found[5].total) == (5 + 4, 5 + 6)


@pytest.mark.parametrize("images", [1, 2, 3])
def test_how_far_it_is_with_few_images(inspector, work, images):
    twice = replace(work, paths=work.paths[:images] * 2)  # copies count once
    assert shares_of(train(inspector, twice))[-1] == 1


def test_normal_images_are_scored_by_networks_that_did_not_learn_from_them(inspector, work):
    train(inspector, work)
    saved = load_simplenet(work.out)
    assert saved.manifest.held_out
    recipe = recipe_module.RECIPES["recommended"]
    source = SimpleNetImages(inspector, "sam", recipe)
    features = [source.features(read_image(path)) for path in work.paths]
    for part, rest in (((0, 2, 4), (1, 3)), ((1, 3), (0, 2, 4))):
        store = TokenStore(5, 10**9, 0)
        for number in rest:
            store.add(patch_tokens(features[number], None))
        run = begin_training(recipe, saved.space, seed=3, images_a_step=2)
        for _ in range(3):  # 5 steps are whole epochs of two batches
            list(run.epoch_steps(store))
        detector = SimpleNetDetector(recipe, "sam:mobile_sam", saved.space, run.network, None)
        for number in part:
            assert np.array_equal(saved.normal_maps[number], detector.seen_map(features[number]))


def test_what_normal_images_score_does_not_depend_on_the_epochs(inspector, work):
    train(inspector, work)
    longer = replace(work, out=work.out.with_name("l.safetensors"), settings=replace(SETTINGS, epochs=6))
    train(inspector, longer)
    maps = [load_simplenet(path).normal_maps for path in (work.out, longer.out)]
    assert all(np.array_equal(a, b) for a, b in zip(*maps, strict=True))


def test_without_parts_nothing_is_left_out(inspector, work, monkeypatch):
    """As published."""
    assert RECIPES["faithful"].folds == 0
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", replace(recipe_module.RECIPES["recommended"], folds=0))
    found = train(inspector, work)
    assert shares_of(found)[-1] == 1
    assert len(found) == 5 + 4 * 4
    assert not read_simplenet_manifest(work.out).held_out
    (step,) = train(inspector, replace(work, resume=True))
    assert step.text == "This training is done already"


def test_given_up_while_normal_images_are_scored_it_goes_on_there(inspector, work):
    run = train_simplenet(work, inspector)
    while not next(run).text.endswith("2 of 2"):
        pass
    run.close()
    left = read_simplenet_manifest(work.out)
    assert (left.epochs_done, left.held_out) == (4, False)
    assert len(load_simplenet(work.out).normal_maps) == 5
    found = train(inspector, replace(work, resume=True))
    assert shares_of(found)[-1] == 1
    assert {step.epoch for step in found} == {0, 4}
    whole = replace(work, out=work.out.with_name("whole.safetensors"))
    train(inspector, whole)
    assert work.out.read_bytes() == whole.out.read_bytes()


def test_each_image_is_described_once(inspector, segmenter, work):
    train(inspector, work)
    assert segmenter.embedded == 5
    train(inspector, replace(work, out=work.out.with_name("other.safetensors"), paths=(*work.paths, *work.paths)))
    assert segmenter.embedded == 5
    assert len(read_simplenet_manifest(work.out.with_name("other.safetensors")).images) == 5


@pytest.mark.parametrize("protocol", [False, True])
def test_a_run_that_is_gone_on_with_ends_in_the_same_bytes(inspector, work, part, protocol):
    tests = tuple(sample for sample in open_dataset(part).samples if sample.split == "test")
    settings = replace(SETTINGS, epochs=6, paper_protocol=protocol)
    whole = replace(work, settings=settings, test_samples=tests if protocol else ())
    train(inspector, whole)
    parts = replace(whole, out=work.out.with_name("parts.safetensors"), resume=True)
    train(inspector, replace(parts, settings=replace(settings, epochs=4)))
    run = train_simplenet(parts, inspector)
    while next(run).epoch < 6:
        pass
    next(run)
    run.close()  # in the middle of the sixth epoch
    assert read_simplenet_manifest(parts.out).epochs_done == 5
    train(inspector, parts)
    assert parts.out.read_bytes() == whole.out.read_bytes()


@pytest.mark.parametrize("calls", [1, 4, 7, 8, 9, 10, 12, 15])
def test_given_up_at_any_step_the_file_holds_the_last_whole_epoch(inspector, work, calls, monkeypatch):
    monkeypatch.setattr(train_module, "SAVE_SECONDS", 1e9)
    count = itertools.count(1)
    with pytest.raises(Cancelled):
        train(inspector, work, cancelled=lambda: next(count) >= calls)
    epochs = max(0, (calls - 5) // 4)  # five images, then three batches and the end of an epoch each
    assert work.out.exists() == (epochs > 0)
    if epochs:
        assert read_simplenet_manifest(work.out).epochs_done == epochs
        other = replace(work, out=work.out.with_name("o.safetensors"), settings=replace(SETTINGS, epochs=epochs))
        train(inspector, other)
        train(inspector, replace(other, out=work.out, resume=True))
        assert other.out.read_bytes() == work.out.read_bytes()


def test_now_and_then_the_file_is_written(inspector, work, monkeypatch):
    monkeypatch.setattr(train_module, "SAVE_SECONDS", 0.0)
    seen = []
    for step in train_simplenet(work, inspector):
        if work.out.exists():
            seen.append((len(step.losses), read_simplenet_manifest(work.out).epochs_done))
    assert seen
    assert all(whole == written for whole, written in seen)


def test_a_training_that_is_done_stays_as_it_is(inspector, segmenter, work):
    train(inspector, work)
    content, embedded = work.out.read_bytes(), segmenter.embedded
    (step,) = train(inspector, replace(work, resume=True))
    assert (step.text, step.done / step.total, len(step.losses)) == ("This training is done already", 1, 4)
    assert work.out.read_bytes() == content
    assert segmenter.embedded == embedded


def test_a_file_of_another_training_is_not_touched(inspector, work):
    train(inspector, work)
    content = work.out.read_bytes()
    longer = replace(work, settings=replace(SETTINGS, epochs=5), resume=True)
    flip = Preparation("flip", lambda pixels: pixels[::-1])
    for other, message in (
        (replace(longer, resume=False), "is there already"),
        (replace(longer, settings=replace(longer.settings, seed=9)), "other settings"),
        (replace(longer, settings=replace(longer.settings, noise=0.7)), "other settings"),
        (replace(longer, settings=replace(longer.settings, batch_size=3)), "other settings"),
        (replace(longer, category="bolt"), "was trained on part, not on bolt"),
        (replace(longer, paths=work.paths[:3]), "other images"),
        (replace(longer, paths=(*work.paths, *more(work))), "other images"),
        (replace(longer, preparation=flip), "prepared by nothing, these by “flip”"),
    ):
        with pytest.raises(InputError, match=message):
            train(inspector, other)
    segmenter = FakeSegmenter(spec=replace(inspector.segmenter.spec, name="other_sam"))
    other = Inspector(loader(segmenter))
    other.load_model("other_sam")
    with pytest.raises(InputError, match="means nothing for sam:other_sam"):
        train(other, longer)
    work.out.write_bytes(content[:100])
    with pytest.raises(InputError, match="damaged"):
        train(inspector, longer)
    assert work.out.read_bytes() == content[:100]


def more(work):
    path = work.paths[0].with_name("more.png")
    Image.fromarray(picture(77)).save(path)
    return (path,)


def test_previews_show_a_defect_from_early_on(inspector, work, part):
    shown = (part / "test/patch/000.png", part / "test/good/000.png")
    found = train(
        inspector,
        replace(work, settings=replace(SETTINGS, epochs=60), preview_paths=shown, preview_every=25),
    )
    previews = {step.epoch: step.previews for step in found if step.previews}
    assert list(previews) == [1, 25, 50, 60]
    patch, good = previews[60]
    assert (patch.path, good.path) == shown
    assert patch.anomaly_map.values.shape == (round(256 * SIZE[1] / SIZE[0]), 256)
    assert patch.image_score > good.image_score
    assert not np.array_equal(previews[1][0].anomaly_map.values, patch.anomaly_map.values)
    unseen = replace(work, out=work.out.with_name("unseen.safetensors"), settings=replace(SETTINGS, epochs=60))
    train(inspector, unseen)
    assert unseen.out.read_bytes() == work.out.read_bytes()


def test_a_preview_that_can_not_be_read_is_told(inspector, work, part):
    (part / "broken.png").write_bytes(b"no image")
    found = train(inspector, replace(work, preview_paths=(part / "broken.png",)))
    (remark,) = [remark for step in found for remark in step.remarks]
    assert remark.startswith("Left out of the preview:")


def test_the_paper_protocol_keeps_the_epoch_that_does_best_on_the_tests(inspector, work, part, monkeypatch):
    tests = tuple(sample for sample in open_dataset(part).samples if sample.split == "test")
    figures = iter([(0.8, 0.9), (1.0, 0.5), (1.0, 0.7), (1.0, 0.7), (0.9, 1.0)])

    def judge(self, detector, cancelled):
        return ProtocolFigures(*next(figures))

    monkeypatch.setattr(train_module.TestImages, "judge", judge)
    settings = replace(SETTINGS, epochs=18, paper_protocol=True)
    train(inspector, replace(work, settings=settings, test_samples=tests))
    made = read_simplenet_manifest(work.out)
    assert (made.protocol, made.epochs_done) == (PAPER_PROTOCOL, 18)
    assert (made.best_epoch, made.best_image_auroc, made.best_pixel_auroc) == (12, 1.0, 0.7)
    assert made.test_images == tuple(image_id_of(sample.path) for sample in tests)
    assert next(figures, None) is None  # epochs 4, 8, 12, 16 and the last
    twelve = replace(work, out=work.out.with_name("twelve.safetensors"), settings=replace(SETTINGS, epochs=12))
    train(inspector, twelve)
    best, last = load_simplenet(work.out), load_simplenet(twelve.out)
    assert all(np.array_equal(value, last.state.weights[name]) for name, value in best.network().state_dict().items())
    assert all(np.array_equal(a, b) for a, b in zip(best.normal_maps, last.normal_maps, strict=True))


@pytest.mark.parametrize("room", [10**9, 1_000_000])
def test_test_images_are_judged_as_a_whole(inspector, segmenter, work, part, room, monkeypatch):
    tests = tuple(sample for sample in open_dataset(part).samples if sample.split == "test")
    monkeypatch.setattr(train_module, "PROTOCOL_EVERY", 10)
    settings = replace(SETTINGS, epochs=60, paper_protocol=True, cache_bytes=room)
    train(inspector, replace(work, settings=settings, test_samples=tests))
    made = read_simplenet_manifest(work.out)
    assert made.best_image_auroc == 1
    assert made.best_pixel_auroc > 0.95


def test_test_images_have_no_say_without_the_protocol(inspector, segmenter, work, part):
    tests = tuple(sample for sample in open_dataset(part).samples if sample.split == "test")
    train(inspector, work)
    told = replace(work, out=work.out.with_name("told.safetensors"), test_samples=tests)
    train(inspector, told)
    assert told.out.read_bytes() == work.out.read_bytes()
    assert segmenter.embedded == 5


def test_images_are_prepared_first(inspector, segmenter, work):
    seen = []

    def gray(pixels):
        seen.append(pixels.shape)
        return np.full_like(pixels, 9)

    preparation = Preparation("gray, 9", gray)
    train(inspector, replace(work, preparation=preparation))
    assert seen == [(SIZE[1], SIZE[0], 3)] * 5
    assert read_simplenet_manifest(work.out).preparation == "gray, 9"
    recipe = recipe_module.RECIPES["recommended"]
    image = read_image(work.paths[0])
    prepared = SimpleNetImages(inspector, "sam", recipe, preparation).features(image)
    plain = SimpleNetImages(inspector, "sam", recipe).features(image)
    assert not np.allclose(prepared.levels[0], plain.levels[0])
    assert float(prepared.levels[0][0].std()) < 1e-6


def test_what_a_person_should_know_is_told_and_kept(inspector, work, part):
    broken = part / "train/good/005.png"
    broken.write_bytes(b"no image")
    Image.fromarray(picture(9, (900, 600))).save(part / "train/good/006.png")
    Image.new("RGB", SIZE, (5, 5, 5)).save(part / "train/good/007.png")
    found = train(inspector, replace(work, paths=tuple(sorted((part / "train/good").iterdir()))))
    told = [remark for step in found for remark in step.remarks]
    assert len(told) == 3
    assert told[0].startswith("Left out of the normal images:")
    assert told[1] == "The normal image 007.png is of one colour: leave it out."
    assert "from 192 × 160 to 900 × 600 px" in told[2]
    assert read_simplenet_manifest(work.out).remarks == tuple(told)


def test_one_image_is_thin(inspector, work):
    found = train(inspector, replace(work, paths=work.paths[:1]))
    (remark,) = [remark for step in found for remark in step.remarks]
    assert remark.startswith("There is only one normal image")
    made = load_simplenet(work.out)
    assert (made.manifest.epochs_done, made.manifest.held_out, len(made.normal_maps)) == (4, False, 1)
    recipe = recipe_module.RECIPES["recommended"]
    features = SimpleNetImages(inspector, "sam", recipe).features(read_image(work.paths[0]))
    seen = SimpleNetDetector(recipe, "sam:mobile_sam", made.space, made.network(), None).seen_map(features)
    assert not np.array_equal(made.normal_maps[0], seen)  # it is the half turn's
    (step,) = train(inspector, replace(work, paths=work.paths[:1], resume=True))
    assert step.text == "This training is done already"


def test_what_can_not_be_trained_on(inspector, work, part, tmp_path):
    with pytest.raises(InputError, match="no normal image of part"):
        train(inspector, replace(work, paths=()))
    (part / "bad.png").write_bytes(b"no image")
    with pytest.raises(InputError, match="choose some that can be read"):
        train(inspector, replace(work, paths=(part / "bad.png",)))
    with pytest.raises(InputError, match="is a folder"):
        train(inspector, replace(work, out=tmp_path))
    with pytest.raises(InputError, match="can't take 0 epochs"):
        train(inspector, replace(work, settings=replace(SETTINGS, epochs=0)))
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        train(inspector, replace(work, out=tmp_path / "file/own.safetensors"))
    with pytest.raises(ModelError, match="No model is ready"):
        train(Inspector(loader(FakeSegmenter())), work)
    paper = replace(work, settings=replace(SETTINGS, paper_protocol=True))
    tests = tuple(sample for sample in open_dataset(part).samples if sample.split == "test")
    for samples in ((), tests[:2], tuple(replace(sample, mask_path=None) for sample in tests)):
        with pytest.raises(InputError, match="paper protocol chooses"):
            train(inspector, replace(paper, test_samples=samples))
    unread = tuple(replace(sample, path=part / "bad.png") if sample.is_normal else sample for sample in tests)
    with pytest.raises(ImageReadError):
        train(inspector, replace(paper, test_samples=unread))
    assert not work.out.exists()


def test_a_backbone_without_weights_is_refused_before_any_work(inspector, segmenter, work, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    settings = replace(SETTINGS, backbone="wide_resnet50_2", preset="faithful")
    with pytest.raises(WeightsError, match="models get wide_resnet50_2"):
        train(inspector, replace(work, settings=settings))
    assert segmenter.embedded == 0


def test_memory_that_runs_out_is_told_and_kept(inspector, work, monkeypatch):
    from sam_inspector.anomaly.simplenet.training import TrainingRun

    step = TrainingRun._step

    def short(self, tokens, generator):
        if len(tokens) > 70:
            raise MemoryError
        return step(self, tokens, generator)

    monkeypatch.setattr(TrainingRun, "_step", short)
    found = train(inspector, work)
    (remark,) = [remark for step in found for remark in step.remarks]
    assert "not enough memory" in remark
    made = read_simplenet_manifest(work.out)
    assert (made.parts_a_step, made.remarks) == (2, (remark,))
    more = replace(work, settings=replace(SETTINGS, epochs=5), resume=True)
    assert [remark for step in train(inspector, more) for remark in step.remarks] == []  # said once
    made = read_simplenet_manifest(work.out)
    assert (made.parts_a_step, made.remarks) == (2, (remark,))


def test_the_window_runs_it_as_a_job(inspector, work):
    others = dict.fromkeys(("few_shot", "clip", "learnt", "comparer"))
    found = list(job_steps(work, inspector, **others, cancelled=lambda: False))
    assert found[-1].epoch == 4
    assert read_simplenet_manifest(work.out).epochs_done == 4
