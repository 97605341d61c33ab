"""What a run was made with, and what its figures may be compared with."""

from __future__ import annotations

import json
import platform
import shlex
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sam_inspector.engine.finished_run import FinishedRun
from sam_inspector.engine.modes import AUTOMATIC_MODES

PACKAGES = ("torch", "timm", "open_clip_torch", "segment-anything", "opencv-python-headless", "numpy")


def manifest(run: FinishedRun) -> list[tuple[str, str]]:
    """Model, hashes, preset, seed, device and versions, as pairs of a name and a text."""
    header, model = run.header, run.header["model"]
    rows = [
        ("Program", f"SAM Inspector {header.get('version', '')}"),
        ("Command", _without_place(header.get("command", ""))),
        ("Model", model["name"]),
        ("Weights, SHA-256", model.get("sha256") or "not known"),
        ("Device", f"{header.get('device', '')}, {header.get('dtype', '')}"),
        ("Preset", header.get("preset", "")),
        ("Seed", str(header.get("seed", ""))),
        ("Images from", ", ".join(f"{name}: {folder}" for name, folder in header.get("folders", {}).items())),
        ("Report made with", f"Python {platform.python_version()}, " + ", ".join(_versions())),
        ("Settings", json.dumps(header.get("settings", {}), ensure_ascii=False)),
    ]
    return [(name, text) for name, text in rows if text]


def checklist(run: FinishedRun) -> list[tuple[str, str]]:
    """What has to agree before figures of two runs are compared (peers differ in each of these)."""
    settings = run.header["settings"]
    automatic = [mode for mode in run.modes if mode in AUTOMATIC_MODES]
    good = sum(row["normal"] for row in run.categories if row["mode"] in automatic)
    sizes = {f"{row.size[0]} × {row.size[1]}" for row in run.rows if row.size}
    bounds = [row["error_bounds"] for row in run.categories if row.get("error_bounds")]
    largest = max((max(bound.values()) for bound in bounds), default=0.0)
    policy = settings.get("prompting", {}).get("policy")
    return [
        (
            "Image set",
            "anomalous test images; modes that start from a map visit the good ones too"
            + (f" ({good} visits)" if good else "")
            + (f"; at most {settings['limit']} a category" if settings.get("limit") else ""),
        ),
        ("Resolution", f"of the images: {_some(sorted(sizes))}; no crop, nothing is scaled before it is scored"),
        ("Scores that rank pixels", "graded: logits of the united mask, or the map"),
        ("Map normalisation", "none: raw scores, comparable from image to image" if automatic else "no maps"),
        ("Threshold of maps", _policy(policy) if automatic else "no maps"),
        ("Pooled or per image", "IoU, Dice and “per image” metrics: mean over images; the others pool all pixels"),
        ("Means", "plain mean over categories"),
        (
            "Pooled metrics",
            "exact"
            if largest == 0
            else f"counted in bins; no figure is further than {largest:.1g} from its exact value",
        ),
        ("Test images", _backgrounds(settings)),
        ("Epoch", _epoch(settings)),
    ]


def _without_place(command: str) -> str:
    """The command of a run, whatever folder it wrote to: two runs of one kind have one report."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    for number, word in enumerate(words):
        if word == "--out" and number + 1 < len(words):
            words[number + 1] = "FOLDER"
        elif word.startswith("--out="):
            words[number] = "--out=FOLDER"
    return shlex.join(words)


def _policy(policy: str | None) -> str:
    if policy == "f1_adaptive":
        return "f1_adaptive, chosen with the ground truth in view: an oracle"
    return f"{policy}, chosen without the test images' ground truth" if policy else "as in the settings"


def _backgrounds(settings: Mapping[str, Any]) -> str:
    background = settings.get("background")
    if not background:
        return "as they are"
    changed = ", ".join(settings.get("objects", ())) or "none"
    return (
        f"before other backgrounds ({background['kind']}, seed {background['seed']}), of {changed}; others as they are"
    )


def _epoch(settings: Mapping[str, Any]) -> str:
    trained = settings.get("simplenet")
    if not trained:
        return "nothing was trained on these images"
    return f"SimpleNet's last of {trained['epochs']}, trained on normal images; no test image had a part in it"


def _some(sizes: list[str]) -> str:
    return ", ".join(sizes[:4]) + (f" and {len(sizes) - 4} more" if len(sizes) > 4 else "") + " px"


def _versions() -> list[str]:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found
