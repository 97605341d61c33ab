"""Self-perception: SAM's decoder with what is tuned in it, run once, or as a draft and once more to refine it.

Source: Yang et al. 2024, "Promptable Anomaly Segmentation with SAM Through Self-Perception Tuning" (SPT), figure 3, and
its released code. There the first decoder is called `mask_decoder` and the second `draft_decoder`; here they have the
names of what they make, `draft` and `refine`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from segment_anything.modeling import MaskDecoder, Sam
from torch import Tensor, nn

from sam_inspector.models.prompt_tensors import PromptTensors
from sam_inspector.models.sam_stages import stage_channels
from sam_inspector.models.tuned.encoder_lora import encoder_with_lora
from sam_inspector.models.tuned.lora import add_lora, merge_lora
from sam_inspector.models.tuned.middle_features import MiddleFeatures
from sam_inspector.models.tuned.recipe import TunedRecipe
from sam_inspector.models.tuned.relation import Relation, relate

LORA_LAYERS = ("q_proj", "v_proj")
"""Of every attention in a mask decoder."""


@dataclass(frozen=True, eq=False, slots=True)
class Perceived:
    """The answer to prompts.

    Attributes
    ----------
    draft
        Logits of the first decoder, float32 `(B, 4, 256, 256)`; None where there is no second one.
    refined
        Logits that count, float32 `(B, 4, 256, 256)`.
    draft_scores, scores
        Predicted IoU of each, float32 `(B, 4)`.
    """

    refined: Tensor
    scores: Tensor
    draft: Tensor | None = None
    draft_scores: Tensor | None = None


class RelatedDecoder(nn.Module):
    """A mask decoder whose two-way blocks can also look at related places."""

    def __init__(self, decoder: MaskDecoder, *, relational: bool) -> None:
        super().__init__()
        self.decoder = decoder
        width = int(decoder.transformer_dim)
        count = len(decoder.transformer.layers) if relational else 0
        # Zero at first, so that an untrained adapter changes nothing.
        self.scales = nn.ParameterList([nn.Parameter(torch.zeros(width)) for _ in range(count)])

    def forward(
        self, features: Tensor, positions: Tensor, sparse: Tensor, dense: Tensor, relation: Relation | None
    ) -> tuple[Tensor, Tensor]:
        """Four masks and their predicted IoU for each prompt."""
        with self._looking_at(relation):
            answer: tuple[Tensor, Tensor] = self.decoder.predict_masks(
                image_embeddings=features,
                image_pe=positions,
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
            )
        return answer

    @contextmanager
    def _looking_at(self, relation: Relation | None) -> Iterator[None]:
        """While this holds, K becomes K + (R K) · s after every two-way block."""
        hooks = []
        if relation is not None:
            for layer, scale in zip(self.decoder.transformer.layers, self.scales, strict=True):
                hooks.append(layer.register_forward_hook(_adding_related(relation, scale)))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


def _adding_related(relation: Relation, scale: Tensor) -> Any:
    def add(_: nn.Module, __: tuple[Any, ...], answer: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        queries, keys = answer
        return queries, keys + relation.gather(keys) * scale

    return add


class SelfPerception(nn.Module):
    """The tuned part of a SAM, from an image's embedding to masks; the prompt encoder stays SAM's own.

    Parameters
    ----------
    sam
        The one that is tuned; its decoder is copied, once or twice, its image encoder only if that is tuned as well.

    Attributes
    ----------
    encoder
        The image encoder that is tuned; None where it stays SAM's own.
    middle
        What is read off the encoder's middle stages; None where they are not looked at.
    draft, refine
        The decoders; `draft` is None where there is one only.
    """

    def __init__(self, sam: Sam, recipe: TunedRecipe) -> None:
        super().__init__()
        self.recipe = recipe
        # Not a part of what is tuned and saved, hence hidden from `parameters`.
        self._prompt_encoder = [sam.prompt_encoder]
        self.encoder = (
            encoder_with_lora(sam.image_encoder, rank=recipe.rank, alpha=recipe.alpha) if recipe.encoder_lora else None
        )
        self.middle = (
            MiddleFeatures(stage_channels(sam.image_encoder), int(sam.mask_decoder.transformer_dim))
            if recipe.middle_features
            else None
        )
        self.draft = self._decoder(sam.mask_decoder) if recipe.drafts else None
        self.refine = self._decoder(sam.mask_decoder)

    def _decoder(self, mask_decoder: MaskDecoder) -> RelatedDecoder:
        decoder = copy.deepcopy(mask_decoder)
        decoder.requires_grad_(self.recipe.weights == "all")
        if self.recipe.weights == "lora":
            add_lora(decoder.transformer, LORA_LAYERS, rank=self.recipe.rank, alpha=self.recipe.alpha)
        return RelatedDecoder(decoder, relational=self.recipe.relational)

    @property
    def decoders(self) -> tuple[RelatedDecoder, ...]:
        """In the order in which they are asked."""
        return (self.refine,) if self.draft is None else (self.draft, self.refine)

    def look(self, features: Tensor, stages: Sequence[Tensor]) -> Tensor:
        """An embedding `(1, 256, 64, 64)` as the decoders see it: with what its middle stages add, where they count."""
        return features if self.middle is None else features + self.middle(stages)

    def relate(self, features: Tensor) -> Relation | None:
        """The relation matrix of an embedding `(1, 256, 64, 64)`; None where the recipe has no use for it."""
        if not self.recipe.relational:
            return None
        return relate(features, block=self.recipe.relation_block, sparse=self.recipe.relation_sparse)

    def forward(self, features: Tensor, prompts: PromptTensors, relation: Relation | None) -> Perceived:
        """Answer prompts, each alone.

        Parameters
        ----------
        features
            Embedding of one image as `look` gives it, float32 `(1, 256, 64, 64)`.
        relation
            That of `relate`, made once an image.
        """
        (encoder,) = self._prompt_encoder
        points = None if prompts.points is None else (prompts.points, prompts.labels)
        positions = encoder.get_dense_pe()
        sparse, dense = encoder(points=points, boxes=prompts.boxes, masks=prompts.masks)
        if self.draft is None:
            return Perceived(*self.refine(features, positions, sparse, dense, relation))
        draft, draft_scores = self.draft(features, positions, sparse, dense, relation)
        _, dense = encoder(points=None, boxes=None, masks=self._as_input(draft[:, :1]))
        refined, scores = self.refine(features, positions, sparse, dense, relation)
        return Perceived(refined, scores, draft, draft_scores)

    def _as_input(self, draft: Tensor) -> Tensor:
        # Raw logits: the authors found that cutting them hurts, and so does a gradient through them for ViT-B.
        given = draft.detach() if self.recipe.draft_detach else draft
        return given.sigmoid() if self.recipe.draft_sigmoid else given

    def trained(self) -> dict[str, nn.Parameter]:
        """What is tuned, by name."""
        return {name: value for name, value in self.named_parameters() if value.requires_grad}

    def merge(self) -> SelfPerception:
        """For use, no longer for training: low-rank products become a part of the weights."""
        merge_lora(self)
        return self.eval().requires_grad_(False)
