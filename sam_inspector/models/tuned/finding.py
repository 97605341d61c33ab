"""Tuned models by name: those that lie in the user's folder, and any file that is named by its path."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import platformdirs

from sam_inspector.core.errors import InputError
from sam_inspector.models.backbone import never
from sam_inspector.models.checksums import file_digest
from sam_inspector.models.registry import MODELS, ModelSpec, get_model_spec
from sam_inspector.models.tuned.manifest import TunedManifest, read_tuned_manifest

SEPARATOR = "+"
"""Between the model that was tuned and the name of the file, as in `mobile_sam+my-defects`."""
SUFFIX = ".safetensors"


def tuned_folder() -> Path:
    """Where the window keeps tuned models."""
    return platformdirs.user_data_path("sam-inspector", appauthor=False) / "tuned"


def tuned_models() -> tuple[ModelSpec, ...]:
    """Those in the user's folder; a file there that is none is passed over."""
    found = []
    for file in sorted(tuned_folder().glob(f"*{SUFFIX}")):
        try:
            found.append(tuned_spec(file))
        except InputError:
            continue
    return tuple(found)


def find_tuned(name: str) -> ModelSpec | None:
    """A tuned model by its name, as `mobile_sam+my-defects`, or by the path of its file; None where it is neither.

    Raises
    ------
    InputError
        When the file is damaged, or no tuned model.
    """
    if name.endswith(SUFFIX):
        return tuned_spec(Path(name))
    base, separator, stem = name.partition(SEPARATOR)
    file = tuned_folder() / f"{stem}{SUFFIX}"
    if not separator or not stem or Path(stem).name != stem or not file.is_file():
        return None
    spec = tuned_spec(file)
    return spec if spec.name == name and base in MODELS else None


def tuned_spec(file: Path) -> ModelSpec:
    """The row of a tuned model.

    Raises
    ------
    InputError
        When there is no such file, it is damaged, or was made from a model that there is not.
    """
    manifest = read_tuned_manifest(file)
    if manifest.base not in MODELS:
        raise InputError(f"{file} was tuned on a model “{manifest.base}”, which is not known here: choose another.")
    stat = file.stat()
    return _spec(file.resolve(), manifest, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _spec(file: Path, manifest: TunedManifest, _mtime_ns: int, _size: int) -> ModelSpec:
    base = MODELS[manifest.base]
    images = f"{len(manifest.images)} image" + ("" if len(manifest.images) == 1 else "s")
    return ModelSpec(
        name=f"{base.name}{SEPARATOR}{file.stem}",
        title=f"{base.title} + {file.stem}",
        family=base.family,
        licence=base.licence,
        paper="Yang et al. 2024, “Promptable Anomaly Segmentation with SAM Through Self-Perception Tuning”, "
        "https://arxiv.org/abs/2411.17217",
        homepage=base.homepage,
        weights=base.weights,
        adapter="sam_inspector.models.tuned.tuned_segmenter:load_tuned",
        arguments=(*base.arguments, ("base", base.name), ("tuned", str(file))),
        capabilities=base.capabilities - {"multimask"},
        note=f"Tuned on {images} of {', '.join(manifest.categories)}.",
        tuned_sha256=file_digest(file, "sha256", cancelled=never),
        encoder="" if manifest.recipe.encoder_lora else base.name,
    )


def tuned_manifest(name: str) -> TunedManifest:
    """What the file of a tuned model says, by the model's name or the file's path.

    Raises
    ------
    InputError
        When there is no such model, or its file is damaged.
    """
    return manifest_of(get_model_spec(name))


def manifest_of(spec: ModelSpec) -> TunedManifest:
    """What the file of a tuned model says.

    Raises
    ------
    InputError
        When the model is none that was tuned, or its file is damaged or gone.
    """
    if not spec.tuned_sha256:
        raise InputError(f"{spec.title} is not tuned: name a file that “train spt” wrote, or tune it.")
    return read_tuned_manifest(Path(dict(spec.arguments)["tuned"]))


def untuned_spec(spec: ModelSpec) -> ModelSpec:
    """The model that a tuned one was made from; any other is given back."""
    return MODELS[dict(spec.arguments)["base"]] if spec.tuned_sha256 else spec


def check_base(manifest: TunedManifest, base: ModelSpec, name: str) -> None:
    """Refuse a model that this was not tuned on.

    Parameters
    ----------
    name
        What the tuned model is called in the message.

    Raises
    ------
    InputError
        For another model, or other weights of it.
    """
    if manifest.base != base.name:
        raise InputError(
            f"{name} was tuned on {manifest.base} and means nothing for {base.name}: choose that model, or tune "
            "this one."
        )
    if manifest.base_sha256 != base.sha256:
        raise InputError(
            f"{name} was tuned on other weights of {base.name} than those in use: fetch the same again, or tune these."
        )
