"""What can't be tuned is refused before anything is encoded, and without torch."""

from __future__ import annotations

from pathlib import Path

from sam_inspector.core.errors import InputError
from sam_inspector.data.atomic import write_failure
from sam_inspector.engine.spt.works import TrainSpt
from sam_inspector.models.registry import ModelSpec, get_model_spec


def training_file(out: Path) -> Path:
    """Where the state of a tuning is kept that is not finished."""
    return out.with_name(f"{out.name}.training")


def check_spt(work: TrainSpt) -> None:
    """Tell before minutes of work what can't be done.

    Raises
    ------
    InputError, StoreError
        As `train_spt`.
    """
    work.settings.check()
    check_tunable(get_model_spec(work.model))
    if not work.samples:
        raise InputError("There is no image with a mask to learn from: mark defects, or open a dataset with masks.")
    work.settings.split([(sample.category, sample) for sample in work.samples])
    if work.out.is_dir():
        raise InputError(f"{work.out} is a folder: name a file for the tuned model.")
    if not work.resume and (work.out.exists() or training_file(work.out).exists()):
        raise InputError(f"{work.out} is there already: go on with that tuning, or name another file.")
    try:
        work.out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failure(work.out, error) from error


def check_tunable(spec: ModelSpec) -> None:
    """Refuse a model that has not SAM's decoder in torch.

    Raises
    ------
    InputError
        For SAM 2, networks for ONNX Runtime, and models that are tuned already.
    """
    if spec.tuned_sha256:
        raise InputError(f"{spec.title} is tuned already: tune the model that it was made from, on more images.")
    if spec.family != "sam" or spec.runtime != "torch":
        raise InputError(f"{spec.title} can't be tuned: choose MobileSAM, or SAM ViT-B, ViT-L or ViT-H.")
