"""What the steps of looking for foregrounds tell: frozen values, free of Qt and of torch."""

from __future__ import annotations

from dataclasses import dataclass

from sam_inspector.engine.foreground_works import FoundForeground, PackedForeground
from sam_inspector.engine.job_works import JobProgress
from sam_inspector.methods.sam2sim import ForegroundChoice


@dataclass(frozen=True, slots=True)
class ForegroundProgress(JobProgress):
    """One step of `FindForegrounds`.

    Attributes
    ----------
    found
        Of the image at hand; of an image that was shown before with another outline it takes that one's place.
    choice
        How it was found.
    trouble
        Why the image could not be looked at, as a sentence, or nothing.
    """

    found: FoundForeground | None = None
    choice: ForegroundChoice | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ForegroundAnswer(JobProgress):
    """The step of `AskForeground`."""

    answer: PackedForeground | None = None
