"""What the window asks of the compute thread and what comes back: frozen values, free of Qt and of torch.

The window imports this file when it opens, long before torch is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.calibration import Calibration
from sam_inspector.core.co_features import CoFeaturePoints
from sam_inspector.core.prompts import Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import AnomalyMap, Segmentation
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.job_works import (
    BuildClip as BuildClip,
    BuildReferences as BuildReferences,
    BuildSimpleNet as BuildSimpleNet,
    ClearCache as ClearCache,
    CompareImage as CompareImage,
    ComparePane as ComparePane,
    CompareProgress as CompareProgress,
    EncodeImages as EncodeImages,
    EvaluateImages as EvaluateImages,
    EvaluateProgress as EvaluateProgress,
    ExchangeImage as ExchangeImage,
    ExchangeProgress as ExchangeProgress,
    Job as Job,
    JobProgress as JobProgress,
    JobWork as JobWork,
    PreviewMap as PreviewMap,
    SimpleNetProgress as SimpleNetProgress,
    TrainSimpleNet as TrainSimpleNet,
)
from sam_inspector.engine.simplenet_works import LearnSimpleNet as LearnSimpleNet
from sam_inspector.engine.spt.works import (
    PreviewMask as PreviewMask,
    SptProgress as SptProgress,
    TrainSpt as TrainSpt,
    TuneSample as TuneSample,
)
from sam_inspector.prompting.cascade_settings import PASSES, CascadeSettings, CoFeatureSettings, ScoreRule

MapMethod = Literal["few-shot", "clip", "simplenet", "sam2sim"]


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
        Then also map it by this method, where it is ready.
    """

    image: LoadedImage
    preset: str = "recommended"
    with_map: MapMethod | None = None


@dataclass(frozen=True, eq=False, slots=True)
class MapInput:
    """A map and the raw score that it was cut at, as SAM gets them along with the prompts made from it."""

    anomaly_map: AnomalyMap
    threshold: float


@dataclass(frozen=True, eq=False, slots=True)
class CascadeInput:
    """Prompts are answered in three passes.

    Attributes
    ----------
    made_from
        The map that the prompts were made from. Its region says which of SAM's masks is meant, and it ranks pixels
        together with the mask, by the rule `score`. None leaves both to the mask.
    shown
        The pass whose mask counts, 1 to 3.
    """

    passes: CascadeSettings = field(default_factory=CascadeSettings)
    made_from: MapInput | None = None
    score: ScoreRule = "average"
    shown: int = PASSES


@dataclass(frozen=True, eq=False, slots=True)
class Accepted:
    """Regions accepted earlier.

    Attributes
    ----------
    mask
        bool `(H, W)`.
    prompts
        What they were made from: decoded again for the score map, which holds logits.
    cascade
        How; None in one pass.
    """

    mask: NDArray[np.bool_]
    prompts: Prompts = field(default_factory=Prompts)
    cascade: CascadeInput | None = None


@dataclass(frozen=True, eq=False, slots=True)
class SegmentRequest:
    """Turn prompts into the mask on screen, then score it.

    Attributes
    ----------
    number
        Counts up; a reply that is not of the newest number is stale.
    ground_truth
        bool `(H, W)`, or None where there is none.
    map_input
        Given to SAM with every prompt that was made from a map; None leaves it out.
    cascade
        None: one pass.
    """

    number: int
    image: LoadedImage
    prompts: Prompts
    options: SegmentOptions = field(default_factory=SegmentOptions)
    accepted: Accepted | None = None
    ground_truth: NDArray[np.bool_] | None = None
    map_input: MapInput | None = None
    cascade: CascadeInput | None = None


@dataclass(frozen=True, eq=False, slots=True)
class FindPoints:
    """Look for co-feature points on the map of an image.

    Attributes
    ----------
    threshold
        Raw score above which a pixel of the map is anomalous.
    """

    image: LoadedImage
    anomaly_map: AnomalyMap
    threshold: float
    settings: CoFeatureSettings


Request = ModelRequest | EmbedRequest | SegmentRequest | FindPoints


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
    """The answer to a `SegmentRequest`; with a cascade also the masks of all its passes."""

    request: SegmentRequest
    segmentation: Segmentation
    decode_seconds: float
    passes: tuple[Segmentation, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Scored:
    """The scores of a `Segmented`; with a cascade also the IoU of each pass, None without ground truth."""

    request: SegmentRequest
    scores: MaskScores
    pass_ious: tuple[float | None, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class PointsFound:
    """The answer to `FindPoints`."""

    request: FindPoints
    points: CoFeaturePoints
    seconds: float


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
class ClipReady:
    """Images can be mapped by sentences now.

    Attributes
    ----------
    sentences
        How many were read.
    calibration
        The references' own maps; None without references.
    references
        How many images are compared with; those that can't be read, and copies, are not among them.
    trained_on
        Categories that the adapter was trained on; empty without one.
    remarks
        What a person should know, a sentence each.
    """

    work: BuildClip
    sentences: int
    calibration: Calibration | None
    references: int
    trained_on: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class LearntReady:
    """Images can be mapped by a trained SimpleNet now.

    Attributes
    ----------
    calibration
        The maps of normal images.
    remarks
        What a person should know, a sentence each.
    """

    work: LearnSimpleNet
    calibration: Calibration
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Mapped:
    """The anomaly map of an image; `remark` is a sentence for the user, or empty.

    Attributes
    ----------
    calibration
        The maps of normal images; None for a map that is made without any.
    text_score
        What sentences alone say of the whole image, in [0, 1]; None for a method without.
    """

    image_id: str
    method: MapMethod
    anomaly_map: AnomalyMap
    image_score: float
    calibration: Calibration | None
    seconds: float
    remark: str = ""
    text_score: float | None = None


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
    | PointsFound
    | ReferencesReady
    | ClipReady
    | LearntReady
    | Mapped
    | JobStepped
    | JobEnded
    | Failed
)
