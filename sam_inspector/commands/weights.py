"""`sam-inspector models`: which models, backbones, CLIP models and foreground networks there are, and their weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from sam_inspector.commands.console import Console
from sam_inspector.core.errors import InputError, WeightsError
from sam_inspector.models.backbone_registry import BACKBONES, SAM_BACKBONE
from sam_inspector.models.clip_registry import CLIP_MODELS, DEFAULT_CLIP
from sam_inspector.models.foreground_registry import DEFAULT_FOREGROUND, FOREGROUNDS
from sam_inspector.models.registry import DEFAULT_MODEL, MODELS
from sam_inspector.models.weights import (
    WeightedRow,
    WeightsStatus,
    get_weights,
    verify,
    weights_file,
    weights_folder,
    weights_status,
)


class ListedRow(WeightedRow, Protocol):
    """A row with what a list says of it."""

    @property
    def size_bytes(self) -> int:
        """Size of what must be fetched."""

    @property
    def note(self) -> str:
        """One sentence that helps to choose."""


ROWS: dict[str, WeightedRow] = {**MODELS, **BACKBONES, **CLIP_MODELS, **FOREGROUNDS}


def list_models(console: Console) -> None:
    """Print every row of the registries with the state of its weights."""
    models = [
        _facts(row, row.name == DEFAULT_MODEL) | {"capabilities": sorted(row.capabilities)} for row in MODELS.values()
    ]
    backbones = [_facts(row, row.name == SAM_BACKBONE) for row in BACKBONES.values()]
    clip_models = [_facts(row, row.name == DEFAULT_CLIP) for row in CLIP_MODELS.values()]
    foregrounds = [_facts(row, row.name == DEFAULT_FOREGROUND) for row in FOREGROUNDS.values()]
    width = max(len(name) for name in ROWS)
    lines = [*_lines(models, width)]
    lines += ["", "Backbones of anomaly maps:", *_lines(backbones, width)]
    lines += ["", "CLIP models of text-guided maps:", *_lines(clip_models, width)]
    lines += ["", "Foreground networks:", *_lines(foregrounds, width)]
    content = {
        "models": models,
        "backbones": backbones,
        "clip": clip_models,
        "foregrounds": foregrounds,
        "folder": str(weights_folder()),
    }
    console.result("\n".join(lines), content)


def _lines(rows: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    """A line a row; where several files make up a row, one more for each of them."""
    for row in rows:
        yield (
            f"{row['name']:{width}}  {row['state']:8}  {row['size_bytes'] / 1e6:7.0f} MB  {row['licence']:12}  "
            f"{row['note']}{' (default)' if row['default'] else ''}"
        )
        if len(row["files"]) > 1:
            for file in row["files"]:
                yield f"{'':{width}}  {file['state']:8}  {file['size_bytes'] / 1e6:7.0f} MB  {file['name']}"


def _facts(spec: ListedRow, is_default: bool) -> dict[str, Any]:
    status = weights_status(spec) if spec.weights is not None else None
    return {
        "name": spec.name,
        "title": spec.title,
        "default": is_default,
        "licence": spec.licence,
        "size_bytes": spec.size_bytes,
        "sha256": spec.weights.joined_sha256 if spec.weights is not None else "",
        "state": status.state if status is not None else "built in",
        "path": str(status.path) if status is not None else "",
        "files": _files(status) if status is not None else [],
        "note": spec.note,
    }


def _files(status: WeightsStatus) -> list[dict[str, Any]]:
    return [
        {
            "name": one.file.name,
            "size_bytes": one.file.size_bytes,
            "sha256": one.file.sha256,
            "state": one.state,
            "path": str(one.path),
        }
        for one in status.files
    ]


def _row(name: str) -> WeightedRow:
    try:
        return ROWS[name]
    except KeyError:
        raise InputError(f"There is no model or backbone “{name}”: choose one of {', '.join(ROWS)}.") from None


def get(console: Console, name: str) -> None:
    """Fetch the weights of a model, backbone, CLIP model or foreground network."""
    spec = _row(name)
    facts = f" ({spec.weights.total_bytes / 1e6:,.0f} MB, licence {spec.licence})" if spec.weights is not None else ""
    with console.progress(f"Fetching {spec.title}{facts}") as report:
        path = get_weights(spec, report=report, replace_wrong=True)
    status = weights_status(spec)
    content = {
        "name": name,
        "path": str(path),
        "sha256": weights_file(spec).joined_sha256,
        "files": _files(status),
    }
    console.result(status.message.rstrip("."), content)


def verify_models(console: Console, name: str | None) -> None:
    """Compare the weights that are there with their SHA-256, or with their size where none is published."""
    specs = [_row(name)] if name is not None else [row for row in ROWS.values() if row.weights is not None]
    rows: list[dict[str, Any]] = []
    fine: list[str] = []
    wrong: list[str] = []
    for spec in specs:
        with console.progress(f"Checking {spec.title}") as report:
            status = verify(spec, report=report)
        rows.append(
            {
                "name": spec.name,
                "state": status.state,
                "path": str(status.path),
                "message": status.message,
                "files": _files(status),
            }
        )
        # Nobody has all models; one that was asked for by name should be there.
        is_wrong = status.state == "wrong" or (status.state == "missing" and name is not None)
        (wrong if is_wrong else fine).append(status.message)
    console.result("\n".join(fine), {"models": rows})
    if wrong:
        raise WeightsError(" ".join(wrong))


def path(console: Console) -> None:
    """Print the folder that weights lie in."""
    console.result(str(weights_folder()), {"folder": str(weights_folder())})
