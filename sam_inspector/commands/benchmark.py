"""`sam-inspector bench`: how fast this machine is, beside the plain path of the same run."""

from __future__ import annotations

import os
import platform
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_inspector import __version__
from sam_inspector.commands.console import Console
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.models.registry import get_model_spec

if TYPE_CHECKING:
    from sam_inspector.engine.bench import Rounds, Timing

TITLES = {
    "encode": "encode an image",
    "decode": "decode a box",
    "click": "a click: mask and scores",
    "cascade": "cascade; plain: three decodes",
    "metrics": "AUROC and AP of a megapixel",
    "pooled": "pixel metrics of pooled maps",
    "map_4": "map, 4 references",
    "map_32": "map, 32 references",
}


def run(console: Console, model: str, device: str, rounds: Rounds | None = None) -> None:
    """Measure and print; `rounds` says how often, for tests."""
    get_model_spec(model)
    began = time.perf_counter()
    import_module("sam_inspector.engine.inspector")
    import_module("sam_inspector.models.sam")
    import_s = time.perf_counter() - began

    from sam_inspector.engine.bench import Rounds, bench

    inspector = loaded_inspector(console, model, device)
    timings: dict[str, Timing] = {}
    with console.progress("Measuring") as report:
        for timing in bench(inspector, rounds or Rounds()):
            timings[timing.name] = timing
            report(len(timings) / len(TITLES), TITLES[timing.name])
    segmenter = inspector.segmenter
    rows = {name: _row(timing) for name, timing in timings.items()}
    machine = _machine()
    content = {
        "schema": "sam-inspector/bench/1",
        "version": __version__,
        "machine": machine,
        "engine": "torch",
        "model": {"name": segmenter.spec.name, "sha256": segmenter.spec.sha256},
        "device": segmenter.device.device,
        "dtype": segmenter.device.precision,
        "encode": rows["encode"],
        "decode": rows["decode"],
        "click": rows["click"],
        "cascade": rows["cascade"],
        "map": {**rows["map_4"], "references_4": rows["map_4"], "references_32": rows["map_32"]},
        "metrics": {**rows["metrics"], "pooled": rows["pooled"]},
        "import_s": round(import_s, 3),
    }
    heading = (
        f"{segmenter.spec.title}, {segmenter.device.label}, {machine['cpu']}, {machine['threads']} threads, "
        f"torch {machine['torch']}"
    )
    console.result(f"{heading}\n{table(timings)}\nImports take {import_s:.1f} s.", content)


def _row(timing: Timing) -> dict[str, float]:
    return {
        "median_ms": round(timing.median_ms, 2),
        "p95_ms": round(timing.p95_ms, 2),
        "reference_ms": round(timing.reference_ms, 2),
        "ratio": round(timing.ratio, 2),
    }


def table(timings: dict[str, Timing]) -> str:
    """A thing measured a line; the numbers stand flush right."""
    lines = [["", "median", "p95", "plain path", "times as fast"]]
    for name, title in TITLES.items():
        timing = timings[name]
        numbers = [f"{value:,.1f} ms" for value in (timing.median_ms, timing.p95_ms, timing.reference_ms)]
        lines.append([title, *numbers, f"{timing.ratio:.1f}"])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def _machine() -> dict[str, Any]:
    import torch

    from sam_inspector.models.devices import cpu_has_bfloat16, cpu_threads

    return {
        "system": platform.system(),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": cpu_threads(),
        "bfloat16": cpu_has_bfloat16(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _cpu_name() -> str:
    """What the processor calls itself; Python knows it on some systems only."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
