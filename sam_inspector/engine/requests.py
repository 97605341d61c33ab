"""What the window asks of the compute thread and what comes back: frozen values, free of Qt and of torch.

The window imports this file when it opens, long before torch is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.core.calibration import Calibration
from sam_inspector.core.prompts import Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import AnomalyMap, Segmentation
from sam_inspector.data.images import LoadedImage


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """How prompts become a mask.

    Attributes
    ----------
    refine
        A further click starts from the logits of the mask before it. Holds for prompts made by hand; generated ones
        are decoded in one go, as the published evaluation does.
    single_point_multimask
        One point alone gets the best of SAM's three masks by predicted IoU, as SAM's authors advise, instead of the
        single-mask output.
    preset
        `recommended`, or `faithful` to the first system's released rules (opening, its own way of merging).
    """

    refine: bool = True
    single_point_multimask: bool = True
    preset: str = "recommended"


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Load a model; its weights are fetched first when they are missing."""

    name: str
    device: str = "auto"
    precision: str = "auto"


@dataclass(frozen=True, eq=False, slots=True)
class EmbedRequest:
    """Encode the image on screen, before anybody clicks.

    Attributes
    ----------
    with_map
        Then also map it against the references, where they are ready.
    """

    image: LoadedImage
    preset: str = "recommended"
    with_map: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class MapInput:
    """A map that SAM gets along with the prompts made from it; the threshold is a raw score."""

    anomaly_map: AnomalyMap
    threshold: float


@dataclass(frozen=True, eq=False, slots=True)
class SegmentRequest:
    """Turn prompts into the mask on screen, then score it.

    Attributes
    ----------
    number
        Counts up; a reply that is not of the newest number is stale.
    accepted
        bool `(H, W)` of regions accepted earlier, or None.
    accepted_prompts
        What those were made from; they are decoded again for the score map, which holds logits.
    ground_truth
        bool `(H, W)`, or None where there is none.
    map_input
        Given to SAM with every prompt that was made from a map; None leaves it out.
    """

    number: int
    image: LoadedImage
    prompts: Prompts
    options: SegmentOptions = field(default_factory=SegmentOptions)
    accepted: NDArray[np.bool_] | None = None
    accepted_prompts: Prompts = field(default_factory=Prompts)
    ground_truth: NDArray[np.bool_] | None = None
    map_input: MapInput | None = None


Request = ModelRequest | EmbedRequest | SegmentRequest


@dataclass(frozen=True, slots=True)
class JobProgress:
    """One step of a long job: items done so far of all, and what it is at."""

    done: int
    total: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class EncodeImages:
    """Encode images ahead; those that can't be read are passed over, they tell it when they are opened."""

    paths: tuple[Path, ...]
    preset: str = "recommended"


@dataclass(frozen=True, slots=True)
class ClearCache:
    """Forget all embeddings."""


@dataclass(frozen=True, slots=True)
class BuildReferences:
    """Describe normal images, so that others can be mapped against them."""

    paths: tuple[Path, ...]
    settings: FewShotSettings


JobWork = EncodeImages | ClearCache | BuildReferences


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """Long work, stepped between requests so that clicks are answered meanwhile.

    Attributes
    ----------
    work
        What to do; `engine.jobs` knows how.
    silent
        No row in the jobs strip, and no word when it fails (prefetching).
    """

    number: int
    title: str
    work: JobWork
    silent: bool = False


@dataclass(frozen=True, slots=True)
class ModelProgress:
    """How far fetching or loading a model is, from 0 to 1."""

    fraction: float
    text: str


@dataclass(frozen=True, slots=True)
class ModelReady:
    """A model can be asked."""

    name: str
    title: str
    device_label: str
    device_reason: str


@dataclass(frozen=True, slots=True)
class Encoding:
    """An image is being encoded now."""

    image_id: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """An image is encoded; `seconds` is None when it was remembered."""

    image_id: str
    seconds: float | None


@dataclass(frozen=True, eq=False, slots=True)
class Segmented:
    """The answer to a `SegmentRequest`."""

    request: SegmentRequest
    segmentation: Segmentation
    decode_seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class Scored:
    """The scores of a `Segmented`."""

    request: SegmentRequest
    scores: MaskScores


@dataclass(frozen=True, eq=False, slots=True)
class ReferencesReady:
    """Images can be mapped now.

    Attributes
    ----------
    calibration
        The references' own maps.
    references
        How many images are compared with; those that can't be read, and copies, are not among them.
    remarks
        What a person should know about the references, a sentence each.
    """

    work: BuildReferences
    calibration: Calibration
    bank_tokens: int
    references: int
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Mapped:
    """The anomaly map of an image; `remark` is a sentence for the user, or empty."""

    image_id: str
    anomaly_map: AnomalyMap
    image_score: float
    calibration: Calibration
    seconds: float
    remark: str = ""


@dataclass(frozen=True, slots=True)
class JobStepped:
    """A job went on."""

    job: Job
    progress: JobProgress


@dataclass(frozen=True, slots=True)
class JobEnded:
    """A job is over; `error` is None when all went well."""

    job: Job
    outcome: Literal["done", "cancelled", "failed"]
    error: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Failed:
    """A request could not be answered; `message` is one sentence for the user."""

    request: Request
    message: str


Reply = (
    ModelProgress
    | ModelReady
    | Encoding
    | Embedded
    | Segmented
    | Scored
    | ReferencesReady
    | Mapped
    | JobStepped
    | JobEnded
    | Failed
)
