"""The things the window does with files; each runs on the file thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from sam_inspector.core.collecting import many_new_objects
from sam_inspector.core.errors import SamInspectorError, StoreError
from sam_inspector.core.prompts import Prompts, PromptSet, PromptSetItem
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.core.work import ImageWork
from sam_inspector.data.datasets import Dataset, Sample, open_path
from sam_inspector.data.export import export_masks
from sam_inspector.data.images import LoadedImage, read_image, read_size, read_thumbnail
from sam_inspector.data.maps import read_map
from sam_inspector.data.masks import read_mask
from sam_inspector.data.prompt_files import (
    check_prompt_set_item,
    match_prompt_set,
    read_prompt_set,
    write_prompt_set,
)
from sam_inspector.data.review_store import ItemScore, ReviewStore, WorkSummary
from sam_inspector.resources_path import resources_path
from sam_inspector.ui.canvas.overlays import MapOverlay, MaskOverlay
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.file_thread import LOW, OPEN, SAVE, FileState
from sam_inspector.ui.panels.image_rows import ImageListing, ImageRow

THUMBNAIL_PX = 96


@dataclass(frozen=True, eq=False, slots=True)
class OpenedDataset:
    """A dataset, the sample to begin with, what is known of its images, and where the work is kept.

    `samples` and `listing` tell its images by their key and for the list, made here as they may be 100,000.
    `store_is_expected` is False where the work had to go elsewhere, because the folder can't be written.
    """

    dataset: Dataset
    samples: Mapping[str, Sample]
    listing: ImageListing
    start: Sample | None
    summaries: tuple[WorkSummary, ...]
    store_path: Path | None
    store_is_expected: bool
    trouble: str


def _is_bundled(root: Path) -> bool:
    """Whether a dataset is the program's own, whose folder is no place for a user's work even if it can be written."""
    return root.is_relative_to(resources_path())


def _store_of(root: Path) -> ReviewStore:
    return ReviewStore.open(root, beside_data=not _is_bundled(root))


@dataclass(frozen=True, eq=False)
class OpenPath:
    """Open an image, a folder or a dataset, and the review that belongs to it."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    path: Path

    def run(self, state: FileState) -> OpenedDataset:
        """List the images and open the store. Without a store the images can still be looked at."""
        with many_new_objects():
            return self._open(state)

    def _open(self, state: FileState) -> OpenedDataset:
        dataset, start = open_path(self.path)
        trouble = ""
        store: ReviewStore | None = None
        try:
            store = _store_of(dataset.root)
            summaries = tuple(store.all_summaries())
            if store.recovered_from is not None:
                trouble = (
                    f"The saved work of this folder was damaged; it was set aside as {store.recovered_from.name} "
                    "and a new review begun."
                )
        except SamInspectorError as error:
            summaries = ()
            trouble = f"{error} Until then nothing you do here is kept."
        state.replace_store(store)
        samples = {dataset.path_in_root(sample): sample for sample in dataset.samples}
        return OpenedDataset(
            dataset,
            samples,
            _listing(dataset, samples),
            start,
            summaries,
            store.path if store else None,
            _is_bundled(dataset.root) or (store is not None and store.is_beside_data),
            trouble,
        )


def _listing(dataset: Dataset, samples: Mapping[str, Sample]) -> ImageListing:
    several = len(dataset.categories) > 1
    return ImageListing.of(
        ImageRow(
            key,
            sample.relative_path.partition("/")[2] if sample.split else sample.relative_path,
            sample.split,
            sample.defect,
            sample.category if several else "",
            sample.path,
            sample.mask_path is not None,
        )
        for key, sample in samples.items()
    )


@dataclass(frozen=True, eq=False, slots=True)
class ReadSample:
    """An image with all that painting it needs."""

    sample: Sample
    image: LoadedImage
    pyramid: ImagePyramid
    ground_truth: NDArray[np.bool_] | None
    ground_truth_overlay: MaskOverlay | None
    ground_truth_problem: str
    work: ImageWork | None
    trouble: str
    exchanged: bool = False
    """Whether the image was set before another background: an experiment, of which nothing is kept"""


