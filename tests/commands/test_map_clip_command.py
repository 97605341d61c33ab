"""`sam-inspector map --method clip`, with a small CLIP of random weights read from its file."""

import json

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from sam_inspector.anomaly.clip_adapter import ClipAdapter
from sam_inspector.anomaly.clip_adapter_file import save_adapter
from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.clip_zero_shot import ClipDetector
from sam_inspector.data.images import read_image
from sam_inspector.data.text_prompts import read_text_prompts
from sam_inspector.models import clip_loading, loading
from sam_inspector.models.clip_loading import load_clip
from sam_inspector.models.weights import FOLDER_VARIABLE
from tests.commands.conftest import make_category
from tests.tiny_clip import manifest


@pytest.fixture(autouse=True)
def no_sam(monkeypatch):
    """Maps by sentences need no SAM."""
    monkeypatch.setattr(loading, "load_segmenter", lambda *_, **__: pytest.fail("SAM was loaded"))


@pytest.fixture
def nuts(tmp_path):
    return make_category(tmp_path / "metal_nut", images=2)


@pytest.fixture
def map_clip(shell, tiny_clip_name, few_sentences, tmp_path):
    def run(path, *arguments, clip=tiny_clip_name):
        named = ("--method", "clip", "--clip", clip, "--texts", few_sentences, "--out", tmp_path / "out")
        return shell("map", path, *named, *arguments)

    return run


def test_a_category_is_mapped_by_its_name(map_clip, nuts, tiny_clip_name, few_sentences, tmp_path):
    outcome = map_clip(nuts, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    found = outcome.json
    assert (found["schema"], found["method"]) == ("sam-inspector/maps/1", "clip")
    clip = load_clip(tiny_clip_name, device="cpu")
    assert found["clip"] == {"name": tiny_clip_name, "sha256": clip.weights_sha256}
    assert (found["object"], found["sentences"], found["texts"]) == ("metal nut", 3, str(few_sentences))
    assert (found["threshold"], found["references"], found["adapter"], found["trained_on"]) == (None, None, None, [])
    assert [row["path"] for row in found["images"]] == ["test/dent/000.png", "test/dent/001.png", "test/good/000.png"]
    detector = ClipDetector(clip, ClipSettings("metal nut", tiny_clip_name, read_text_prompts(few_sentences)))
    for row in found["images"]:
        features = clip.describe(read_image(nuts / row["path"]).pixels)
        expected = detector.map(features)
        assert row["highest"] == pytest.approx(float(expected.values.max()), abs=1e-5)
        assert row["image_score"] == row["text_score"] == pytest.approx(detector.text_score(features), abs=1e-5)
        assert row["threshold"] == pytest.approx(max(0.3, 0.8 * row["highest"]), abs=1e-5)
        assert row["exceeds"] is None, "a share of its own peak is always exceeded"
    row = found["images"][0]
    assert row["map"] == str(tmp_path / "out/maps/clip/metal_nut/dent/000.tiff")
    values = tifffile.imread(row["map"])
    assert (values.shape, values.dtype) == ((96, 128), np.float16)
    assert values.max() == pytest.approx(row["highest"], abs=0.02)
    assert read_image(row["picture"]).pixels.shape == (96, 128, 3)


def test_people_get_a_threshold_a_line(map_clip, nuts):
    heading, *_, last = map_clip(nuts).out.splitlines()
    assert heading.split()[:4] == ["image", "score", "highest", "threshold"]
    assert last.startswith("Threshold of each image its own, object “metal nut”, sentences: 3. Maps in ")


def test_the_name_changes_the_map(map_clip, nuts):
    own, other = (map_clip(nuts, *named, "--json").json for named in ((), ("--object", " hazel  nut ")))
    assert other["object"] == "hazel nut"
    assert own["images"][0]["highest"] != other["images"][0]["highest"]


def test_normal_images_are_compared_with_when_asked_for(map_clip, nuts, tmp_path):
    for number in range(2):
        pixels = np.random.default_rng(10 + number).integers(60, 120, (96, 128, 3), np.uint8)
        Image.fromarray(pixels).save(nuts / f"train/good/1{number}.png")
    outcome = map_clip(nuts, "--shots", "2", "--json")
    found = outcome.json
    assert len(found["references"]["paths"]) == found["references"]["used"] == 2
    assert found["threshold"] == found["references"]["threshold"] == found["images"][0]["threshold"]
    assert found["images"][0]["image_score"] != found["images"][0]["text_score"]
    outcome = map_clip(nuts / "test/dent/000.png", "--reference", nuts / "train/good")
    assert outcome.err == "There are 3 normal images, fewer than 4: all of them are compared with.\n"
    heading, _, last = outcome.out.splitlines()
    assert heading.split()[:4] == ["image", "score", "text", "highest"]
    assert "threshold" not in heading.split("above")[0]
    assert "sentences: 3, normal images: 3." in last
    assert (tmp_path / "out/000.tiff").is_file()


def test_an_adapter_is_used_and_what_it_has_seen_told_once(map_clip, nuts, tiny_clip_name, tmp_path):
    adapter = tmp_path / "own.safetensors"
    clip = load_clip(tiny_clip_name, device="cpu")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_adapter(adapter, ClipAdapter(4, 64, 48), manifest(clip))
    plain = map_clip(nuts, "--json").json
    outcome = map_clip(nuts, "--adapter", adapter, "--json")
    seen, size = outcome.err.splitlines()
    assert seen.startswith("“metal nut” was among the data that the adapter was trained on")
    assert "112 pixels" in size
    found = outcome.json
    assert found["remarks"] == [seen, size]
    assert (found["adapter"], found["trained_on"]) == (str(adapter), ["metal_nut", "grid"])
    assert found["images"][0]["highest"] != plain["images"][0]["highest"]


def test_images_outside_a_category_need_a_name(map_clip, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)).save(folder / "a.png")
    for path in (folder, folder / "a.png"):
        outcome = map_clip(path)
        assert (outcome.status, outcome.out) == (1, "")
        assert outcome.error == (
            f"{folder} is no category of a dataset, so nobody knows what its images show: say it with --object, in "
            "English, as --object “metal nut”."
        )
        outcome = map_clip(path, "--object", "螺丝", "--json")
        assert outcome.status == 0
        assert "CLIP has learnt English names" in outcome.err
        assert outcome.json["object"] == "螺丝"
    json.dumps(outcome.json, allow_nan=False)


