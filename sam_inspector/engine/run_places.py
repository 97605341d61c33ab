"""Where a run's masks and maps go in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from sam_inspector.data.datasets import Sample
from sam_inspector.data.export import exported_mask_path
from sam_inspector.engine.modes import AUTOMATIC_MODES

Key = tuple[str, str]
"""Category, and path from its folder: what tells the images of a run apart."""


class RunPlaces:
    """The places of all images of a run; of two images `a.jpg` and `a.png` the second's mask is `a.png.png`."""

    def __init__(self, out: Path, samples: Sequence[Sample]) -> None:
        self.out = out
        self._places: dict[Key, PurePosixPath] = {}
        taken: set[PurePosixPath] = set()
        for sample in samples:
            place = exported_mask_path(sample)
            if place in taken:
                place = place.with_name(sample.path.name + ".png")
            taken.add(place)
            self._places[key_of(sample)] = place

    def place(self, sample: Sample) -> PurePosixPath:
        """That of an image's mask, below the folder of a mode."""
        return self._places[key_of(sample)]

    def put(self, sample: Sample, place: PurePosixPath) -> None:
        """Give an image a place that was found elsewhere."""
        self._places[key_of(sample)] = place

    def mask_path(self, sample: Sample, mode: str) -> Path:
        """Where the mask of an image goes."""
        return self.out / "masks" / mode / self._places[key_of(sample)]

    def map_path(self, sample: Sample, mode: str) -> Path:
        """Where the map of an image goes."""
        return (self.out / "maps" / mode / self._places[key_of(sample)]).with_suffix(".tiff")


def key_of(sample: Sample) -> Key:
    """What tells an image of a run from the others."""
    return sample.category, sample.relative_path


def has_map_file(mode: str) -> bool:
    """Whether a mode's maps are written where maps are saved: of those that score the map alone."""
    return mode in AUTOMATIC_MODES and AUTOMATIC_MODES[mode].answer == "map"
