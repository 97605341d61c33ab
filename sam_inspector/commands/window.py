"""`sam-inspector`, `open` and `demo`: the window."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from sam_inspector.commands.console import Console
from sam_inspector.commands.display import missing_display, qt_trouble
from sam_inspector.core.errors import SamInspectorError
from sam_inspector.models.registry import get_model_spec
from sam_inspector.resources_path import resources_path

DEMO_IMAGE = "tablet/test/chip/000.jpg"
"""The image that the demo begins with: a defect that one drag finds."""


class NoDisplayError(SamInspectorError):
    """No window can be shown here."""


def run(path: Path | None, model: str, device: str) -> None:
    """Open the window and stay until it is closed."""
    get_model_spec(model)
    _check_qt()
    missing = missing_display()
    if missing:
        raise NoDisplayError(f"{missing}: use a desktop, or the shell commands (“sam-inspector --help”).")
    if path is not None:
        from sam_inspector.data.datasets import open_path

        open_path(path)  # a wrong path is told in the shell, before a window comes up

    from sam_inspector.ui.app import run_window

    raise typer.Exit(run_window(path, model=model, device=device))


def demo(console: Console, model: str, device: str, picture: Path) -> None:
    """The window on the samples; without a display, one scripted segmentation in the same window, offscreen."""
    spec = get_model_spec(model)
    _check_qt()
    samples = resources_path() / "samples"
    missing = missing_display()
    if missing is None and os.environ.get("QT_QPA_PLATFORM") != "offscreen":
        from sam_inspector.ui.app import run_window

        raise typer.Exit(run_window(samples, start_key=DEMO_IMAGE, model=model, device=device))
    console.say(f"{missing or 'Qt is set to draw offscreen'}: the window is driven unseen through one segmentation.")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

    from sam_inspector.models.weights import get_weights
    from sam_inspector.ui.scripted_demo import run_scripted_demo

    with console.progress(f"Fetching {spec.title}") as report:
        get_weights(spec, report=report)
    outcome = run_scripted_demo(samples, DEMO_IMAGE, model=model, device=device, picture=picture)
    scores = outcome.scores
    lines = [
        f"{outcome.image}: IoU {scores.iou:.3f}, Dice {scores.dice:.3f}, precision {scores.precision:.3f}, "
        f"recall {scores.recall:.3f}, boundary IoU {scores.boundary_iou:.3f}",
        f"pixel AUROC {scores.p_auroc:.3f}, AP {scores.ap:.3f}, F1-max {scores.f1_max:.3f}, "
        f"predicted IoU {scores.predicted_iou:.3f}",
        f"encode {outcome.encode_seconds * 1000:.0f} ms, click {outcome.decode_seconds * 1000:.0f} ms, "
        f"{outcome.device_label}",
        f"A picture of the window is in {picture}",
    ]
    console.result("\n".join(lines), outcome.as_json())


def _check_qt() -> None:
    if sys.platform == "win32":
        import torch  # noqa: F401  there it must be loaded before Qt, or its libraries are not found
    trouble = qt_trouble()
    if trouble:
        raise NoDisplayError(trouble)
