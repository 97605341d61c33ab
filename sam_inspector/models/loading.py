"""From a model's name to a segmenter that can be asked: the registry row, its weights, a device, the network."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from sam_inspector.models.backbone import never
from sam_inspector.models.devices import DeviceChoice, choose_device
from sam_inspector.models.registry import Runtime, get_model_spec
from sam_inspector.models.segmenter import Segmenter
from sam_inspector.models.weights import get_weights, weights_paths


def _choose_onnx_device(wanted: str, precision: str) -> DeviceChoice:
    from sam_inspector.models.onnx_runtime import choose_onnx_device  # it takes a while to import

    return choose_onnx_device(wanted, precision)


DEVICES: dict[Runtime, Callable[[str, str], DeviceChoice]] = {"torch": choose_device, "onnx": _choose_onnx_device}
"""Who chooses the device of a model, by what computes it."""


def load_segmenter(
    name: str,
    *,
    device: str = "auto",
    precision: str = "auto",
    report: Callable[[float, str], None] = lambda fraction, text: None,
    cancelled: Callable[[], bool] = never,
) -> Segmenter:
    """Load a model of the registry; its weights are fetched first when they are missing.

    Parameters
    ----------
    report
        Told how far fetching is, from 0 to 1.

    Raises
    ------
    InputError
        For an unknown model or device name.
    WeightsError
        When the weights can't be had or are damaged.
    ModelError
        When they do not fit the network, or the device can't run it.
    Cancelled
        When `cancelled` said so.
    """
    spec = get_model_spec(name)
    choice = DEVICES[spec.runtime](device, precision)
    get_weights(spec, report=report, cancelled=cancelled)
    report(1.0, f"Loading {spec.title}")
    module, _, builder = spec.adapter.partition(":")
    segmenter: Segmenter = getattr(import_module(module), builder)(spec, weights_paths(spec), choice)
    return segmenter
