"""Which images of datasets SAM can be tuned on: those with a defect that is marked."""

from __future__ import annotations

from collections.abc import Sequence

from sam_inspector.data.datasets import Dataset
from sam_inspector.engine.spt.works import TuneSample


def marked_samples(datasets: Sequence[Dataset]) -> tuple[TuneSample, ...]:
    """The images with a ground truth, good ones left out, in the order of the datasets."""
    return tuple(
        TuneSample(sample.path, sample.category, sample.mask_path)
        for dataset in datasets
        for sample in dataset.samples
        if sample.mask_path is not None and not sample.is_normal
    )
