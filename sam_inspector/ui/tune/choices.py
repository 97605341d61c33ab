"""What a person chose to train, and where the trained network lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sam_inspector.anomaly.simplenet.settings import DEFAULT_EPOCHS, SimpleNetSettings
from sam_inspector.models.backbone_registry import SAM_BACKBONE
from sam_inspector.ui.settings import APP


@dataclass(frozen=True, slots=True)
class TuneChoices:
    """A wish; nothing of it has been looked at yet.

    Attributes
    ----------
    category
        The one to learn; SimpleNet learns one at a time.
    model
        The SAM model in use, whose encoder may be the backbone; empty while there is none.
    backbone, preset, epochs, seed, paper_protocol
        As in `SimpleNetSettings`.
    """

    category: str = ""
    model: str = ""
    backbone: str = SAM_BACKBONE
    preset: str = "recommended"
    epochs: int = DEFAULT_EPOCHS
    seed: int = 0
    paper_protocol: bool = False

    def settings(self) -> SimpleNetSettings:
        """How SimpleNet is to be trained; unchecked."""
        return SimpleNetSettings(
            self.backbone, self.preset, epochs=self.epochs, seed=self.seed, paper_protocol=self.paper_protocol
        )

    def file(self, folder: Path, dataset: str) -> Path:
        """Where this training is written: every other training has another file, but a longer one goes on in it."""
        backbone = f"{SAM_BACKBONE} {self.model}" if self.backbone == SAM_BACKBONE else self.backbone
        parts = [dataset, self.category, backbone, self.preset, f"seed {self.seed}"]
        if self.paper_protocol:
            parts.append("paper protocol")
        words = " ".join(dict.fromkeys(part for part in parts if part))
        safe = "".join(sign if sign.isalnum() or sign in " -_." else "-" for sign in words)[:150].strip(" .-")
        return folder / f"{safe}.safetensors"


def networks_folder() -> Path:
    """Where trained networks are kept."""
    return platformdirs.user_data_path(APP, appauthor=False) / "simplenet"
