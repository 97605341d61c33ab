"""Long work, stepped between requests: what each job is to do, and what its steps tell. Free of Qt and of torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.anomaly.simplenet.settings import Preparation, SimpleNetSettings
from sam_inspector.core.prompts import Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.foreground_works import AskForeground, FindForegrounds
from sam_inspector.engine.job_progress import JobProgress as JobProgress
from sam_inspector.engine.simplenet_works import LearnSimpleNet
from sam_inspector.engine.spt.works import TrainSpt
from sam_inspector.foreground.backgrounds import BackgroundSettings
from sam_inspector.methods.sam2sim import ForegroundChoice

if TYPE_CHECKING:
    from sam_inspector.data.datasets import Dataset, Sample
    from sam_inspector.engine.evaluate import EvaluateSettings
    from sam_inspector.engine.image_modes import ModeAnswer
    from sam_inspector.engine.image_rows import ImageRow
    from sam_inspector.engine.map_methods import MapWorks


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


@dataclass(frozen=True, slots=True)
class BuildClip:
    """Read sentences with CLIP, so that images can be mapped by them.

    Attributes
    ----------
    reference_paths
        Normal images to compare with as well; none leaves the few-shot branch out.
    """

    settings: ClipSettings
    reference_paths: tuple[Path, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class EvaluateImages:
    """Score modes over datasets, into a folder of results; its steps are `EvaluateProgress`.

    Attributes
    ----------
    model, device
        As in `ModelRequest`; the model in use is taken where it is the one named.
    out
        A folder that is new, empty, or holds a run.
    resume
        Go on with the run that is there; where there is none, one begins.
    replace
        Let another run take the place of the one that is there. With neither, a run that has results is left alone and
        this one refused.
    """

    datasets: tuple[Dataset, ...]
    settings: EvaluateSettings
    model: str
    out: Path
    device: str = "auto"
    resume: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True)
class EvaluateProgress(JobProgress):
    """One step of an evaluation.

    Attributes
    ----------
    category
        The one at hand.
    rows
        The results of an image that is done now, one a mode.
    categories
        Those of `results.json`, once they have changed: of a category that is complete, or all at the end.
    remarks
        Sentences on what the maps of the category at hand are made from.
    """

    category: str = ""
    rows: tuple[ImageRow, ...] = ()
    categories: tuple[Mapping[str, Any], ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparePane:
    """What one pane shows: one of `EVALUATE_MODES` or `BY_HAND`, answered by one model."""

    mode: str
    model: str


@dataclass(frozen=True, eq=False, slots=True)
class CompareImage:
    """One image under several modes and models; its steps are `CompareProgress`.

    Attributes
    ----------
    ground_truth
        bool `(H, W)`, or None: modes that start from it then tell so.
    settings
        How prompts and maps are made; its `modes` don't matter.
    category, map_works
        The image's category, and by category what maps are made from.
    prompts
        Those on screen, for the panes `BY_HAND`.
    models
        Those of panes that were answered before; they stay loaded too.
    """

    image: LoadedImage
    panes: tuple[ComparePane, ...]
    settings: EvaluateSettings
    ground_truth: NDArray[np.bool_] | None = None
    category: str = ""
    map_works: Mapping[str, MapWorks] = field(default_factory=dict)
    prompts: Prompts = field(default_factory=Prompts)
    device: str = "auto"
    models: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class CompareProgress(JobProgress):
    """One step of a comparison: a pane is being made ready (`text`), answered, or failed (`error`).

    Attributes
    ----------
    pane
        Index of the pane at hand.
    """

    pane: int = 0
    answer: ModeAnswer | None = None
    scores: MaskScores | None = None
    error: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class ExchangeImage:
    """Set an image of an object before another background; its step is an `ExchangeProgress`.

    Attributes
    ----------
    category
        Whose type tells whether there is a background.
    foreground
        How the object is found.
    """

    image: LoadedImage
    category: str
    settings: BackgroundSettings
    foreground: ForegroundChoice


@dataclass(frozen=True, eq=False, slots=True)
class ExchangeProgress(JobProgress):
    """What came of an `ExchangeImage`: the image, with an identity of its own, or None and why in `remark`."""

    image: LoadedImage | None = None
    remark: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class TrainSimpleNet:
    """Train SimpleNet on the normal images of a category, into a file; its steps are `SimpleNetProgress`.

    Attributes
    ----------
    resume
        Go on with the training in `out`; where there is none, one begins. Else a file that is there is left alone.
    device
        Where a backbone computes while no SAM model is loaded.
    preparation
        Done to the pixels of every image first.
    preview_paths, preview_every
        Images that are mapped while training goes on, after the first epoch and then every so many.
    test_samples
        With the paper protocol: the images that the epoch is chosen on.
    """

    paths: tuple[Path, ...]
    category: str
    settings: SimpleNetSettings
    out: Path
    resume: bool = False
    device: str = "auto"
    preparation: Preparation | None = None
    preview_paths: tuple[Path, ...] = ()
    preview_every: int = 10
    test_samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class BuildSimpleNet:
    """Load a SimpleNet, so that images can be mapped by it.

    Attributes
    ----------
    file
        As `TrainSimpleNet` wrote it.
    device
        Where a backbone computes while no SAM model is loaded.
    preparation
        The one that it was trained with.
    """

    file: Path
    device: str = "auto"
    preparation: Preparation | None = None


@dataclass(frozen=True, eq=False, slots=True)
class PreviewMap:
    """The map of an image by a network that is still being trained."""

    path: Path
    anomaly_map: AnomalyMap
    image_score: float


@dataclass(frozen=True, slots=True)
class SimpleNetProgress(JobProgress):
    """One step of a training.

    Attributes
    ----------
    epoch, epochs
        The one at work, counted from 1, of all; 0 while images are described.
    loss
        Of the last batch.
    losses
        The mean loss of each whole epoch, those of an earlier run too.
    seconds_left
        As far as it can be told.
    previews
        Maps after this step, where it is their turn.
    remarks
        Sentences that have come up with this step.
    """

    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    losses: tuple[float, ...] = ()
    seconds_left: float | None = None
    previews: tuple[PreviewMap, ...] = ()
    remarks: tuple[str, ...] = ()


JobWork = (
    EncodeImages
    | ClearCache
    | BuildReferences
    | BuildClip
    | LearnSimpleNet
    | EvaluateImages
    | CompareImage
    | ExchangeImage
    | TrainSimpleNet
    | TrainSpt
    | FindForegrounds
    | AskForeground
)


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """Long work, stepped between requests so that clicks are answered meanwhile.

    Attributes
    ----------
    work
        What to do; `engine.jobs` knows how.
    silent
        No row in the jobs strip, and no word when it fails (prefetching).
    urgent
        Somebody looks at the screen and waits for it: it goes before jobs that are not.
    """

    number: int
    title: str
    work: JobWork
    silent: bool = False
    urgent: bool = False
