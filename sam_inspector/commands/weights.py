"""`sam-inspector models`: which models there are, and their weights."""

from __future__ import annotations

from sam_inspector.commands.console import Console
from sam_inspector.core.errors import WeightsError
from sam_inspector.models.registry import DEFAULT_MODEL, MODELS, get_model_spec
from sam_inspector.models.weights import get_weights, verify, weights_folder, weights_status


def list_models(console: Console) -> None:
    """Print every row of the registry with the state of its weights."""
    rows = []
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
    width = max(len(spec.name) for spec in MODELS.values())
    lines = [
        f"{row['name']:{width}}  {row['state']:8}  {int(str(row['size_bytes'])) / 1e6:7.0f} MB  {row['licence']}  "
        f"{row['note']}{' (default)' if row['default'] else ''}"
        for row in rows
    ]
    console.result("\n".join(lines), {"models": rows, "folder": str(weights_folder())})


def get(console: Console, name: str) -> None:
    """Fetch the weights of a model."""
    spec = get_model_spec(name)
    with console.progress(f"Fetching {spec.title}") as report:
        path = get_weights(spec, report=report, replace_wrong=True)
    console.result(f"{spec.title} is ready at {path}", {"name": name, "path": str(path), "sha256": spec.sha256})


def verify_models(console: Console, name: str | None) -> None:
    """Compare the weights that are there with their SHA-256."""
    specs = [get_model_spec(name)] if name is not None else list(MODELS.values())
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
