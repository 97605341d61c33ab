"""From a CLIP model's name to a network: the registry row, its weights, a device.

The networks are open_clip's, built without its own loading of weights: that would fetch them by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from open_clip.factory import get_model_config, list_models
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor, nn

from sam_inspector.core.errors import InputError, ModelError
from sam_inspector.models.backbone import never
from sam_inspector.models.checkpoints import read_checkpoint
from sam_inspector.models.checksums import file_sha256
from sam_inspector.models.clip import ClipModel
from sam_inspector.models.clip_registry import ClipSpec, get_clip_spec, require_clip_weights
from sam_inspector.models.devices import DeviceChoice, choose_device
from sam_inspector.models.torchscript_archive import is_torchscript_archive, read_torchscript_archive

ARCHIVE_MARK = "input_resolution"
"""A tensor that only OpenAI's own archives hold."""
NOT_WEIGHTS = (ARCHIVE_MARK, "context_length", "vocab_size", "attn_mask")
"""Constants that archives keep among the weights."""
PARALLEL_PREFIX = "module."
_OTHER_TEXT = ("hf_model_name", "hf_tokenizer_name", "tokenizer_kwargs", "embed_cls", "no_causal_mask", "proj_bias")


def load_clip(
    name: str,
    *,
    device: str = "auto",
    precision: str = "auto",
    report: Callable[[float, str], None] = lambda fraction, text: None,
    cancelled: Callable[[], bool] = never,
) -> ClipModel:
    """Load a CLIP model whose weights are there; nothing is fetched.

    Parameters
    ----------
    name
        A row of the registry, or `ARCHITECTURE@FILE`.
    report
        Told what is being done, from 0 to 1.

    Raises
    ------
    InputError
        For an unknown name, architecture or device.
    WeightsError
        When the weights are missing, not the right ones, or damaged; the message says how to get them.
    ModelError
        When they do not fit the network, or the device can't run it.
    Cancelled
        When `cancelled` said so.
    """
    spec = get_clip_spec(name)
    config = architecture_config(spec)
    choice = choose_device(device, precision)
    path = require_clip_weights(spec)
    report(0.0, f"Loading {spec.title}")
    digest = spec.weights.sha256 if spec.weights is not None else file_sha256(path, cancelled=cancelled)
    clip = build_clip(spec, config, read_clip_weights(path), choice, digest)
    report(1.0, f"{spec.title} is loaded")
    return clip


def architecture_config(spec: ClipSpec) -> dict[str, Any]:
    """Open_clip's description of the row's architecture.

    Raises
    ------
    InputError
        When open_clip does not know it, or it is no plain ViT with CLIP's own tokenizer.
    """
    config: dict[str, Any] | None = get_model_config(spec.architecture)
    if config is None or not _is_plain(config):
        plain = [name for name in list_models() if (other := get_model_config(name)) is not None and _is_plain(other)]
        what = "is not known to open_clip" if config is None else "is no plain ViT with CLIP's own text tower"
        raise InputError(f"The architecture “{spec.architecture}” {what}: choose one of {', '.join(plain)}.")
    return config


def _is_plain(config: dict[str, Any]) -> bool:
    vision, text = config["vision_cfg"], config["text_cfg"]
    return (
        set(config) <= {"embed_dim", "vision_cfg", "text_cfg", "quick_gelu"}
        and isinstance(vision.get("layers"), int)
        and not any(vision.get(key) for key in ("timm_model_name", "attentional_pool", "no_ln_pre"))
        and vision.get("pool_type", "tok") == "tok"
        and not vision.get("final_ln_after_pool")
        and not any(text.get(key) for key in _OTHER_TEXT)
        and text.get("pool_type", "argmax") == "argmax"
        and text.get("proj_type", "linear") == "linear"
    )


def read_clip_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of CLIP weights: TorchScript archive, plain checkpoint, or safetensors.

    Raises
    ------
    WeightsError
        When the file can't be read, is damaged or asks to run code.
    """
    if path.suffix != ".safetensors" and is_torchscript_archive(path):
        return read_torchscript_archive(path)
    return read_checkpoint(path)


def build_clip(
    spec: ClipSpec, config: dict[str, Any], weights: dict[str, Tensor], device: DeviceChoice, sha256: str
) -> ClipModel:
    """The network of an architecture with given weights, every tensor of them.

    Parameters
    ----------
    config
        As open_clip's: `embed_dim`, `vision_cfg`, `text_cfg` and perhaps `quick_gelu`.

    Raises
    ------
    ModelError
        When a tensor is missing or left over, or a shape differs.
    """
    has_quick_gelu = spec.has_quick_gelu or bool(config.get("quick_gelu")) or ARCHIVE_MARK in weights
    network: nn.Module = CLIP(
        config["embed_dim"], config["vision_cfg"], config["text_cfg"], quick_gelu=has_quick_gelu, cast_dtype=None
    )
    kept = {
        key.removeprefix(PARALLEL_PREFIX): value
        for key, value in weights.items()
        if key.rpartition(".")[2] not in NOT_WEIGHTS
    }
    try:
        network.load_state_dict(kept, strict=True)
    except RuntimeError as error:
        raise ModelError(
            f"These weights are not those of {spec.title} ({' '.join(str(error).splitlines()[-1].split())}): take the "
            "file from its makers, or name the architecture that it belongs to."
        ) from error
    tokenizer = SimpleTokenizer(context_length=network.context_length)
    return ClipModel(
        spec,
        network,
        device,
        tokenize=tokenizer,
        token_count=lambda sentence: len(tokenizer.encode(sentence)) + 2,
        weights_sha256=sha256,
    )
