"""`sam-inspector models`: which models, backbones and CLIP models there are, and their weights."""

from __future__ import annotations

from sam_inspector.commands.console import Console
from sam_inspector.core.errors import InputError, WeightsError
from sam_inspector.models.backbone_registry import BACKBONES, SAM_BACKBONE
from sam_inspector.models.clip_registry import CLIP_MODELS, DEFAULT_CLIP
from sam_inspector.models.registry import DEFAULT_MODEL, MODELS
from sam_inspector.models.weights import (
    WeightedRow,
    get_weights,
    verify,
    weights_file,
    weights_folder,
    weights_status,
)

ROWS: dict[str, WeightedRow] = {**MODELS, **BACKBONES, **CLIP_MODELS}


def list_models(console: Console) -> None:
    """Print every row of the registries with the state of its weights."""
    models, backbones, clip_models = _model_rows(), _backbone_rows(), _clip_rows()
    width = max(len(name) for name in ROWS)
    lines = [_line(row, width) for row in models]
    lines += ["", "Backbones of anomaly maps:", *(_line(row, width) for row in backbones)]
    lines += ["", "CLIP models of text-guided maps:", *(_line(row, width) for row in clip_models)]
    content = {"models": models, "backbones": backbones, "clip": clip_models, "folder": str(weights_folder())}
    console.result("\n".join(lines), content)


def _line(row: dict[str, object], width: int) -> str:
    return (
        f"{row['name']:{width}}  {row['state']:8}  {int(str(row['size_bytes'])) / 1e6:7.0f} MB  {row['licence']:12}  "
        f"{row['note']}{' (default)' if row['default'] else ''}"
    )


def _model_rows() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for spec in MODELS.values():
        status = weights_status(spec)
        rows.append(
            {
                "name": spec.name,
                "title": spec.title,
                "default": spec.name == DEFAULT_MODEL,
                "licence": spec.licence,
                "size_bytes": spec.size_bytes,
                "sha256": spec.sha256,
                "state": status.state,
                "path": str(status.path),
                "capabilities": sorted(spec.capabilities),
                "note": spec.note,
            }
        )
    return rows


def _backbone_rows() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for spec in BACKBONES.values():
        status = weights_status(spec) if spec.weights is not None else None
        rows.append(
            {
                "name": spec.name,
                "title": spec.title,
                "default": spec.name == SAM_BACKBONE,
                "licence": spec.licence,
                "size_bytes": spec.size_bytes,
                "sha256": spec.weights.sha256 if spec.weights is not None else "",
                "state": status.state if status is not None else "built in",
                "path": str(status.path) if status is not None else "",
                "note": spec.note,
            }
        )
    return rows


def _clip_rows() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for spec in CLIP_MODELS.values():
        status = weights_status(spec)
        rows.append(
            {
                "name": spec.name,
                "title": spec.title,
                "default": spec.name == DEFAULT_CLIP,
                "licence": spec.licence,
                "size_bytes": spec.size_bytes,
                "sha256": weights_file(spec).sha256,
                "state": status.state,
                "path": str(status.path),
                "note": spec.note,
            }
        )
    return rows


def _row(name: str) -> WeightedRow:
    try:
        return ROWS[name]
    except KeyError:
        raise InputError(f"There is no model or backbone “{name}”: choose one of {', '.join(ROWS)}.") from None


def get(console: Console, name: str) -> None:
    """Fetch the weights of a model, backbone or CLIP model."""
    spec = _row(name)
    facts = f" ({spec.weights.size_bytes / 1e6:,.0f} MB, licence {spec.licence})" if spec.weights is not None else ""
    with console.progress(f"Fetching {spec.title}{facts}") as report:
        path = get_weights(spec, report=report, replace_wrong=True)
    console.result(
        f"{spec.title} is ready at {path}", {"name": name, "path": str(path), "sha256": weights_file(spec).sha256}
    )


def verify_models(console: Console, name: str | None) -> None:
    """Compare the weights that are there with their SHA-256, or with their size where none is published."""
    specs = [_row(name)] if name is not None else [row for row in ROWS.values() if row.weights is not None]
    rows: list[dict[str, str]] = []
    fine: list[str] = []
    wrong: list[str] = []
    for spec in specs:
        with console.progress(f"Checking {spec.title}") as report:
            status = verify(spec, report=report)
        rows.append({"name": spec.name, "state": status.state, "path": str(status.path), "message": status.message})
        # Nobody has all models; one that was asked for by name should be there.
        is_wrong = status.state == "wrong" or (status.state == "missing" and name is not None)
        (wrong if is_wrong else fine).append(status.message)
    console.result("\n".join(fine), {"models": rows})
    if wrong:
        raise WeightsError(" ".join(wrong))


def path(console: Console) -> None:
    """Print the folder that weights lie in."""
    console.result(str(weights_folder()), {"folder": str(weights_folder())})
