import builtins
import sys
from importlib import metadata

import pytest

from sam_inspector.commands import doctor
from sam_inspector.models.backbone_registry import BACKBONES
from sam_inspector.models.registry import MODELS
from sam_inspector.models.weights import FOLDER_VARIABLE


@pytest.fixture
def weights_folder(tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


def topics(outcome, state):
    return [finding["topic"] for finding in outcome.json["findings"] if finding["state"] == state]


def test_everything_works_here(shell, mobile_sam_weights):
    outcome = shell("doctor")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.splitlines()[-1] == "Everything works."
    found = shell("doctor", "--json")
    assert found.json["ok"] is True
    assert topics(found, "wrong") == []
    assert {"program", "packages", "device", "networks", "window", "weights", "disk", "samples"} <= {
        finding["topic"] for finding in found.json["findings"]
    }


def test_missing_weights_are_a_note(shell, weights_folder):
    outcome = shell("doctor", "--json")
    assert outcome.status == 0
    assert "weights" in topics(outcome, "note")


def test_wrong_weights_are_told_with_how_to_mend_them(shell, weights_folder):
    (weights_folder / MODELS["mobile_sam"].weights.name).write_bytes(b"half")
    outcome = shell("doctor")
    assert outcome.status == 1
    assert "WRONG weights" in outcome.out
    assert "replace it with “sam-inspector models get mobile_sam”" in outcome.out
    assert outcome.error == "There is something to mend, as told above: weights."
    found = shell("doctor", "--json")
    assert (found.status, found.json["ok"]) == (1, False)


def test_a_folder_of_weights_that_can_not_be_written_is_told(shell, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "file"))
    outcome = shell("doctor", "--json")
    assert topics(outcome, "wrong") == ["disk"]


def test_a_missing_package_and_a_second_opencv_are_told(shell, mobile_sam_weights, monkeypatch):
    def version(name):
        if name == "timm":
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor.metadata, "version", version)
    outcome = shell("doctor")
    assert outcome.status == 1
    assert "missing: timm" in outcome.out
    assert "pip uninstall opencv-python" in outcome.out


def test_networks_that_do_not_load_are_told_in_one_line(shell, mobile_sam_weights, monkeypatch):
    monkeypatch.delitem(sys.modules, "sam_inspector.models.sam", raising=False)
    import_really = builtins.__import__

    def without_torchvision(name, *rest):
        if name.startswith("segment_anything"):
            raise RuntimeError("operator torchvision::nms\ndoes not exist")
        return import_really(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_torchvision)
    outcome = shell("doctor", "--json")
    monkeypatch.undo()
    (finding,) = [finding for finding in outcome.json["findings"] if finding["topic"] == "networks"]
    assert (finding["state"], finding["text"]) == ("wrong", "operator torchvision::nms does not exist")
    assert "pip install" in finding["mend"]


def test_backbones_are_listed_whether_they_are_there_or_not(shell, weights_folder):
    found = shell("doctor", "--json").json["findings"]
    texts = [finding["text"] for finding in found if finding["topic"] == "backbones"]
    assert len(texts) == 1
    assert all(name in texts[0] for name, spec in BACKBONES.items() if spec.weights is not None)
    (weights_folder / BACKBONES["mobilenet_v2"].weights.name).write_bytes(b"half")
    outcome = shell("doctor")
    assert outcome.status == 1
    assert "WRONG backbones" in outcome.out
    assert "sam-inspector models get mobilenet_v2" in outcome.out


def test_clip_models_are_listed_whether_they_are_there_or_not(shell, weights_folder):
    found = shell("doctor", "--json").json["findings"]
    (text,) = [finding["text"] for finding in found if finding["topic"] == "clip"]
    assert "vit_l_14_336 (934 MB)" in text
    (weights_folder / "ViT-B-16.pt").write_bytes(b"half")
    outcome = shell("doctor")
    assert "WRONG clip" in outcome.out
    assert "sam-inspector models get vit_b_16" in outcome.out
