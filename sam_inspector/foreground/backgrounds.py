"""Other backgrounds for an object: flat, graded, cloudy, or photos of the user's; the same one for an image each time.

Hak and Kim (Sam2Sim) insert a pseudo-background before each test image is looked at, and do not say which; the kinds
are this project's choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import ImageReadError, InputError
from sam_inspector.data.images import is_image_name, read_thumbnail
from sam_inspector.foreground.perlin import perlin_noise

BackgroundKind = Literal["mixed", "flat", "gradient", "perlin", "photos"]
MOST_PHOTOS_TRIED = 20
"""Damaged photos are passed over; after so many in a row the folder is given up."""


@dataclass(frozen=True, slots=True)
class BackgroundSettings:
    """Which backgrounds objects are set before.

    Attributes
    ----------
    kind
        `flat`: one random colour. `gradient`: from one colour to another in a random direction. `perlin`: clouds of
        two colours. `photos`: cut-outs of photos. `mixed`: one of the first three for each image, and photos too where
        there is a folder.
    seed
        Another seed gives every image another background.
    folder
        Where the photos are.
    feather_px
        Standard deviation of the soft edge between object and background, in pixels; 0 for a hard one.
    """

    kind: BackgroundKind = "mixed"
    seed: int = 0
    folder: Path | None = None
    feather_px: float = 1.0


class Backgrounds:
    """Makes the background of each image.

    Raises
    ------
    InputError
        When photos are asked for and their folder is missing, can't be read or holds no image.
    """

    def __init__(self, settings: BackgroundSettings) -> None:
        self.settings = settings
        self._photos = _photos_in(settings)
        drawn: dict[BackgroundKind, Callable[[int, int, np.random.Generator], NDArray[np.uint8]]] = {
            "flat": flat,
            "gradient": gradient,
            "perlin": clouds,
        }
        if self._photos:
            drawn["photos"] = self._photo
        self._makers = tuple(drawn.values()) if settings.kind == "mixed" else (drawn[settings.kind],)

    def make(self, image_id: str, height: int, width: int) -> NDArray[np.uint8]:
        """The background of an image: depends on its content, the seed, its size and the photos, and on nothing else.

        Returns
        -------
        uint8 `(height, width, 3)`, RGB.

        Raises
        ------
        InputError
            When no photo can be read.
        """
        rng = image_generator(self.settings.seed, image_id)
        return self._makers[int(rng.integers(len(self._makers)))](height, width, rng)

    def _photo(self, height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        order = rng.permutation(len(self._photos))[:MOST_PHOTOS_TRIED]
        for place in order:
            try:
                photo = read_thumbnail(self._photos[int(place)], 2 * max(height, width))
            except ImageReadError:
                continue
            return cut_out(photo, height, width, rng)
        raise InputError(
            f"None of {len(order)} photos in {self.settings.folder} can be read: choose another folder of backgrounds."
        )


def image_generator(seed: int, image_id: str) -> np.random.Generator:
    """Random numbers that belong to an image, the same in each run and each process."""
    digest = blake2b(f"{seed}\n{image_id}".encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def flat(height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One colour; uint8 `(height, width, 3)`, RGB."""
    return np.full((height, width, 3), _colour(rng), np.uint8)


def gradient(height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """From one colour to another in a straight direction; uint8 `(height, width, 3)`, RGB."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    along = np.float32(np.sin(angle)) * rows[:, None] + np.float32(np.cos(angle)) * columns[None, :]
    span = float(along.max() - along.min())
    return _between(_colour(rng), _colour(rng), (along - along.min()) / np.float32(max(span, 1.0)))


def clouds(height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Perlin noise between two colours; uint8 `(height, width, 3)`, RGB."""
    one, other = _colour(rng), _colour(rng)
    noise = perlin_noise(height, width, rng, cells=float(rng.uniform(3, 12)))
    low, high = float(noise.min()), float(noise.max())
    return _between(one, other, (noise - np.float32(low)) / np.float32(max(high - low, 1e-6)))


def cut_out(photo: NDArray[np.uint8], height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A random part of a photo, uint8 `(h, w, 3)`, of the format and size asked for: at least half of what fits."""
    rows, columns = photo.shape[:2]
    scale = min(rows / height, columns / width) * rng.uniform(0.5, 1.0)
    part = (max(1, min(rows, round(height * scale))), max(1, min(columns, round(width * scale))))
    top, left = (int(rng.integers(whole - side + 1)) for whole, side in zip((rows, columns), part, strict=True))
    cut = photo[top : top + part[0], left : left + part[1]]
    shrinks = part[0] > height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(cut, (width, height), interpolation=how), np.uint8)


def _colour(rng: np.random.Generator) -> NDArray[np.uint8]:
    return rng.integers(0, 256, 3, np.uint8)


def _between(one: NDArray[np.uint8], other: NDArray[np.uint8], share: NDArray[np.float32]) -> NDArray[np.uint8]:
    mixed = one.astype(np.float32) + share[..., None] * (other.astype(np.float32) - one.astype(np.float32))
    return np.rint(mixed).clip(0, 255).astype(np.uint8)


def _photos_in(settings: BackgroundSettings) -> tuple[Path, ...]:
    """The photos by name; none where none are asked for."""
    folder = settings.folder
    if folder is None:
        if settings.kind == "photos":
            raise InputError("Backgrounds from photos need a folder of photos: choose one.")
        return ()
    if settings.kind not in ("photos", "mixed"):
        return ()
    try:
        photos = tuple(sorted(path for path in folder.iterdir() if is_image_name(path.name) and path.is_file()))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"The folder of backgrounds {folder} can't be read ({reason}): choose another one.") from error
    if not photos:
        raise InputError(f"The folder of backgrounds {folder} holds no images: choose another one.")
    return photos
