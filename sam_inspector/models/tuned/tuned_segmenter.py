"""A tuned SAM as a segmenter: the encoder and the frames of the model it was made from, and a decoder of its own."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from sam_inspector.core.errors import InputError
from sam_inspector.models.devices import DeviceChoice
from sam_inspector.models.prompt_tensors import PromptTensors
from sam_inspector.models.registry import ModelSpec, get_model_spec
from sam_inspector.models.sam import SamSegmenter, load_sam
from sam_inspector.models.segmenter import Embedding, Segmenter
from sam_inspector.models.tuned.finding import check_base
from sam_inspector.models.tuned.perception import SelfPerception
from sam_inspector.models.tuned.tuned_file import SavedTuning, load_tuning

REFINED, DRAFT = 0, 1
"""Places of the two masks in an answer."""


class TunedSegmenter(SamSegmenter):
    """Answers with what was tuned: the mask that counts and, where there are two decoders, its draft behind it.

    The masks of an answer are `(2, 256, 256)` then, else `(1, 256, 256)`: SAM's three further masks are not tuned and
    left out. An embedding of the model that it was made from is its own, too, unless its encoder was tuned as well.

    Attributes
    ----------
    base
        The model that it was made from, as it was.
    """

    def __init__(self, spec: ModelSpec, base: SamSegmenter, perception: SelfPerception) -> None:
        perception = perception.to(base.network.device).merge()
        network = base.network
        if perception.encoder is not None:
            network = copy.copy(network)
            network._modules = {**network._modules, "image_encoder": perception.encoder}
        super().__init__(spec, network, base.device)
        self.base = base
        self._perception = perception

    def _answer(self, embedding: Embedding, given: PromptTensors) -> tuple[Tensor, Tensor]:
        perception, device = self._perception, self.network.device
        stages = [stage.to(device) for stage in embedding.stages]
        features = perception.look(embedding.features.to(device), stages)
        found = perception(features, given, perception.relate(features))
        logits, scores = [found.refined[:, :1]], [found.scores[:, :1]]
        if found.draft is not None and found.draft_scores is not None:
            logits.append(found.draft[:, :1])
            scores.append(found.draft_scores[:, :1])
        return torch.cat(logits, dim=1), torch.cat(scores, dim=1)


def load_tuned(spec: ModelSpec, files: Sequence[Path], device: DeviceChoice) -> TunedSegmenter:
    """Build the network of a tuned model: `files` are the weights of the one that it was made from.

    Raises
    ------
    InputError
        When its own file is damaged, or was made from other weights.
    WeightsError, ModelError
        As `load_sam`.
    """
    path = Path(dict(spec.arguments)["tuned"])
    saved = load_tuning(path)
    base = load_sam(get_model_spec(saved.manifest.base), files, device)
    return with_tuning(spec, base, saved, path)


def tune(base: Segmenter, spec: ModelSpec) -> TunedSegmenter:
    """A loaded model with what a file says was tuned on it.

    Raises
    ------
    InputError
        When `spec` is no tuned model, its file is damaged, or it was tuned on another model.
    """
    if not spec.tuned_sha256:
        raise InputError(f"{spec.title} is not tuned: name a file that “train spt” wrote, or tune it.")
    path = Path(dict(spec.arguments)["tuned"])
    saved = load_tuning(path)
    check_base(saved.manifest, base.spec, path.name)
    if not isinstance(base, SamSegmenter):
        raise InputError(f"{base.spec.title} can't be tuned: choose MobileSAM, or SAM ViT-B, ViT-L or ViT-H.")
    return with_tuning(spec, base, saved, path)


def with_tuning(spec: ModelSpec, base: SamSegmenter, saved: SavedTuning, path: Path) -> TunedSegmenter:
    """A loaded model with what was tuned on it.

    Raises
    ------
    InputError
        When it was tuned on another model, or on other weights of it.
    """
    check_base(saved.manifest, base.spec, path.name)
    perception = SelfPerception(base.network, saved.manifest.recipe)
    saved.give_to(perception, path)
    return TunedSegmenter(spec, base, perception)
