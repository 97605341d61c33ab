"""SimpleNets that were trained on the way to maps: kept among the user's caches, each under all that it depends on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import platformdirs

from sam_inspector.anomaly.simplenet.manifest import read_simplenet_manifest
from sam_inspector.anomaly.simplenet.recipe import simplenet_recipe
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.core.errors import InputError

LIMIT_BYTES = 1024**3
"""More than a hundred of them."""
FORMAT = "1"
"""Part of every name; another one when training changes."""
_LONGEST_NAME = 40


def simplenets_folder() -> Path:
    """Where they go; it may be deleted at any time."""
    return platformdirs.user_cache_path("sam-inspector", appauthor=False) / "simplenets"


def simplenet_place(
    folder: Path,
    category: str,
    settings: SimpleNetSettings,
    *,
    features: Sequence[str],
    preparation: str,
    images: Sequence[str],
) -> Path:
    """The file of a training.

    Parameters
    ----------
    features
        Name of the features, hash of the weights that make them, and precision.
    preparation
        What is done to the images first; empty for nothing.
    images
        Hash of each normal image, in order.
    """
    recipe = simplenet_recipe(settings).said()
    told = [FORMAT, category, asdict(settings), recipe, list(features), preparation, list(images)]
    digest = hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=12).hexdigest()
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", category)[:_LONGEST_NAME]
    return folder / f"{readable}-{digest}.safetensors"


def make_room(folder: Path, keep: Path) -> None:
    """Remove those that were used least recently, while all of them take too much room."""
    with suppress(OSError):
        keep.touch()
    files = []
    for file in folder.glob("*.safetensors") if folder.is_dir() else ():
        with suppress(OSError):
            files.append((file.stat().st_mtime, file.stat().st_size, file))
    total = sum(size for _, size, _ in files)
    for _, size, file in sorted(files):
        if total <= LIMIT_BYTES or file == keep:
            break
        with suppress(OSError):
            file.unlink()
            total -= size


def drop_damaged(file: Path) -> None:
    """Remove a file that can't be read: it is trained anew."""
    try:
        if file.exists():
            read_simplenet_manifest(file)
    except InputError:
        with suppress(OSError):
            file.unlink()
