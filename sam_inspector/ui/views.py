"""The views of the window, by name."""

from __future__ import annotations

from dataclasses import dataclass

from sam_inspector.ui.banner import BannerArea
from sam_inspector.ui.canvas.view import Canvas
from sam_inspector.ui.image_header import ImageHeader
from sam_inspector.ui.panels.candidates import CandidateStrip
from sam_inspector.ui.panels.images import ImagesPanel
from sam_inspector.ui.panels.layers import LayersPanel
from sam_inspector.ui.panels.mask_strip import MaskStrip
from sam_inspector.ui.panels.passes import PassStrip
from sam_inspector.ui.panels.prompts import PromptsPanel
from sam_inspector.ui.panels.results import ResultsPanel
from sam_inspector.ui.status import StatusBar
from sam_inspector.ui.welcome import WelcomePage


@dataclass(frozen=True, eq=False, slots=True)
class Views:
    """Made by `main_window`, handed to those who connect them."""

    canvas: Canvas
    header: ImageHeader
    masks: MaskStrip
    images: ImagesPanel
    prompts: PromptsPanel
    layers: LayersPanel
    results: ResultsPanel
    status: StatusBar
    banners: BannerArea
    welcome: WelcomePage

    @property
    def candidates(self) -> CandidateStrip:
        """SAM's masks for one prompt."""
        return self.masks.candidates

    @property
    def passes(self) -> PassStrip:
        """The masks after each pass."""
        return self.masks.passes
