"""The marked images of a tuning: read, encoded once, and held on the disk while it lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from errno import ENOSPC
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from sam_inspector.core.errors import MaskError
from sam_inspector.data.atomic import write_failure
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.data.masks import mask_from_png, mask_to_png, read_mask
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.spt.works import TuneSample
from sam_inspector.methods.spt.judging import JudgedImage, judge
from sam_inspector.methods.spt.marked import MarkedImage, mark
from sam_inspector.methods.spt.schedule import Schedule
from sam_inspector.models.sam import SamSegmenter
from sam_inspector.models.segmenter import Embedding

FLIP_AXES: tuple[tuple[int, ...], ...] = ((), (1,), (0,), (0, 1))
"""Of an image, in the order of `schedule.FLIPS`."""


@dataclass(frozen=True, slots=True)
class HeldEmbedding:
    """Where an embedding lies."""

    file: Path
    size: tuple[int, int]
    model: str

    def read(self) -> Embedding:
        """The embedding, on the CPU."""
        tensors = load_file(self.file)
        stages = tuple(tensors[name] for name in sorted(tensors) if name.startswith("stage"))
        return Embedding(tensors["features"].float(), self.size, self.model, stages)


class HeldEmbeddings:
    """Embeddings in files of a folder of their own: memory is bounded however many there are."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="sam-inspector-")
        self._count = 0

    def put(self, embedding: Embedding, dtype: torch.dtype) -> HeldEmbedding:
        """Keep an embedding, its output in this type, float16 or float32.

        Raises
        ------
        StoreError
            When there is no room for it.
        """
        file = Path(self._folder.name) / f"{self._count}.safetensors"
        tensors = {"features": embedding.features.to("cpu", dtype).contiguous()}
        tensors |= {f"stage{number}": stage.cpu().contiguous() for number, stage in enumerate(embedding.stages)}
        try:
            save_file(tensors, file)
        except (OSError, SafetensorError) as error:
            cause = error if isinstance(error, OSError) else OSError(ENOSPC, str(error))
            raise write_failure(file, cause) from error
        self._count += 1
        return HeldEmbedding(file, embedding.size, embedding.model)

    def close(self) -> None:
        """Remove them all."""
        self._folder.cleanup()


@dataclass(eq=False, slots=True)
class LearntImages:
    """The images to learn from, each in all its flips: `methods.spt.tuning.Examples`."""

    schedule: Schedule
    held: HeldEmbeddings
    ids: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    _marked: list[tuple[MarkedImage, ...]] = field(default_factory=list)
    _held: list[tuple[HeldEmbedding, ...]] = field(default_factory=list)
    _paths: list[Path] = field(default_factory=list)

    def __len__(self) -> int:
        """How many images."""
        return len(self.ids)

    def category(self, image: int) -> str:
        """See `Examples.category`."""
        return self.categories[image]

    def embedding(self, image: int, flip: int) -> Embedding:
        """See `Examples.embedding`."""
        return self._held[image][flip].read()

    def marked(self, image: int, flip: int) -> MarkedImage:
        """See `Examples.marked`."""
        return self._marked[image][flip]

    def pixels(self, image: int, flip: int) -> NDArray[np.uint8]:
        """See `Examples.pixels`; read anew, for these would take much more room than embeddings."""
        return flipped(read_image(self._paths[image]), flip).pixels

    def add(
        self,
        image: LoadedImage,
        category: str,
        mask: NDArray[np.bool_],
        inspector: Inspector,
        cancelled: Callable[[], bool],
    ) -> Iterator[int]:
        """Take an image, a step a flip.

        Raises
        ------
        StoreError
            When there is no room for its embeddings.
        """
        marked, files = [], []
        for flip in range(self.schedule.flips):
            segmenter = inspector.segmenter
            assert isinstance(segmenter, SamSegmenter)
            embedding = inspector.embed(flipped(image, flip), cancelled=cancelled).embedding
            frame, side = segmenter.logits_frame(embedding), segmenter.logits_side
            turned = np.ascontiguousarray(np.flip(mask, FLIP_AXES[flip]))
            marked.append(mark(turned, frame, side, as_one=self.schedule.as_one))
            files.append(self.held.put(embedding, torch.float16))
            yield flip
        self.ids.append(image.image_id)
        self.categories.append(category)
        self._marked.append(tuple(marked))
        self._held.append(tuple(files))
        self._paths.append(image.path)


@dataclass(frozen=True, eq=False, slots=True)
class HeldOutImage:
    """An image to judge on.

    Attributes
    ----------
    zero_shot
        What SAM makes of it before it is tuned.
    """

    sample: TuneSample
    image_id: str
    zero_shot: JudgedImage
    _ground_truth: bytes
    _held: HeldEmbedding

    @classmethod
    def of(
        cls,
        sample: TuneSample,
        image: LoadedImage,
        mask: NDArray[np.bool_],
        segmenter: SamSegmenter,
        embedding: Embedding,
        held: HeldEmbeddings,
    ) -> HeldOutImage:
        """Look at an image for the first time."""
        seen = judge(segmenter, embedding, mask)
        png = mask_to_png(mask, one_bit=True)
        return cls(sample, image.image_id, seen, png, held.put(embedding, torch.float32))

    @property
    def ground_truth(self) -> NDArray[np.bool_]:
        """What is marked on it, bool `(H, W)`, not empty."""
        return mask_from_png(self._ground_truth)

    def judge(self, segmenter: SamSegmenter, *, encodes: bool) -> JudgedImage:
        """What a tuned SAM makes of it; with `encodes` by its own encoder, which is tuned as well."""
        truth = self.ground_truth
        if encodes:
            return judge(segmenter, segmenter.embed(read_image(self.sample.path).pixels), truth)
        return judge(segmenter, self._held.read(), truth)


def flipped(image: LoadedImage, flip: int) -> LoadedImage:
    """An image turned over, with an identity of its own."""
    if not FLIP_AXES[flip]:
        return image
    pixels = np.ascontiguousarray(np.flip(image.pixels, FLIP_AXES[flip]))
    return replace(image, pixels=pixels, image_id=f"{image.image_id}-flip{flip}")


def read_sample(sample: TuneSample) -> tuple[LoadedImage, NDArray[np.bool_]]:
    """An image and what is marked on it.

    Raises
    ------
    ImageReadError, MaskError
        When one can't be read, or nothing is marked.
    """
    image = read_image(sample.path)
    if sample.mask is not None:
        mask = sample.mask
        if mask.shape != (image.height, image.width):
            raise MaskError(f"The mask accepted on {sample.path.name} has another size than the image: accept it anew.")
    elif sample.mask_path is not None:
        mask = read_mask(sample.mask_path, width=image.width, height=image.height)
    else:
        raise MaskError(f"{sample.path.name} has no mask.")
    if not mask.any():
        raise MaskError(f"The mask of {sample.path.name} is empty: it shows no defect to learn.")
    return image, mask
