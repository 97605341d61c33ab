"""Stand-ins that count what is asked of them; quick, deterministic, and without torch until features are asked for."""

import threading
import time
from dataclasses import dataclass, field

import cv2
import numpy as np

from sam_inspector.core.errors import Cancelled, ModelError
from sam_inspector.models.backbone import never
from sam_inspector.models.registry import MODELS
from sam_inspector.models.segmenter import DecodedPrompt, Embedding

LOGIT = 4.0


class FakeTensor:
    """As much of a tensor as an `Embedding` needs."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def element_size(self) -> int:
        return 1

    def nelement(self) -> int:
        return self.size_bytes

    def cpu(self):
        """What the cache asks for before it writes: a stand-in stays in memory."""
        raise OSError("not kept on disk")


class FakeStage(FakeTensor):
    """A middle feature `(C, h, w)` that waits for torch until it is looked at."""

    def __init__(self, values):
        super().__init__(values.nbytes)
        self.values = values


def described(pixels, cell=16):
    """Mean colour, contrast and a constant of each cell of an image, float32 `(6, h, w)`: a stub of an encoder.

    Centred, so that cells of unlike colours point into unlike directions.
    """
    height, width = pixels.shape[:2]
    size = (max(1, round(width / cell)), max(1, round(height / cell)))
    colour = pixels.astype(np.float32) / 255 - 0.45
    gray = colour.mean(2)
    padded = np.pad(gray, 1, "wrap")  # so that a periodic texture has no border
    across = np.abs(padded[1:-1, 2:] - padded[1:-1, :-2])
    down = np.abs(padded[2:, 1:-1] - padded[:-2, 1:-1])
    planes = [*np.moveaxis(colour, 2, 0), across, down, np.full_like(gray, 0.1)]
    cells = [cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_AREA) for plane in planes]
    return np.stack(cells).reshape(6, size[1], size[0])


@dataclass
class FakeDevice:
    device: str = "cpu"
    precision: str = "float32"
    reason: str = "a stand-in"
    label: str = "CPU · fp32"


@dataclass
class FakeSegmenter:
    """Fills the box, else a disk of radius 10 around each positive point; negative points cut disks of 6 out.

    The three further masks are the same grown by 4, 8 and 12 pixels, of falling predicted IoU. Its middle feature
    is what `described` says of cells of `cell` pixels.
    """

    spec: object = field(default_factory=lambda: MODELS["mobile_sam"])
    device: FakeDevice = field(default_factory=FakeDevice)
    embed_seconds: float = 0.0
    decode_seconds: float = 0.0
    cell: int = 16
    embedded: int = 0
    decoded: list = field(default_factory=list)
    mask_inputs: list = field(default_factory=list)
    threads: set = field(default_factory=set)

    def embed(self, pixels, *, cancelled=never):
        self.threads.add(threading.current_thread().ident)
        self._work(self.embed_seconds, cancelled)
        self.embedded += 1
        stages = (FakeStage(described(pixels, self.cell)),)
        return Embedding(FakeTensor(1000), pixels.shape[:2], self.spec.name, stages)

    def _work(self, seconds, cancelled=never):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if cancelled():
                raise Cancelled("given up")
            time.sleep(0.002)

    def decode(self, embedding, prompts, mask_inputs=None):
        self._work(self.decode_seconds)
        inputs = list(mask_inputs) if mask_inputs is not None else [None] * len(prompts)
        self.decoded += list(prompts)
        self.mask_inputs += inputs
        return [self._answer(embedding, prompt) for prompt in prompts]

    def _answer(self, embedding, prompt):
        height, width = embedding.size
        mask = np.zeros((height, width), np.uint8)
        if prompt.box is not None:
            x0, y0, x1, y1 = (round(value) for value in prompt.box)
            mask[y0 : y1 + 1, x0 : x1 + 1] = 1
        else:
            for (x, y), label in zip(prompt.points, prompt.labels, strict=True):
                if label:
                    cv2.circle(mask, (round(x), round(y)), 10, 1, cv2.FILLED)
        for (x, y), label in zip(prompt.points, prompt.labels, strict=True):
            if not label:
                cv2.circle(mask, (round(x), round(y)), 6, 0, cv2.FILLED)
        rows, columns = self.logits_frame(embedding)
        masks = [mask] + [cv2.dilate(mask, np.ones((2 * r + 1, 2 * r + 1), np.uint8)) for r in (4, 8, 12)]
        logits = np.full((4, 256, 256), -LOGIT, np.float32)
        for place, grown in enumerate(masks):
            small = cv2.resize(grown, (columns, rows), interpolation=cv2.INTER_NEAREST)
            logits[place, :rows, :columns] = np.where(small, LOGIT, -LOGIT)
        return DecodedPrompt(logits, np.array([0.9, 0.8, 0.7, 0.6], np.float32))

    def upsample(self, embedding, logits):
        height, width = embedding.size
        rows, columns = self.logits_frame(embedding)
        part = np.ascontiguousarray(logits[:rows, :columns])
        return cv2.resize(part, (width, height), interpolation=cv2.INTER_NEAREST)

    def dense_features(self, embedding):
        import torch

        from sam_inspector.models.backbone import DenseFeatures

        if embedding.model != self.spec.name:
            raise ModelError(f"an embedding of {embedding.model}")
        levels = tuple(torch.from_numpy(stage.values) for stage in embedding.stages)
        return DenseFeatures(levels, embedding.size, f"sam:{self.spec.name}")

    def image_features(self, embedding):
        return self.dense_features(embedding)

    def logits_frame(self, embedding):
        height, width = embedding.size
        scale = 256 / max(height, width)
        return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def loader(segmenter):
    """A `load` for `Inspector` and the compute thread."""

    def load(name, *, device="auto", precision="auto", report=None, cancelled=never):
        return segmenter

    return load