def test_an_image_that_can_not_be_read_does_not_stop_the_others(map_clip, nuts):
    (nuts / "test/dent/000.png").write_bytes(b"")
    outcome = map_clip(nuts)
    assert outcome.status == 0
    assert outcome.err.startswith("No map for metal_nut/test/dent/000.png: ")
    assert outcome.out.splitlines()[1].split() == ["test/dent/000.png", *"––––––"]


def test_what_can_not_be_done_is_one_sentence_before_any_work(shell, nuts, tiny_clip_name, tmp_path, monkeypatch):
    monkeypatch.setattr(clip_loading, "load_clip", lambda *_, **__: pytest.fail("CLIP was loaded"))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    junk = tmp_path / "junk.safetensors"
    junk.write_bytes(b"junk")
    unplaced = tmp_path / "unplaced.json"
    lists = {"normal": ["fine"], "abnormal": ["broken {}"], "templates": ["a {}."]}
    unplaced.write_text(json.dumps({"schema": "sam-inspector/text-prompts/1", **lists}))
    alone = tmp_path / "two/one/train/good/0.png"
    for path in (alone, tmp_path / "two/other/train/good/0.png"):
        path.parent.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(path)
    own = ("--clip", tiny_clip_name)
    for arguments, message in (
        ((nuts, "--backbone", "sam"), "--backbone belongs to --method few-shot, not to clip: leave it out."),
        ((nuts, "--model", "mobile_sam"), "--model belongs to --method few-shot"),
        ((nuts, "--rotations", "2"), "--rotations belongs to --method few-shot"),
        ((nuts, "--preset", "faithful"), "--preset belongs to --method few-shot"),
        ((nuts, "--random"), "say how many with --shots"),
        ((nuts, "--shots", "0"), "0 normal images were asked for"),
        ((nuts, "--clip", "nope"), "There is no CLIP model “nope”"),
        ((nuts, "--clip", "Tiny-14@nowhere.pt"), "There is no file of weights nowhere.pt"),
        ((nuts,), "934 MB, licence MIT): fetch them with “sam-inspector models get vit_l_14_336”"),
        ((nuts, *own, "--object", " "), "The object has no name"),
        ((nuts, *own, "--object", "a {}"), "holds a placeholder"),
        ((nuts, *own, "--object", "word " * 300), "has 1499 characters"),
        ((nuts, *own, "--texts", tmp_path / "none.json"), "There is no list of text prompts"),
        ((nuts, *own, "--texts", unplaced), "has no placeholder {}"),
        ((nuts, *own, "--adapter", tmp_path / "none.safetensors"), "There is no adapter"),
        ((nuts, *own, "--adapter", junk), "is damaged or none at all"),
        ((tmp_path / "two", *own), "holds 2 categories"),
        ((nuts, *own, "--reference", tmp_path / "nowhere"), "There is no folder"),
    ):
        outcome = shell("map", *arguments, "--method", "clip", "--out", tmp_path / "out")
        assert (outcome.status, outcome.out) == (1, ""), arguments
        assert message in outcome.error
    assert not (tmp_path / "out").exists()
