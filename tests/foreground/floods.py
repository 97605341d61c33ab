"""A stand-in for SAM that follows colours: a point answers with the even patch it lies in."""

from dataclasses import dataclass

import cv2
import numpy as np

from sam_inspector.models.segmenter import DecodedPrompt, Embedding
from tests.fakes import FakeSegmenter, FakeStage, described

TOLERANCE = 40


def disk_on_noise(side=320, radius=80, *, seed=0, colour=(200, 60, 40), middle=None):
    """A coloured disk before gray noise, and its mask."""
    rng = np.random.default_rng(seed)
    pixels = np.repeat(rng.integers(80, 140, (side, side, 1), np.uint8), 3, axis=2)
    mask = np.zeros((side, side), np.uint8)
    cv2.circle(mask, middle or (side // 2, side // 2), radius, 1, cv2.FILLED)
    pixels[mask > 0] = colour
    return pixels, mask.astype(bool)


@dataclass
class FloodSegmenter(FakeSegmenter):
    """Fills the patch of even colour around each positive point, in the box; logits are four times signed distances.

    The four answers: the patch, its core, the patch, and the patch grown; the third is the surest.
    """

    scores: tuple = (0.9, 0.85, 0.95, 0.8)

    def embed(self, pixels, *, cancelled=None):
        self.embedded += 1
        rows, columns = self._frame(pixels.shape[:2])
        small = cv2.resize(cv2.GaussianBlur(pixels, (0, 0), 2), (columns, rows), interpolation=cv2.INTER_AREA)
        return Embedding(FakeStage(small), pixels.shape[:2], self.spec.name, (FakeStage(described(pixels, 8)),))

    def logits_frame(self, embedding):
        return self._frame(embedding.size)

    @staticmethod
    def _frame(size):
        scale = 256 / max(size)
        return tuple(max(1, int(side * scale + 0.5)) for side in size)

    def _answer(self, embedding, prompt):
        small = embedding.features.values
        rows, columns = small.shape[:2]
        scale = columns / embedding.size[1]
        region = np.zeros((rows, columns), np.uint8)
        for (x, y), label in zip(prompt.points, prompt.labels, strict=True):
            if label:
                filled = np.zeros((rows + 2, columns + 2), np.uint8)
                seed = (min(columns - 1, int((x + 0.5) * scale)), min(rows - 1, int((y + 0.5) * scale)))
                flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
                cv2.floodFill(small.copy(), filled, seed, 0, (TOLERANCE,) * 3, (TOLERANCE,) * 3, flags)
                region |= filled[1:-1, 1:-1]
        logits = np.full((4, 256, 256), -16, np.float32)
        for place, grow in enumerate((0, -4, 0, 4)):
            logits[place, :rows, :columns] = 4 * (signed_distance(region) + grow).clip(-4, 4)
        return DecodedPrompt(logits, np.array(self.scores, np.float32))


def signed_distance(region):
    """Pixels to the region's edge, above 0 inside it."""
    inside = cv2.distanceTransform(region, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(1 - region, cv2.DIST_L2, 3)
    return np.where(region > 0, inside, -outside)
