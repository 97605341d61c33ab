"""The first part of a tuning: images are read and encoded, and SAM is judged on the held-out ones as it is."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import Cancelled, ImageReadError, InputError, MaskError
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.spt.images import HeldEmbeddings, HeldOutImage, LearntImages, read_sample
from sam_inspector.engine.spt.works import SptProgress, TrainSpt, TuneSample
from sam_inspector.methods.spt.schedule import Schedule
from sam_inspector.models.sam import SamSegmenter


@dataclass(eq=False)
class EncodedImages:
    """The images of a tuning; `close` removes what was kept of them.

    Attributes
    ----------
    remarks
        What a person should know of them, a sentence each.
    """

    work: TrainSpt
    inspector: Inspector
    schedule: Schedule
    held_out: list[HeldOutImage] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._held = HeldEmbeddings()
        self.learnt = LearntImages(self.schedule, self._held)
        self._told = 0

    @property
    def segmenter(self) -> SamSegmenter:
        """The model that is tuned, as it is."""
        segmenter = self.inspector.segmenter
        assert isinstance(segmenter, SamSegmenter)
        return segmenter

    def close(self) -> None:
        """Remove the embeddings."""
        self._held.close()

    def take(self, told: SptProgress, cancelled: Callable[[], bool]) -> Generator[SptProgress]:
        """Read and encode all images, a step each time one is encoded.

        Raises
        ------
        InputError
            When none is left to learn from, or to judge on.
        Cancelled
            When `cancelled` said so.
        """
        learn, keep_back = self.work.settings.split([(sample.category, sample) for sample in self.work.samples])
        flips = self.schedule.flips
        told = replace(told, learnt=len(learn), held_out=len(keep_back))
        for number, sample in enumerate(learn):
            for flip in self._learn(sample, cancelled):
                yield replace(told, done=number * flips + flip + 1, text=f"Encoding {sample.path.name}")
                _stop_if(cancelled)
        for number, sample in enumerate(keep_back, start=1):
            self._keep_back(sample, cancelled)
            text = f"Judging SAM on {sample.path.name} before it is tuned"
            yield replace(told, done=len(learn) * flips + number, text=text)
            _stop_if(cancelled)
        if not len(self.learnt):
            raise InputError(" ".join(("No image is left to learn from.", *self.remarks)))
        if keep_back and not self.held_out:
            raise InputError(" ".join(("No image is left to judge on.", *self.remarks)))

    def new_remarks(self) -> tuple[str, ...]:
        """The remarks that have come up since this was asked last."""
        new = tuple(self.remarks[self._told :])
        self._told = len(self.remarks)
        return new

    def _learn(self, sample: TuneSample, cancelled: Callable[[], bool]) -> Generator[int]:
        read = self._read(sample)
        if read is not None:
            image, mask = read
            yield from self.learnt.add(image, sample.category, mask, self.inspector, cancelled)

    def _keep_back(self, sample: TuneSample, cancelled: Callable[[], bool]) -> None:
        read = self._read(sample)
        if read is None:
            return
        image, mask = read
        if image.image_id in self.learnt.ids:
            self.remarks.append(f"{sample.path.name} is not judged on: the same image is learnt from.")
            return
        embedding = self.inspector.embed(image, cancelled=cancelled).embedding
        self.held_out.append(HeldOutImage.of(sample, image, mask, self.segmenter, embedding, self._held))

    def _read(self, sample: TuneSample) -> tuple[LoadedImage, NDArray[np.bool_]] | None:
        try:
            return read_sample(sample)
        except (ImageReadError, MaskError) as error:
            self.remarks.append(f"Passed over: {error}")
            return None


def images_to_take(work: TrainSpt, schedule: Schedule) -> int:
    """In how many steps images are taken."""
    learn, keep_back = work.settings.split([(sample.category, sample) for sample in work.samples])
    return len(learn) * schedule.flips + len(keep_back)


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("Tuning was given up while images were encoded; nothing was written.")
