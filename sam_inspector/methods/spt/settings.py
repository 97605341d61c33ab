"""How SAM is tuned: frozen values, free of torch, for window and shell alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar, get_args

from sam_inspector.core.errors import InputError
from sam_inspector.methods.prompt_modes import FAITHFUL, RECOMMENDED
from sam_inspector.methods.spt.holdout import Holdout, in_turn
from sam_inspector.models.tuned.recipe import TunedRecipe

T = TypeVar("T")
PromptKind = Literal["mixed", "box", "point", "points"]
DEFAULT_EPOCHS = 12
PUBLISHED_EPOCHS = 16


@dataclass(frozen=True, slots=True)
class Variant:
    """A row: what of SAM is tuned, and what is added to it.

    Attributes
    ----------
    drafts, relational
        As in `TunedRecipe`.
    only_lora
        Whether low-rank products are all that learns, under every preset.
    looks_at_middle
        Whether the decoders get the encoder's middle features as well, but for the preset `faithful`.
    """

    title: str
    note: str
    drafts: bool = False
    relational: bool = False
    only_lora: bool = False
    looks_at_middle: bool = False


VARIANTS: dict[str, Variant] = {
    "spt": Variant(
        "Self-Perception Tuning",
        "A draft and a decoder that refines it, with the adapter and (not published) the encoder's middle features.",
        drafts=True,
        relational=True,
        looks_at_middle=True,
    ),
    "sdt": Variant("Self-Draft Tuning", "A draft, refined by a second decoder.", drafts=True),
    "vra": Variant("Visual-relation-aware adapter", "One decoder with the adapter.", relational=True),
    "lora": Variant("LoRA", "One decoder, low-rank products beside its queries and values.", only_lora=True),
    "decoder": Variant("Decoder", "One decoder, all of its weights."),
}
"""What can be tuned, by name: the ablation of the publication by construction."""
FROZEN = "frozen"
"""SAM as it is, beside the variants of an ablation."""


def default_epochs(preset: str) -> int:
    """As many as nobody asked for otherwise."""
    return PUBLISHED_EPOCHS if preset == FAITHFUL else DEFAULT_EPOCHS


@dataclass(frozen=True, slots=True)
class SptSettings:
    """How SAM is tuned.

    Attributes
    ----------
    variant
        One of `VARIANTS`.
    preset
        `recommended`, or `faithful` to the publication: low-rank products only, in the image encoder too, all places
        compared with all, losses at sampled points, a box around all defects of an image.
    prompts
        What SAM is given for a defect in training: its box, a point in it, several points, or one of these at a time.
    holdout
        Which images are judged on, and the state that does best on them is kept.
    epochs
        Passes over the images, with those of an earlier run that is gone on with.
    rate
        Learning rate; None: what the preset says for the variant.
    seed
        Of all that is drawn at random.
    encoder_lora
        Low-rank products in the image encoder as well; None: what the preset says. Images must then be encoded in every
        step, which wants a GPU.
    draft_detach, draft_sigmoid, relation_sparse
        As in `TunedRecipe`.
    keeps_last
        The last epoch's state is kept, whatever it does on the held-out images, so that its scores on them are honest;
        they are judged once then, at the end.
    images
        Learn from at most so many of the images that are not held out, drawn by the seed, categories in turn.
    """

    variant: str = "spt"
    preset: str = RECOMMENDED
    prompts: PromptKind = "mixed"
    holdout: Holdout = field(default_factory=Holdout)
    epochs: int = DEFAULT_EPOCHS
    rate: float | None = None
    seed: int = 0
    encoder_lora: bool | None = None
    draft_detach: bool = True
    draft_sigmoid: bool = False
    relation_sparse: float = 0.0
    keeps_last: bool = False
    images: int | None = None

    def check(self) -> None:
        """Refuse what can't be tuned with.

        Raises
        ------
        InputError
            For an unknown name, or a value out of range.
        """
        if self.variant not in VARIANTS:
            raise InputError(f"There is no variant “{self.variant}”: choose one of {', '.join(VARIANTS)}.")
        if self.preset not in (RECOMMENDED, FAITHFUL):
            raise InputError(f"There is no preset “{self.preset}”: choose {RECOMMENDED} or {FAITHFUL}.")
        if self.prompts not in get_args(PromptKind):
            raise InputError(
                f"SAM can't be tuned with “{self.prompts}”: choose one of {', '.join(get_args(PromptKind))}."
            )
        if not 1 <= self.epochs <= 10_000:
            raise InputError(f"SAM can't be tuned for {self.epochs:,} epochs: ask for 1 to 10,000.")
        if self.images is not None and self.images < 1:
            raise InputError(f"SAM can't be tuned on {self.images} images: ask for at least 1.")
        if self.rate is not None and not 0 < self.rate <= 1:
            raise InputError(f"A learning rate of {self.rate:g} teaches nothing: ask for more than 0 and at most 1.")
        if not 0 <= self.seed < 2**63:
            raise InputError(f"{self.seed} can't be a seed: ask for 0 or more.")
        self.holdout.check()

    def split(self, items: Sequence[tuple[str, T]]) -> tuple[list[T], list[T]]:
        """Tell the images to learn from, `images` of them at most, and those to judge on; see `Holdout.split`."""
        learnt, kept_back = self.holdout.split([(category, (category, item)) for category, item in items])
        return in_turn(learnt, self.images, self.seed), [item for _, item in kept_back]

    @property
    def is_faithful(self) -> bool:
        """Whether the publication's rules hold."""
        return self.preset == FAITHFUL

    @property
    def recipe(self) -> TunedRecipe:
        """The architecture."""
        row, faithful = VARIANTS[self.variant], self.is_faithful
        by_lora = row.only_lora or (faithful and self.variant != "decoder")
        return TunedRecipe(
            weights="lora" if by_lora else "all",
            drafts=row.drafts,
            relational=row.relational,
            encoder_lora=(faithful and by_lora) if self.encoder_lora is None else self.encoder_lora,
            relation_block=1 if faithful else TunedRecipe().relation_block,
            relation_sparse=self.relation_sparse,
            draft_detach=self.draft_detach,
            draft_sigmoid=self.draft_sigmoid,
            middle_features=row.looks_at_middle and not faithful,
        )
