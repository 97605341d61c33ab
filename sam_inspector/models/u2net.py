"""U²-Net: how much each pixel belongs to the object that stands out.

Source: Qin et al. 2020, "U²-Net"; the network is computed by ONNX Runtime. As published, the image is squashed to
320 × 320, divided by its highest value, and brought to ImageNet's mean and deviation. (Divided by 255 instead, images
of three categories came out the same but for 0.2 % of their pixels.) Deviation: the output is taken as it is and not
stretched to fill 0 to 1, which would make an object of noise where there is none.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.models.backbone import never
from sam_inspector.models.devices import DeviceChoice
from sam_inspector.models.foreground_registry import DEFAULT_FOREGROUND, ForegroundSpec, get_foreground_spec
from sam_inspector.models.onnx_runtime import OnnxNetwork, choose_onnx_device
from sam_inspector.models.weights import get_weights
from sam_inspector.models.weights_state import nothing

SIDE = 320
PIXEL_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
PIXEL_STD = np.array([0.229, 0.224, 0.225], np.float32)


class U2NetForeground:
    """Marks the foreground of images."""

    def __init__(self, spec: ForegroundSpec, network: OnnxNetwork, device: DeviceChoice) -> None:
        self.spec = spec
        self.device = device
        self._network = network

    @property
    def identity(self) -> str:
        """Name and weights: what a foreground that is kept depends on."""
        return f"{self.spec.name}:{self.spec.weights.sha256}"

    def foreground(self, pixels: NDArray[np.uint8], *, cancelled: Callable[[], bool] = never) -> NDArray[np.float32]:
        """How much each pixel belongs to the foreground.

        Parameters
        ----------
        pixels
            uint8 `(H, W, 3)`, RGB, of any size from one pixel on.

        Returns
        -------
        float32 `(H, W)` in [0, 1].

        Raises
        ------
        Cancelled
            When `cancelled` said so.
        ModelError
            When the network could not be run.
        """
        height, width = pixels.shape[:2]
        small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        image = (small / max(float(small.max()), 1.0) - PIXEL_MEAN) / PIXEL_STD
        inputs = {self._network.inputs[0]: np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)}
        # The first output is the fusion of the others, which were trained beside it.
        (fused,) = self._network.run(inputs, self._network.outputs[:1], cancelled=cancelled)
        full = cv2.resize(fused[0, 0], (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(full.reshape(height, width), 0, 1), np.float32)


def load_u2net(
    name: str = DEFAULT_FOREGROUND,
    *,
    device: str = "auto",
    report: Callable[[float, str], None] = nothing,
    cancelled: Callable[[], bool] = never,
) -> U2NetForeground:
    """Load a foreground network; its weights are fetched first when they are missing.

    Raises
    ------
    InputError
        For an unknown name or device.
    WeightsError
        When the weights can't be had or are damaged.
    ModelError
        When the device can't run it.
    Cancelled
        When `cancelled` said so.
    """
    spec = get_foreground_spec(name)
    choice = choose_onnx_device(device)
    path = get_weights(spec, report=report, cancelled=cancelled)
    return U2NetForeground(spec, OnnxNetwork(path, choice), choice)
