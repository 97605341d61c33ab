"""What is added to SAM, or set free in it, when it is tuned: frozen values, free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Weights = Literal["frozen", "lora", "all"]


@dataclass(frozen=True, slots=True)
class TunedRecipe:
    """The architecture of a tuned SAM.

    Attributes
    ----------
    weights
        How a mask decoder learns: not at all, by low-rank products beside its queries and values (`lora`), or whole.
    drafts
        Self-draft tuning: a second decoder refines the first one's mask, which it gets as mask input.
    relational
        The visual-relation-aware adapter in every two-way block.
    encoder_lora
        Low-rank products in the image encoder, too. Images must then be encoded anew in every step of the training.
    rank, alpha
        Of the low-rank products: the scale is `alpha / rank`.
    relation_block, relation_sparse
        See `relation.relate`.
    draft_detach
        The refining decoder's gradients end at the draft.
    draft_sigmoid
        The refining decoder gets the draft's probabilities instead of its logits.
    middle_features
        The decoders also see what the encoder's middle stages say of each place; not a part of SPT.
    """

    weights: Weights = "all"
    drafts: bool = True
    relational: bool = True
    encoder_lora: bool = False
    rank: int = 8
    alpha: float = 1.0
    relation_block: int = 4
    relation_sparse: float = 0.0
    draft_detach: bool = True
    draft_sigmoid: bool = False
    middle_features: bool = False
