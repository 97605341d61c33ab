from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.models.registry import DEFAULT_MODEL, MODELS, NpmMember, PackageMember, WebAddress, get_model_spec


@pytest.mark.parametrize("name", MODELS)
def test_a_row_names_everything_a_user_or_a_lawyer_asks_for(name):
    spec = MODELS[name]
    assert spec.name == name
    assert spec.licence == "Apache-2.0"
    assert "arxiv.org" in spec.paper
    assert spec.homepage.startswith("https://")
    assert spec.size_bytes > 10**7
    for file in spec.weights.files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.sha256 in spec.sha256
        assert file.sources
        assert all(s.url.startswith("https://") for s in file.sources if isinstance(s, WebAddress))
        assert isinstance(file.sources[0], WebAddress), "the address of its makers comes first"
    assert spec.capabilities <= {"points", "boxes", "mask_input", "multimask"}
    assert spec.note.endswith(".")
    with pytest.raises(FrozenInstanceError):
        spec.title = "x"  # type: ignore[misc]


def test_no_two_rows_share_a_file_or_a_hash():
    files = [file for spec in MODELS.values() for file in spec.weights.files]
    assert len({file.name for file in files}) == len(files)
    assert len({file.sha256 for file in files}) == len(files)


def test_a_row_of_several_files_sums_them_up():
    spec = MODELS["sam2_tiny_onnx"]
    encoder, decoder = spec.weights.files
    assert spec.size_bytes == encoder.size_bytes + decoder.size_bytes == 151_267_913
    assert spec.sha256 == f"{encoder.sha256}+{decoder.sha256}"
    members = [source.member for file in (encoder, decoder) for source in file.sources if isinstance(source, NpmMember)]
    assert members == [
        "dist/sam2_hiera_tiny_encoder.with_runtime_opt.ort",
        "dist/sam2_hiera_tiny_decoder_pr1.onnx",
    ]


def test_the_default_needs_only_a_package_index():
    assert DEFAULT_MODEL == "mobile_sam"
    assert any(isinstance(source, PackageMember) for source in MODELS[DEFAULT_MODEL].sources)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError) as caught:
        get_model_spec("sam_vit_x")
    for name in ("sam_vit_x", *MODELS):
        assert name in str(caught.value)


def test_neither_torch_nor_the_network_is_imported_to_look_for_weights():
    code = (
        "import sys; from sam_inspector.models import foreground_registry, registry, weights;"
        "weights.find_weights(registry.MODELS['mobile_sam']);"
        "print([name for name in ('torch', 'onnxruntime', 'requests', 'pypi_simple', 'numpy') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
