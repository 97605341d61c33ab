"""What the window remembers between runs: choices in one settings file, its geometry in another."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal, TypeVar

import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

from sam_inspector.core.errors import StoreError
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.data.atomic import write_atomic
from sam_inspector.engine.requests import MapMethod
from sam_inspector.models.clip_registry import DEFAULT_CLIP
from sam_inspector.ui.evaluate.choices import EvaluateChoices
from sam_inspector.ui.evaluate.words import IOU_AND_AUROC

Kept = TypeVar("Kept", bound=BaseModel)

logger = logging.getLogger(__name__)

APP = "sam-inspector"
RECENT_KEPT = 8


class LayerSetting(BaseModel):
    """One layer of the canvas."""

    visible: bool
    opacity: float


class SentencesSetting(BaseModel):
    """Sentences of the user's own for CLIP."""

    normal: tuple[str, ...]
    abnormal: tuple[str, ...]
    templates: tuple[str, ...]

    def texts(self) -> TextPrompts:
        """As CLIP is told them; unchecked."""
        return TextPrompts(self.normal, self.abnormal, self.templates)


class ClipSetting(BaseModel):
    """What maps by sentences are made from."""

    names: dict[str, str] = {}
    """What the objects of a category are called, where that was typed."""
    model: str = DEFAULT_CLIP
    layers: str = ""
    """File of trained layers; empty without."""
    sentences: SentencesSetting | None = None
    """None: those that come with the program."""


class EvaluateSetting(BaseModel):
    """What was chosen in the Evaluate view."""

    choices: EvaluateChoices = EvaluateChoices()
    roots: tuple[str, ...] = ()
    """Folders of datasets that were added there."""
    metric: str = IOU_AND_AUROC
    out_parent: str = ""
    """Where new folders of results are proposed; empty: among the user's documents."""
    unfinished: EvaluateChoices | None = None
    """The run that goes on, or was stopped."""


class PaneSetting(BaseModel):
    """One pane of the Compare view; no model stands for the one in the tool bar."""

    mode: str
    model: str = ""


class CompareSetting(BaseModel):
    """What the Compare view shows; no panes stand for the first ones."""

    panes: list[PaneSetting] = []
    pair: tuple[int, int] = (0, 1)
    difference: bool = True
    summary: bool = True
    cross_hair: bool = True


class Settings(BaseModel):
    """Choices of the user; a file that does not fit is set aside and the defaults hold."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    theme: Literal["system", "light", "dark"] = "system"
    model: str = "mobile_sam"
    device: str = "auto"
    refine: bool = True
    single_point_multimask: bool = True
    sort_candidates: bool = True
    three_passes: bool = False
    source: Literal["hand", "gt", "auto"] = "hand"
    gt_mode: str = "b"
    gt_preset: str = "recommended"
    gt_points: int = 20
    automatic_method: Literal["few-shot", "clip", "simplenet", "sam2sim", "cascade"] = "few-shot"
    automatic_map: MapMethod | None = None
    """Whose map the cascade takes, where that was chosen"""
    clip: ClipSetting = ClipSetting()
    compare: CompareSetting = CompareSetting()
    evaluate: EvaluateSetting = EvaluateSetting()
    layers: dict[str, LayerSetting] = {}
    recent: list[str] = []
    last_image: str = ""

    def remember(self, path: Path, image: str) -> None:
        """Put a folder first among the recent ones."""
        text = str(path)
        self.recent = [text, *(other for other in self.recent if other != text)][:RECENT_KEPT]
        self.last_image = image


class WindowState(BaseModel):
    """Where the window was; Qt's own bytes, in hexadecimal."""

    geometry: str = ""
    panels: str = ""
    moved: bool = False
    """Whether the user arranged the panels, so that the window leaves them alone."""
    low: bool | None = None
    """Whether they were arranged for a low window."""


def settings_path() -> Path:
    """The settings file."""
    return platformdirs.user_config_path(APP, appauthor=False) / "settings.json"


def window_state_path() -> Path:
    """The file of the window's geometry."""
    return platformdirs.user_state_path(APP, appauthor=False) / "window.json"


def load_settings() -> Settings:
    """Read the settings; defaults where there are none."""
    return _load(settings_path(), Settings)


def load_window_state() -> WindowState:
    """Read the window's geometry."""
    return _load(window_state_path(), WindowState)


def save_settings(settings: Settings) -> None:
    """Write the settings; a disk that takes none costs only the memory of them."""
    _save(settings_path(), settings)


def save_window_state(state: WindowState) -> None:
    """Write the window's geometry."""
    _save(window_state_path(), state)


def _load(path: Path, kind: type[Kept]) -> Kept:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return kind()
    except (OSError, ValidationError) as error:
        logger.warning("%s can't be used (%s); the defaults hold.", path, error)
        return kind()


def _save(path: Path, values: BaseModel) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, values.model_dump_json(indent=1))
    except (OSError, StoreError) as error:
        logger.warning("%s can't be written (%s).", path, error)
