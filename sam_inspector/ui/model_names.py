"""Models by name, those of the registry and tuned ones: what a person reads for one, without a look into its file."""

from __future__ import annotations

from pathlib import Path

from sam_inspector.models.registry import MODELS
from sam_inspector.models.tuned.finding import SEPARATOR, SUFFIX, tuned_folder


def model_title(name: str) -> str:
    """What a person reads for a model, also for one that is gone: `MobileSAM + my-defects`."""
    if name in MODELS:
        return MODELS[name].title
    if name.endswith(SUFFIX):
        return Path(name).stem
    base, separator, stem = name.partition(SEPARATOR)
    return f"{MODELS[base].title} + {stem}" if base in MODELS and separator else name


def is_there(name: str) -> bool:
    """Whether a name is one of the registry, or that of a tuned model whose file lies in its place."""
    if name in MODELS:
        return True
    if name.endswith(SUFFIX):
        return Path(name).is_file()
    base, separator, stem = name.partition(SEPARATOR)
    return base in MODELS and bool(separator) and (tuned_folder() / f"{stem}{SUFFIX}").is_file()
