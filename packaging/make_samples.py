"""Make the bundled sample dataset: `python packaging/make_samples.py` rewrites `resources/samples` identically.

Needs the `samples` extra (scikit-image, for its photograph of bricks). Every picture has a seed of its own, so a change
to one category leaves the others as they are.
"""

from __future__ import annotations

import argparse
import shutil
import zlib
from pathlib import Path

import cv2
import numpy as np
from sample_pictures.brick import BRICK
from sample_pictures.gear import GEAR
from sample_pictures.picture import Category, mask_of, photograph
from sample_pictures.tablet import TABLET

SEED = 20
JPEG_QUALITY = 92
TRAIN_GOOD = 6
TEST_GOOD = 3
SAMPLES = Path(__file__).resolve().parents[1] / "resources" / "samples"


def main() -> None:
    """Write every category below the folder that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES, help="where to write (default: %(default)s)")
    parser.add_argument("--category", help="only this category")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    for category in (BRICK, GEAR, TABLET):
        if arguments.category in (None, category.name):
            write(category, arguments.folder / category.name)
            print(f"{category.name}: done")


def write(category: Category, folder: Path) -> None:
    """Write one category in MVTec AD layout, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    for index in range(TRAIN_GOOD):
        _write_one(category, folder, "train", None, index)
    for index in range(TEST_GOOD):
        _write_one(category, folder, "test", None, index)
    for position, defect in enumerate(category.defects):
        _write_one(category, folder, "test", defect, category.defects[:position].count(defect))


def _write_one(category: Category, folder: Path, split: str, defect: str | None, index: int) -> None:
    kind = defect or "good"
    rng = np.random.default_rng([SEED, zlib.crc32(f"{category.name}/{split}/{kind}".encode()), index])
    scene = category.draw(rng, defect, index)
    picture = folder / split / kind / f"{index:03}.jpg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    colours = cv2.cvtColor(photograph(scene, rng), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(picture), colours, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if defect is not None:
        mask = folder / "ground_truth" / defect / f"{index:03}_mask.png"
        mask.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(mask), mask_of(scene), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
