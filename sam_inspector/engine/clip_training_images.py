"""The images that CLIP's linear layers are trained on, and what CLIP says of them: computed once, kept on the disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sam_inspector.core.errors import InputError
from sam_inspector.data.datasets import Dataset, Sample
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.models.clip import ClipModel

LEFT_FREE_BYTES = 5_000_000_000
"""The disk is never filled beyond this."""
LARGEST_HALF = 65504.0
FOLDER_PREFIX = "sam-inspector-clip-"


@dataclass(frozen=True, slots=True)
class TrainingImage:
    """One image to train on; `key` names it by dataset and path within."""

    sample: Sample
    key: str


@dataclass(frozen=True, eq=False, slots=True)
class Described:
    """An image as training sees it.

    Attributes
    ----------
    taps
        float16 `(T, h × w, width)`, on the CPU.
    mask
        bool `(side, side)`: the defect, squashed like the image.
    """

    taps: Tensor
    mask: NDArray[np.bool_]


def training_images(datasets: Iterable[Dataset]) -> tuple[TrainingImage, ...]:
    """The images of test splits that are good, or have a mask.

    As published: the layers are trained on the test split of other datasets than the one they serve, since training
    splits show no defects.

    Raises
    ------
    InputError
        When there is no image with a mask.
    """
    found = tuple(
        TrainingImage(sample, f"{dataset.root.name}/{dataset.path_in_root(sample)}")
        for dataset in datasets
        for sample in dataset.samples
        if sample.split == "test" and (sample.is_normal or sample.mask_path is not None)
    )
    if not any(image.sample.mask_path is not None and not image.sample.is_normal for image in found):
        raise InputError(
            "There is nothing to train on: choose a dataset whose test split has images with masks of their defects."
        )
    return found


def images_sha256(images: Iterable[TrainingImage]) -> str:
    """Hash of the list of images, to know it again."""
    return hashlib.sha256("\n".join(image.key for image in images).encode()).hexdigest()


def _clear_left_behind() -> None:
    """Remove the folders of trainings that were killed: they may hold many gigabytes."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*-*"):
        number = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if number.isdigit() and not _is_running(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        return True  # asking there would end it; its own clean-up has to do
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class DescribedImages(AbstractContextManager["DescribedImages"]):
    """What CLIP says of images, by their number; kept in a temporary folder as far as there is room.

    Parameters
    ----------
    side
        That images are shown at, in pixels.
    most_bytes
        The most that the folder may take; the rest is computed anew whenever it is asked for.
    """

    def __init__(
        self,
        clip: ClipModel,
        images: tuple[TrainingImage, ...],
        side: int,
        most_bytes: int,
        cancelled: Callable[[], bool],
    ) -> None:
        self._clip = clip
        self._images = images
        self._side = side
        self._left_bytes = most_bytes
        self._cancelled = cancelled
        _clear_left_behind()
        self._folder = tempfile.TemporaryDirectory(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def of(self, number: int) -> Described:
        """What CLIP says of an image.

        Raises
        ------
        ImageReadError, MaskError
            When its files can't be read.
        Cancelled
            When `cancelled` said so.
        """
        path = Path(self._folder.name) / f"{number}.npz"
        if path.is_file():
            with np.load(path) as stored:
                return Described(torch.from_numpy(stored["taps"]), stored["mask"])
        described = self._describe(*self._read(number))
        self._keep(path, described)
        return described

    def mosaic_of(self, numbers: tuple[int, int, int, int]) -> Described:
        """What CLIP says of four images side by side, two by two, each at half the side."""
        half = self._side // 2
        rows = []
        masks = []
        for pair, height in ((numbers[:2], half), (numbers[2:], self._side - half)):
            tiles = [
                self._squashed(*self._read(number), (width, height))
                for number, width in zip(pair, (half, self._side - half), strict=True)
            ]
            rows.append(np.hstack([pixels for pixels, _ in tiles]))
            masks.append(np.hstack([mask for _, mask in tiles]))
        return self._describe(np.vstack(rows), np.vstack(masks))

    def _read(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        sample = self._images[number].sample
        image = read_image(sample.path)
        if sample.mask_path is None or sample.is_normal:
            return image.pixels, np.zeros((image.height, image.width), bool)
        return image.pixels, read_mask(sample.mask_path, width=image.width, height=image.height)

    def _describe(self, pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> Described:
        features = self._clip.describe(pixels, image_size=self._side, cancelled=self._cancelled)
        # Rounded whether kept or not: what is computed anew must be the same.
        taps = torch.stack(features.taps).float().clamp(-LARGEST_HALF, LARGEST_HALF).half().cpu().clone()
        return Described(taps, self._squashed(pixels[:1, :1], mask, (self._side, self._side))[1])

    @staticmethod
    def _squashed(
        pixels: NDArray[np.uint8], mask: NDArray[np.bool_], size: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        shown = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return shown, share > 0.5

    def _keep(self, path: Path, described: Described) -> None:
        size_bytes = described.taps.nbytes + described.mask.nbytes
        if size_bytes > self._left_bytes or shutil.disk_usage(path.parent).free < size_bytes + LEFT_FREE_BYTES:
            return
        with path.open("wb") as file:
            np.savez(file, taps=described.taps.numpy(), mask=described.mask)
        self._left_bytes -= size_bytes