@dataclass(frozen=True, eq=False)
class ReadSampleTask:
    """Read the image to show, its ground truth and the work done on it."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    sample: Sample

    def run(self, state: FileState) -> ReadSample:
        """Read all; a damaged mask or store costs only itself."""
        image = read_image(self.sample.path)
        ground_truth, problem = None, ""
        if self.sample.mask_path is not None:
            try:
                ground_truth = read_mask(self.sample.mask_path, width=image.width, height=image.height)
            except SamInspectorError as error:
                problem = str(error)
        work, trouble = None, ""
        if state.store is not None:
            try:
                work = state.store.load_work(image.image_id)
            except SamInspectorError as error:
                trouble = str(error)
        if work is not None and work.accepted is not None and work.accepted.shape != image.pixels.shape[:2]:
            work, trouble = None, f"The saved mask of {self.sample.name} has another size; it is left alone."
        return ReadSample(
            self.sample,
            image,
            ImagePyramid.from_pixels(image.pixels),
            ground_truth,
            None if ground_truth is None else MaskOverlay.from_mask(ground_truth),
            problem,
            work,
            trouble,
        )


@dataclass(frozen=True, eq=False)
class ThumbnailTask:
    """Make a small picture for the images panel."""

    priority: ClassVar[int] = LOW
    newest_only: ClassVar[bool] = False
    path: Path

    def run(self, state: FileState) -> QImage:
        """Read it small."""
        pixels = np.ascontiguousarray(read_thumbnail(self.path, THUMBNAIL_PX))
        height, width = pixels.shape[:2]
        return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


@dataclass(frozen=True, eq=False)
class SaveWork:
    """Keep the work on one image."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = False
    image_id: str
    key: str
    work: ImageWork
    root: Path

    def run(self, state: FileState) -> None:
        """Write it, in one transaction; work that was kept back may be of a dataset that is no longer open."""
        if state.store is None:
            return
        if state.store.root == self.root.resolve():
            state.store.save_work(self.image_id, self.key, self.work)
            return
        with closing(_store_of(self.root)) as store:
            store.save_work(self.image_id, self.key, self.work)


@dataclass(frozen=True, eq=False)
class SaveScores:
    """Keep the scores of the mask of one image; None when it has no mask any more."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = False
    image_id: str
    key: str
    score: ItemScore | None

    def run(self, state: FileState) -> None:
        """Write them."""
        if state.store is not None:
            state.store.save_scores(self.image_id, self.key, self.score)


@dataclass(frozen=True, eq=False)
class ReadMaskTask:
    """Read a mask file that the user picked as ground truth of the image on screen."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    path: Path
    image: LoadedImage

    def run(self, state: FileState) -> tuple[NDArray[np.bool_], MaskOverlay]:
        """Read and prepare it."""
        mask = read_mask(self.path, width=self.image.width, height=self.image.height)
        return mask, MaskOverlay.from_mask(mask)


@dataclass(frozen=True, eq=False)
class ReadMapTask:
    """Read an anomaly map that the user picked for the image on screen."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    path: Path
    image: LoadedImage

    def run(self, state: FileState) -> tuple[AnomalyMap, MapOverlay]:
        """Read and prepare it; it is stretched over the image where it is smaller."""
        anomaly_map = read_map(self.path)
        return anomaly_map, MapOverlay.from_map(anomaly_map, self.image.width, self.image.height)


def _kept_work(dataset: Dataset, store: ReviewStore) -> Iterator[tuple[Sample, str, ImageWork]]:
    """The work on the images of a dataset, in its order, with the hash of the file it was done on."""
    summaries = {summary.relative_path: summary for summary in store.all_summaries()}
    for sample in dataset.samples:
        summary = summaries.get(dataset.path_in_root(sample))
        work = store.load_work(summary.image_id) if summary is not None else None
        if summary is not None and work is not None:
            yield sample, summary.image_id, work


def _open_store(state: FileState) -> ReviewStore:
    if state.store is None:
        raise StoreError("There is no saved work: the review of this folder could not be opened.")
    return state.store


@dataclass(frozen=True, eq=False)
class ExportMasks:
    """Write the accepted masks of the dataset as PNG files."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = True
    folder: Path
    dataset: Dataset

    def run(self, state: FileState) -> int:
        """Write one file an image, laid out as the dataset is; gives how many."""
        kept = _kept_work(self.dataset, _open_store(state))
        masks = ((sample, work.accepted) for sample, _, work in kept if work.accepted is not None)
        return sum(1 for _ in export_masks(self.folder, masks))


@dataclass(frozen=True, eq=False)
class ExportPrompts:
    """Write the prompts of one category as a prompt set; a set belongs to one category."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = True
    file: Path
    dataset: Dataset
    category: str

    def run(self, state: FileState) -> int:
        """Write the file; gives the number of images in it."""
        items = []
        for sample, image_id, work in _kept_work(self.dataset, _open_store(state)):
            if sample.category != self.category or not work.all_prompts:
                continue
            found_id, width, height = read_size(sample.path)
            if found_id == image_id:  # else the file was changed since, and its prompts are not for it
                items.append(PromptSetItem(sample.relative_path, image_id, (width, height), work.all_prompts))
        prompt_set = PromptSet(self.dataset.layout, self.category, "user", None, (), 0, tuple(items))
        write_prompt_set(self.file, prompt_set)
        return len(items)


@dataclass(frozen=True, eq=False)
class LoadPrompts:
    """Read a prompt set and keep its prompts as work on the images they belong to."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    file: Path
    dataset: Dataset

    def run(self, state: FileState) -> tuple[tuple[str, Prompts], ...]:
        """Check every image before anything is kept, so that a set that does not fit changes nothing."""
        store = _open_store(state)
        matched = match_prompt_set(read_prompt_set(self.file), self.dataset)
        for item, sample in matched:
            check_prompt_set_item(item, read_image(sample.path))
        for item, sample in matched:
            work = store.load_work(item.image_id) or ImageWork()
            store.save_work(item.image_id, self.dataset.path_in_root(sample), replace(work, prompts=item.prompts))
        return tuple((item.image_id, item.prompts) for item, _ in matched)
