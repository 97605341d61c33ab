from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.models.registry import DEFAULT_MODEL, MODELS, PackageMember, WebAddress, get_model_spec


@pytest.mark.parametrize("name", MODELS)
def test_a_row_names_everything_a_user_or_a_lawyer_asks_for(name):
    spec = MODELS[name]
    assert spec.name == name
    assert spec.licence == "Apache-2.0"
    assert "arxiv.org" in spec.paper
    assert spec.homepage.startswith("https://")
    assert re.fullmatch(r"[0-9a-f]{64}", spec.sha256)
    assert spec.size_bytes > 10**7
    assert isinstance(spec.sources[0], WebAddress), "the project's own address comes first"
    assert all(s.url.startswith("https://") for s in spec.sources if isinstance(s, WebAddress))
    assert spec.capabilities <= {"points", "boxes", "mask_input", "multimask"}
    assert spec.note.endswith(".")
    with pytest.raises(FrozenInstanceError):
        spec.title = "x"  # type: ignore[misc]


def test_no_two_rows_share_a_file_or_a_hash():
    assert len({spec.weights.name for spec in MODELS.values()}) == len(MODELS)
    assert len({spec.sha256 for spec in MODELS.values()}) == len(MODELS)


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
        "import sys; from sam_inspector.models import registry, weights;"
        "weights.find_weights(registry.MODELS['mobile_sam']);"
        "print([name for name in ('torch', 'requests', 'pypi_simple', 'numpy') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
