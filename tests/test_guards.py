"""Rules of the project that no other test would notice to be broken."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sam_inspector.core.geometry import check_prompts
from sam_inspector.models.registry import MODELS, NpmMember, PackageMember, WebAddress
from sam_inspector.prompting.from_ground_truth import GT_MODES, GT_PRESETS, prompts_from_ground_truth

ROOT = Path(__file__).parents[1]
MAX_LINES, MAX_LINES_UI = 500, 400
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", "sam_inspector", "resources", "tests", "packaging"}
NETWORKS = ("torch", "torchvision", "timm", "open_clip", "segment_anything", "sam2", "onnxruntime")


def run_python(code):
    """Run code in a fresh interpreter, from the top of the project."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )


def test_imports_go_one_way():
    outcome = run_python("import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert re.search(r"[1-9]\d* kept, 0 broken", outcome.stdout)


def test_files_stay_small():
    too_long = {}
    for file in sorted(path for top in ("sam_inspector", "packaging", "tests") for path in (ROOT / top).rglob("*.py")):
        place = file.relative_to(ROOT)
        lines = file.read_text(encoding="utf-8").count("\n")
        if lines > (MAX_LINES_UI if place.parts[:2] == ("sam_inspector", "ui") else MAX_LINES):
            too_long[place.as_posix()] = lines
    assert not too_long


def test_nothing_new_at_the_top_level():
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("without git nobody knows which files are the project's")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = {path.partition("/")[0] for path in listed.split("\0") if path}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("sam_inspector.cli", (*NETWORKS, "PySide6", "numpy", "cv2", "rich.progress")),
        ("sam_inspector.ui.app", NETWORKS),
        ("sam_inspector.commands.evaluating", (*NETWORKS, "PySide6")),
        ("sam_inspector.commands.segmenting", (*NETWORKS, "PySide6")),
        ("sam_inspector.engine.requests", (*NETWORKS, "PySide6")),
    ],
)
def test_heavy_imports_wait(module, absent):
    code = f"import sys, {module}; print(*[name for name in {absent!r} if name in sys.modules])"
    outcome = run_python(code)
    assert (outcome.returncode, outcome.stdout.strip()) == (0, ""), outcome.stderr


@pytest.mark.parametrize("name", MODELS)
def test_every_model_names_its_adapter_licence_and_source(name):
    spec = MODELS[name]
    module, _, builder = spec.adapter.partition(":")
    assert callable(getattr(importlib.import_module(module), builder))
    assert spec.name == name
    assert re.fullmatch(r"[A-Za-z0-9.+-]+", spec.licence)
    assert "https://" in spec.paper
    assert spec.homepage.startswith("https://")
    assert spec.size_bytes > 1_000_000
    assert spec.capabilities
    assert spec.note.endswith(".")
    for file in spec.weights.files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert isinstance(file.sources[0], WebAddress)
        for source in file.sources:
            if isinstance(source, WebAddress):
                assert source.url.startswith("https://")
            else:
                assert isinstance(source, PackageMember | NpmMember)
                assert re.fullmatch(r"\d+(\.\d+)*", source.version)


@pytest.mark.parametrize("preset", GT_PRESETS)
@pytest.mark.parametrize("mode", GT_MODES)
def test_every_mode_and_preset_makes_prompts_that_sam_takes(mode, preset):
    truth = np.zeros((60, 80), bool)
    truth[10:20, 15:40] = truth[30:50, 60:79] = truth[59, 0] = True
    prompts = prompts_from_ground_truth(truth, mode, preset=preset, points=3)
    assert len(prompts.decodable) == (1 if mode == "naive" else 3)
    check_prompts(prompts, 80, 60)
    assert GT_MODES[mode].name == mode
    assert GT_MODES[mode].description


def test_thousands_of_signals_survive():
    """Some builds of PySide6 drop a reference with every signal, and abort after some hundred."""
    code = """
from PySide6.QtCore import QObject, Signal
class Sender(QObject):
    sent = Signal(object)
sender, seen = Sender(), []
sender.sent.connect(seen.append)
for number in range(5000):
    sender.sent.emit(number)
print(len(seen))
"""
    outcome = run_python(code)
    assert (outcome.returncode, outcome.stdout.strip()) == (0, "5000"), outcome.stderr


def test_the_wheel_carries_the_resources_and_nobody_s_work(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    ignore = shutil.ignore_patterns("__pycache__", ".sam-inspector")
    for name in ("sam_inspector", "resources"):
        shutil.copytree(ROOT / name, source / name, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    work = source / "resources/samples/tablet/.sam-inspector"
    work.mkdir()
    (work / "review.sqlite").write_bytes(b"somebody's work")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    resources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "resources").rglob("*.*") if path.is_file()}
    carried = {name.removeprefix("sam_inspector/") for name in names if name.startswith("sam_inspector/resources/")}
    assert carried == {name for name in resources if ".sam-inspector" not in name}
    assert "resources/text_prompts/anomaly.json" in carried
    assert {name.partition("/")[0] for name in names} == {"sam_inspector", "sam_inspector-0.1.0.dist-info"}
    assert not [name for name in names if ".sam-inspector" in name or "__pycache__" in name]
    assert "sam_inspector/ui/app.py" in names
