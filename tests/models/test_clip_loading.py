from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from sam_inspector.core.errors import InputError, ModelError, WeightsError
from sam_inspector.models import clip_loading
from sam_inspector.models.checksums import file_sha256
from sam_inspector.models.clip_loading import architecture_config, build_clip, load_clip, read_clip_weights
from sam_inspector.models.clip_registry import CLIP_MODELS, DEFAULT_CLIP, get_clip_spec
from sam_inspector.models.torchscript_archive import is_torchscript_archive
from tests.tiny_clip import CONFIG, CPU, SPEC, tiny_network, tiny_weights


def save_archive(path, network=None, mark=False):
    """As OpenAI published CLIP: TorchScript, half precision."""
    network = (network or tiny_network()).half()
    if mark:
        network.register_buffer("input_resolution", torch.tensor(56))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(network).save(str(path))
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return save_archive(tmp_path_factory.mktemp("archive") / "tiny.pt", mark=True)


# --- the registry --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLIP_MODELS)
def test_a_row_names_everything_a_user_or_a_lawyer_asks_for(name):
    spec = get_clip_spec(name)
    assert (spec.name, spec.licence) == (name, "MIT")
    assert "https://arxiv.org" in spec.paper
    assert spec.note.endswith(".")
    assert spec.weights.sha256 in spec.weights.sources[0].url
    assert spec.weights.sources[0].url.endswith(f"/{spec.weights.name}")
    assert spec.size_bytes > 3e8
    config = architecture_config(spec)
    assert config["vision_cfg"]["patch_size"] == spec.patch_size
    depth = config["vision_cfg"]["layers"]
    assert spec.taps == (depth // 4, depth // 2, 3 * depth // 4, depth)


def test_listing_clip_models_imports_no_torch():
    code = (
        "import sys; from sam_inspector.models import clip_registry; from sam_inspector.core import text_prompts;"
        "print([name for name in ('torch', 'open_clip') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_missing_weights_are_told_with_size_licence_address_and_place(tmp_path, monkeypatch):
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError) as caught:
        load_clip(DEFAULT_CLIP)
    for part in (
        "934 MB",
        "licence MIT",
        "“sam-inspector models get vit_l_14_336”",
        "https://openaipublic.azureedge.net/clip/models/3035c92b",
        str(tmp_path / "ViT-L-14-336px.pt"),
    ):
        assert part in str(caught.value)
    (tmp_path / "ViT-B-16.pt").write_bytes(b"half")
    with pytest.raises(WeightsError, match="only 4 of"):
        load_clip("vit_b_16")


@pytest.mark.parametrize("name", ["nope", "ViT-B-32@", "@file.pt", ""])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(InputError, match=r"vit_l_14_336, vit_b_16.*ViT-B-32@"):
        load_clip(name)


@pytest.mark.parametrize(
    ("architecture", "reason"), [("ViT-X", "not known"), ("RN50", "no plain ViT"), ("ViT-B-16-SigLIP", "no plain ViT")]
)
def test_an_architecture_that_can_not_be_tapped_is_refused(architecture, reason, tmp_path):
    (tmp_path / "w.pt").write_bytes(b"x")
    with pytest.raises(InputError, match=reason) as caught:
        load_clip(f"{architecture}@{tmp_path / 'w.pt'}")
    assert "ViT-B-32" in str(caught.value)


# --- files of weights ----------------------------------------------------------------------------------------------


def save_plain(path):
    torch.save(dict(tiny_weights()), path)


def save_training(path):
    torch.save({"epoch": 3, "state_dict": {f"module.{key}": value for key, value in tiny_weights().items()}}, path)


def save_safe(path):
    save_file({key: value.contiguous() for key, value in tiny_weights().items()}, path)


@pytest.mark.parametrize(
    ("name", "save"), [("w.pt", save_plain), ("w.pt", save_training), ("w.safetensors", save_safe)]
)
def test_checkpoints_are_read(tmp_path, name, save):
    path = tmp_path / name
    save(path)
    clip = build_clip(SPEC, CONFIG, read_clip_weights(path), CPU, "0" * 64)
    for key, value in clip._network.state_dict().items():
        assert torch.equal(value, tiny_weights()[key]), key


def test_torchscript_archives_are_read_without_torchscript(archive, monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("TorchScript was run")

    monkeypatch.setattr(torch.jit, "load", forbidden)
    assert is_torchscript_archive(archive)
    clip = build_clip(SPEC, CONFIG, read_clip_weights(archive), CPU, "0" * 64)
    for key, value in clip._network.state_dict().items():
        assert value.dtype is torch.float32
        assert torch.equal(value, tiny_weights()[key].half().float()), key


def test_an_archive_holds_what_torch_reads_from_it(archive):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        official = torch.jit.load(str(archive)).state_dict()
    own = read_clip_weights(archive)
    assert set(official) <= set(own)
    assert all(torch.equal(own[key], value) for key, value in official.items())


def test_openai_s_archives_bring_their_activation(archive, tmp_path):
    from open_clip.transformer import QuickGELU

    def activations(spec, config, path):
        network = build_clip(spec, config, read_clip_weights(path), CPU, "")._network
        return {isinstance(block.mlp.gelu, QuickGELU) for block in network.visual.transformer.resblocks}

    plain = {**CONFIG, "quick_gelu": False}
    other = replace(SPEC, has_quick_gelu=False)
    save_plain(tmp_path / "w.pt")
    assert activations(other, plain, archive) == {True}
    assert activations(other, plain, tmp_path / "w.pt") == {False}
    assert activations(SPEC, plain, tmp_path / "w.pt") == {True}


@pytest.mark.parametrize("kept", [0, 30, 2000, -1, -100, -50_000])
def test_an_archive_that_is_cut_short(archive, tmp_path, kept):
    path = tmp_path / "cut.pt"
    path.write_bytes(archive.read_bytes()[:kept])
    with pytest.raises(WeightsError, match="damaged"):
        read_clip_weights(path)


class Trap:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return (os.mkdir, (str(self.folder),))


def test_an_archive_that_wants_to_run_code_is_refused(archive, tmp_path):
    import pickle
    import zipfile

    trap, path = tmp_path / "trap", tmp_path / "evil.pt"
    with zipfile.ZipFile(archive) as good, zipfile.ZipFile(path, "w") as evil:
        for info in good.infolist():
            is_tree = info.filename.endswith("/data.pkl")
            evil.writestr(info.filename, pickle.dumps(Trap(trap), 2) if is_tree else good.read(info))
    assert is_torchscript_archive(path)
    with pytest.raises(WeightsError, match="asks to run code"):
        read_clip_weights(path)
    assert not trap.exists()


def test_weights_of_another_architecture_are_refused():
    weights = dict(tiny_weights())
    del weights["visual.proj"]
    with pytest.raises(ModelError, match="not those of Tiny CLIP"):
        build_clip(SPEC, CONFIG, weights, CPU, "")
    with pytest.raises(ModelError, match="not those of Tiny CLIP"):
        build_clip(SPEC, {**CONFIG, "embed_dim": 40}, dict(tiny_weights()), CPU, "")


def test_a_file_of_one_s_own(archive, monkeypatch):
    monkeypatch.setattr(clip_loading, "get_model_config", lambda name: CONFIG)
    told = []
    clip = load_clip(f"Tiny-14@{archive}", device="cpu", report=lambda *step: told.append(step))
    assert clip.spec.title == "Tiny-14 (tiny.pt)"
    assert (clip.taps, clip.patch_size, clip.width, clip.dimension) == ((1, 2, 3, 4), 14, 64, 48)
    assert clip.weights_sha256 == file_sha256(archive, cancelled=lambda: False)
    assert told[-1][0] == 1
    with pytest.raises(WeightsError, match="no file of weights"):
        load_clip("Tiny-14@nowhere.pt", device="cpu")
