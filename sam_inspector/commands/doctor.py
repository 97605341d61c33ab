"""`sam-inspector doctor`: what is installed, what is wrong, and how to mend it."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from sam_inspector import __version__
from sam_inspector.commands.console import Console
from sam_inspector.commands.display import missing_display, qt_trouble
from sam_inspector.core.errors import SamInspectorError
from sam_inspector.models.backbone_registry import BACKBONES
from sam_inspector.models.clip_registry import CLIP_MODELS
from sam_inspector.models.foreground_registry import FOREGROUNDS
from sam_inspector.models.registry import DEFAULT_MODEL, MODELS
from sam_inspector.models.weights import WeightedRow, WeightsStatus, weights_file, weights_folder, weights_status
from sam_inspector.resources_path import resources_path

PACKAGES = (
    "torch",
    "torchvision",
    "segment-anything",
    "timm",
    "open-clip-torch",
    "sam2",
    "onnxruntime",
    "PySide6-Essentials",
    "pyqtgraph",
    "numpy",
    "opencv-python-headless",
    "scikit-learn",
)
LOW_DISK_BYTES = 1_000_000_000
REINSTALL = "Install the program again: pip install --force-reinstall ."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `ok`, `note` (works, but you may want to know) or `wrong`, and how to mend it."""

    topic: str
    state: str
    text: str
    mend: str = ""


def run(console: Console) -> None:
    """Look at everything; status 1 when something is wrong."""
    findings: list[Finding] = []
    for look in (
        _program,
        _packages,
        _device,
        _networks,
        _window,
        _weights,
        _backbones,
        _clip,
        _foregrounds,
        _disk,
        _samples,
    ):
        try:
            findings += look()
        except (SamInspectorError, ImportError, OSError, RuntimeError) as error:
            findings.append(Finding(look.__name__.strip("_"), "wrong", " ".join(str(error).split())))
    marks = {"ok": "  ok ", "note": "note ", "wrong": "WRONG"}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.state]} {finding.topic:10} {finding.text}")
        if finding.mend:
            lines.append(f"{'':17}{finding.mend}")
    wrong = [finding.topic for finding in findings if finding.state == "wrong"]
    if not wrong:
        lines.append("Nothing is broken." if any(f.state == "note" for f in findings) else "Everything works.")
    console.result("\n".join(lines), {"ok": not wrong, "findings": [asdict(finding) for finding in findings]})
    if wrong:
        raise SamInspectorError(f"There is something to mend, as told above: {', '.join(wrong)}.")


def _program() -> list[Finding]:
    place = Path(sys.executable)
    return [Finding("program", "ok", f"SAM Inspector {__version__}, Python {platform.python_version()} at {place}")]


def _packages() -> list[Finding]:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    findings = [Finding("packages", "ok", ", ".join(found))]
    if missing:
        findings.append(Finding("packages", "wrong", f"missing: {', '.join(missing)}", REINSTALL))
    try:
        metadata.version("opencv-python")
    except metadata.PackageNotFoundError:
        return findings
    mend = "pip uninstall opencv-python, then pip install --force-reinstall opencv-python-headless"
    return [
        *findings,
        Finding("packages", "wrong", "opencv-python brings a Qt of its own that clashes with ours", mend),
    ]


def _device() -> list[Finding]:
    devices = importlib.import_module("sam_inspector.models.devices")
    choice = devices.choose_device()
    return [Finding("device", "ok", f"{choice.label}: {choice.reason}; {devices.cpu_threads()} threads")]


def _networks() -> list[Finding]:
    try:
        importlib.import_module("sam_inspector.models.sam")
    except (ImportError, RuntimeError) as error:
        # A torch and a torchvision that do not belong together fail here.
        return [Finding("networks", "wrong", " ".join(str(error).split()), f"{REINSTALL} torch torchvision")]
    try:
        importlib.import_module("sam_inspector.models.onnx_runtime")
    except (ImportError, RuntimeError) as error:
        return [Finding("networks", "wrong", " ".join(str(error).split()), f"{REINSTALL} onnxruntime")]
    return [Finding("networks", "ok", "segment-anything, timm and ONNX Runtime load")]


def _window() -> list[Finding]:
    trouble = qt_trouble()
    if trouble:
        return [Finding("window", "wrong", trouble)]
    missing = missing_display()
    if missing:
        return [Finding("window", "note", f"{missing}; the shell commands and “sam-inspector demo” work all the same")]
    return [Finding("window", "ok", "Qt starts and finds a display")]


def _weights() -> list[Finding]:
    findings = []
    for spec in MODELS.values():
        status = weights_status(spec)
        if status.state == "ready":
            findings.append(Finding("weights", "ok", f"{spec.title} at {_places(status)}"))
        elif status.state == "wrong":
            findings.append(Finding("weights", "wrong", status.message))
        elif spec.name == DEFAULT_MODEL or any(one.state == "ready" for one in status.files):
            findings.append(Finding("weights", "note", status.message))
    return findings


def _places(status: WeightsStatus) -> str:
    return " and ".join(str(one.path) for one in status.files)


def _backbones() -> list[Finding]:
    rows = [spec for spec in BACKBONES.values() if spec.weights is not None]
    return _needed_by_some("backbones", rows, "needed for their own maps only")


def _clip() -> list[Finding]:
    return _needed_by_some("clip", list(CLIP_MODELS.values()), "needed for their own maps only")


def _foregrounds() -> list[Finding]:
    return _needed_by_some("foreground", list(FOREGROUNDS.values()), "needed for the foreground mode u2net only")


def _needed_by_some(topic: str, rows: Sequence[WeightedRow], what_for: str) -> list[Finding]:
    """Nobody needs them all, so those that are not there are no trouble; they are listed with what they would take."""
    findings = []
    missing = []
    for spec in rows:
        status = weights_status(spec)
        if status.state == "ready":
            findings.append(Finding(topic, "ok", f"{spec.title} at {_places(status)}"))
        elif status.state == "wrong":
            findings.append(Finding(topic, "wrong", status.message))
        else:
            missing.append(f"{spec.name} ({weights_file(spec).total_bytes / 1e6:.0f} MB)")
    if missing:
        text = f"not fetched, and {what_for}: {', '.join(missing)}"
        findings.append(Finding(topic, "ok", text, "Fetch one with: sam-inspector models get NAME"))
    return findings


def _disk() -> list[Finding]:
    folder = weights_folder()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    elsewhere = "Set SAM_INSPECTOR_WEIGHTS to another folder."
    if not (existing.is_dir() and os.access(existing, os.W_OK)):
        state = "note" if weights_status(MODELS[DEFAULT_MODEL]).state == "ready" else "wrong"
        return [Finding("disk", state, f"weights can't be saved in {folder}", elsewhere)]
    free = shutil.disk_usage(existing).free
    text = f"weights in {folder}, {free / 1e9:.1f} GB free"
    return [Finding("disk", "note", text, elsewhere) if free < LOW_DISK_BYTES else Finding("disk", "ok", text)]


def _samples() -> list[Finding]:
    samples = resources_path() / "samples"
    if samples.is_dir():
        return [Finding("samples", "ok", str(samples))]
    return [Finding("samples", "wrong", f"{samples} is missing", REINSTALL)]
