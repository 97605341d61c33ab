"""An inspector with its model loaded, a bar shown while weights are fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sam_inspector.commands.console import Console
from sam_inspector.models.registry import get_model_spec

if TYPE_CHECKING:
    from sam_inspector.engine.inspector import Inspector


def loaded_inspector(console: Console, model: str, device: str) -> Inspector:
    """Load a model by name, after its name was checked; torch is imported here and not before.

    What it encodes is kept on disk, for other commands and for the window.
    """
    spec = get_model_spec(model)

    from sam_inspector.engine.inspector import Inspector
    from sam_inspector.models.embeddings_folder import embeddings_folder
    from sam_inspector.models.loading import load_segmenter

    inspector = Inspector(load_segmenter, embeddings_folder())
    with console.progress(f"Loading {spec.title}") as report:
        inspector.load_model(model, device=device, report=report)
    return inspector
