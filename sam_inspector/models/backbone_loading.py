"""From a backbone's name to a network that describes images: the registry row, its weights, a device."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from sam_inspector.core.errors import InputError, WeightsError
from sam_inspector.models.backbone import Backbone, never
from sam_inspector.models.backbone_registry import SAM_BACKBONE, get_backbone_spec
from sam_inspector.models.checkpoints import read_checkpoint
from sam_inspector.models.devices import choose_device
from sam_inspector.models.weights import get_weights

PRESETS = ("recommended", "faithful")


def load_backbone(
    name: str,
    *,
    preset: str = "recommended",
    device: str = "auto",
    precision: str = "auto",
    report: Callable[[float, str], None] = lambda fraction, text: None,
    cancelled: Callable[[], bool] = never,
) -> Backbone:
    """Load a backbone of the registry; its weights are fetched first when they are missing.

    Ask beforehand (`weights_status`, and the row's size and licence): some are large.

    Parameters
    ----------
    name
        Any but `sam`, whose features come with the embedding of the SAM model in use.
    preset
        `recommended`, or `faithful` to the publication's preprocessing.
    report
        Told how far fetching is, from 0 to 1.

    Raises
    ------
    InputError
        For an unknown name, preset or device, and for `sam`.
    WeightsError
        When the weights can't be had or are damaged.
    ModelError
        When they do not fit the network, or the device can't run it.
    Cancelled
        When `cancelled` said so.
    """
    spec = get_backbone_spec(name)
    if preset not in PRESETS:
        raise InputError(f"There is no preset “{preset}”: choose {' or '.join(PRESETS)}.")
    if spec.weights is None:
        raise InputError(
            f"The backbone “{name}” is the encoder of the SAM model in use: its features come with the embedding, "
            "choose another to load one alone."
        )
    choice = choose_device(device, precision)
    try:
        path = get_weights(spec, report=report, cancelled=cancelled)
    except WeightsError as error:
        raise WeightsError(f"{error} The backbone “{SAM_BACKBONE}” works without further weights.") from error
    report(1.0, f"Loading {spec.title}")
    module, _, builder = spec.adapter.partition(":")
    backbone: Backbone = getattr(import_module(module), builder)(spec, read_checkpoint(path), choice, preset)
    return backbone
