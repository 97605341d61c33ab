"""What every method that `sam-inspector map` knows has to offer, and what it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sam_inspector.anomaly.settings import FewShotSettings, ReferenceChoice
from sam_inspector.anomaly.simplenet.settings import DEFAULT_EPOCHS
from sam_inspector.commands.console import Console
from sam_inspector.commands.map_images import MapImages, names
from sam_inspector.core.calibration import Calibration
from sam_inspector.core.errors import InputError

if TYPE_CHECKING:
    # What can't be mapped is refused without waiting for torch.
    from sam_inspector.engine.map_methods import Mapper


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What was typed, for whatever method.

    Attributes
    ----------
    given
        The options that stood on the command line, as `--shots`; the others have their defaults.
    reference
        The folder of normal images.
    few_shot
        Which normal images, and how they are compared with.
    model
        The SAM model.
    clip
        The CLIP model.
    object_name, texts, adapter
        As typed; None where they were not.
    epochs
        Of SimpleNet's training.
    checkpoint
        A SimpleNet that was trained before; None trains one.
    foreground, foreground_model, category_type
        As typed; None where they were not.
    """

    given: frozenset[str]
    reference: Path | None
    few_shot: FewShotSettings
    model: str
    clip: str
    object_name: str | None
    texts: Path | None
    adapter: Path | None
    device: str
    epochs: int = DEFAULT_EPOCHS
    checkpoint: Path | None = None
    foreground: str | None = None
    foreground_model: str | None = None
    category_type: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class ReadyMaps:
    """A mapper that is ready, and what there is to tell of it.

    Attributes
    ----------
    facts
        For the JSON object.
    threshold
        Raw score that holds for every image; None where each image has its own.
    summary
        What the maps were made with, in a few words.
    remarks
        Sentences for the user.
    """

    mapper: Mapper
    facts: dict[str, Any]
    threshold: float | None
    summary: str
    remarks: tuple[str, ...]


class MapMaking(Protocol):
    """Maps by one method, with what was typed; to be made without torch."""

    @property
    def references(self) -> ReferenceChoice | None:
        """Which normal images are compared with; None for none."""
        ...

    def check(self, images: MapImages) -> None:
        """Refuse what can't be mapped, before anything is loaded.

        Raises
        ------
        SamInspectorError
            With the reason.
        """
        ...

    def ready(self, console: Console, images: MapImages) -> ReadyMaps:
        """Load what is needed."""
        ...


@dataclass(frozen=True, slots=True)
class MapRow:
    """A method of the command.

    Attributes
    ----------
    own_options
        Those that mean something to this method and not to every other.
    make
        From what was typed; refuses what it can without knowing the images.
    """

    name: str
    own_options: frozenset[str]
    make: Callable[[MapOptions], MapMaking]


def check_shots(choice: ReferenceChoice) -> None:
    """Refuse a number of normal images below 1.

    Raises
    ------
    InputError
        With what to do.
    """
    if choice.count < 1:
        raise InputError(f"{choice.count} normal images were asked for; ask for at least 1.")


def reference_facts(
    images: MapImages, used: int, calibration: Calibration, remarks: tuple[str, ...], seconds: float
) -> dict[str, Any]:
    """What the JSON object tells of normal images."""
    low, high = calibration.display_range
    return {
        "paths": names(images.references),
        "used": used,
        "threshold": calibration.threshold,
        "display_range": [low, high],
        "remarks": list(remarks),
        "seconds": seconds,
    }
