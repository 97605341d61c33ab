"""Prompts to mask: which of SAM's masks counts, what a further click refines, and how regions are united."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.geometry import check_prompts
from sam_inspector.core.prompts import MAP_SOURCES, Prompt, Prompts
from sam_inspector.core.segmentation import (
    RegionMask,
    Segmentation,
    default_candidate,
    empty_segmentation,
)
from sam_inspector.engine.requests import CascadeInput, MapInput, SegmentOptions
from sam_inspector.methods.prompt_modes import unite
from sam_inspector.models.segmenter import DecodedPrompt, Embedding, Segmenter
from sam_inspector.prompting.cascade import CascadePass, cascade, choose_first, map_region
from sam_inspector.prompting.cascade_settings import PASSES
from sam_inspector.prompting.map_input import map_as_logits

MEMO_LIMIT = 24
"""Decoded prompts remembered, about 1 MB each."""
PASSES_LIMIT = 2
"""Cascades remembered: that of the prompts on screen, and that of what was accepted."""


class PromptDecoder:
    """Answers prompts and remembers the answers, so that undo and repeated clicks cost nothing.

    A mask depends on the prompts alone, never on what was on screen before: the chain of refinements is part of the
    prompt (its points in their order, and the masks picked on the way), and is walked again where it is not remembered.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._memo: OrderedDict[Hashable, DecodedPrompt] = OrderedDict()
        self._passes: OrderedDict[Hashable, tuple[CascadePass, ...]] = OrderedDict()

    def segment(
        self,
        embedding: Embedding,
        embedding_key: Hashable,
        prompts: Prompts,
        options: SegmentOptions,
        map_input: MapInput | None = None,
    ) -> Segmentation:
        """Decode all prompts of an image and unite the masks.

        Parameters
        ----------
        embedding_key
            Tells embeddings apart for the memory of answers.
        map_input
            A map that SAM gets with every prompt that was made from one.

        Raises
        ------
        PromptError
            For a prompt outside the image, or a box of zero area.
        """
        height, width = embedding.size
        check_prompts(prompts, width, height)
        asked = prompts.decodable
        if not asked:
            return empty_segmentation(height, width)
        return self._unite(embedding, self._first_pass(embedding, embedding_key, asked, options, map_input), options)

    def segment_in_passes(
        self,
        embedding: Embedding,
        embedding_key: Hashable,
        prompts: Prompts,
        options: SegmentOptions,
        how: CascadeInput,
        map_input: MapInput | None = None,
    ) -> tuple[Segmentation, ...]:
        """The masks after each of three passes; the first is that of `segment`, but for which mask of points counts.

        Parameters
        ----------
        how
            Without a map of its own, the prompts are taken to be made from that of `map_input`.

        Raises
        ------
        PromptError
            As `segment`.
        """
        height, width = embedding.size
        check_prompts(prompts, width, height)
        asked = prompts.decodable
        if not asked:
            return (empty_segmentation(height, width),) * PASSES
        passes = self.passes(embedding, embedding_key, asked, options, how, map_input)
        return tuple(self._unite(embedding, found, options) for found in passes)

    def passes(
        self,
        embedding: Embedding,
        embedding_key: Hashable,
        asked: tuple[Prompt, ...],
        options: SegmentOptions,
        how: CascadeInput,
        map_input: MapInput | None = None,
    ) -> tuple[CascadePass, ...]:
        """The decoder's answers of each pass, before masks of the image's size are made of them."""
        made_from = how.made_from or map_input
        key = (embedding_key, asked, options, how.passes, _map_key(map_input), _map_key(made_from))
        if key not in self._passes:
            logits = self._map_logits(embedding, made_from)
            regions = [
                map_region(self._segmenter, embedding, logits, prompt)
                if logits is not None and prompt.source in MAP_SOURCES
                else None
                for prompt in asked
            ]
            first = self._first_pass(embedding, embedding_key, asked, options, map_input)
            chosen = tuple(
                kept if prompt.candidate is not None else choose_first(prompt, answer, region, how.passes)
                for prompt, answer, kept, region in zip(asked, first.answers, first.chosen, regions, strict=True)
            )
            first = replace(first, chosen=chosen)
            self._passes[key] = cascade(self._segmenter, embedding, first, how.passes, regions)
            if len(self._passes) > PASSES_LIMIT:
                self._passes.popitem(last=False)
        self._passes.move_to_end(key)
        return self._passes[key]

    def _first_pass(
        self,
        embedding: Embedding,
        embedding_key: Hashable,
        asked: tuple[Prompt, ...],
        options: SegmentOptions,
        map_input: MapInput | None,
    ) -> CascadePass:
        logits = self._map_logits(embedding, map_input)
        if map_input is not None:
            embedding_key = (embedding_key, _map_key(map_input))  # the answers then depend on the map, too
        self._decode_missing(embedding, embedding_key, asked, options, logits)
        answers = tuple(self._answer(embedding, embedding_key, prompt, options) for prompt in asked)
        pairs = zip(asked, answers, strict=True)
        chosen = tuple(self._choose(prompt, answer, options) for prompt, answer in pairs)
        self._forget_oldest()
        return CascadePass(asked, answers, chosen)

    def _map_logits(self, embedding: Embedding, map_input: MapInput | None) -> NDArray[np.float32] | None:
        if map_input is None:
            return None
        frame = self._segmenter.logits_frame(embedding)
        return map_as_logits(map_input.anomaly_map.values, map_input.threshold, frame)

    def _choose(self, prompt: Prompt, answer: DecodedPrompt, options: SegmentOptions) -> int:
        return default_candidate(prompt, answer.scores, single_point_multimask=options.single_point_multimask)

    def _decode_missing(
        self,
        embedding: Embedding,
        embedding_key: Hashable,
        prompts: tuple[Prompt, ...],
        options: SegmentOptions,
        map_logits: NDArray[np.float32] | None,
    ) -> None:
        """Answer all prompts that refine nothing in one batch; a generated set may have hundreds."""
        missing = [
            prompt
            for prompt in prompts
            if _earlier(prompt, options) is None and _memo_key(embedding_key, prompt, options) not in self._memo
        ]
        if len(missing) > 1 or (missing and map_logits is not None):
            inputs = [map_logits if prompt.source in MAP_SOURCES else None for prompt in missing]
            for prompt, answer in zip(missing, self._segmenter.decode(embedding, missing, inputs), strict=True):
                # More than the memory holds may be asked at once, so the limit waits until all were used.
                self._memo[_memo_key(embedding_key, prompt, options)] = answer

    def _answer(
        self, embedding: Embedding, embedding_key: Hashable, prompt: Prompt, options: SegmentOptions
    ) -> DecodedPrompt:
        chain = [prompt]
        while (earlier := _earlier(chain[-1], options)) is not None:
            chain.append(earlier)
        logits: NDArray[np.float32] | None = None
        answer: DecodedPrompt | None = None
        for step in reversed(chain):
            key = _memo_key(embedding_key, step, options)
            answer = self._memo.get(key)
            if answer is None:
                answer = self._segmenter.decode(embedding, [step], [logits])[0]
                self._memo[key] = answer
            self._memo.move_to_end(key)
            logits = answer.logits[self._choose(step, answer, options)]
        assert answer is not None
        return answer

    def _unite(self, embedding: Embedding, found: CascadePass, options: SegmentOptions) -> Segmentation:
        frame = self._segmenter.logits_frame(embedding)
        regions = tuple(
            RegionMask(answer.logits, answer.scores, chosen, frame)
            for answer, chosen in zip(found.answers, found.chosen, strict=True)
        )
        logits = (self._segmenter.upsample(embedding, region.logits[region.chosen]) for region in regions)
        mask, score_map = unite(logits, options.preset)
        return Segmentation(mask, score_map, regions)

    def _forget_oldest(self) -> None:
        while len(self._memo) > MEMO_LIMIT:
            self._memo.popitem(last=False)


def _map_key(map_input: MapInput | None) -> Hashable:
    """Holds the map itself, not its id, which another map may get once this one is gone."""
    return None if map_input is None else (map_input.anomaly_map, map_input.threshold)


def _earlier(prompt: Prompt, options: SegmentOptions) -> Prompt | None:
    """The prompt before its last click, whose mask that click refines; None when it is the first."""
    if not options.refine or prompt.source != "user" or not prompt.points:
        return None
    before = replace(
        prompt,
        points=prompt.points[:-1],
        labels=prompt.labels[:-1],
        picks=tuple(pick for pick in prompt.picks if pick[0] < len(prompt.points)),
    )
    return before if before.can_segment else None


def _memo_key(embedding_key: Hashable, prompt: Prompt, options: SegmentOptions) -> Hashable:
    """All that the decoder's answer depends on. The pick made on the answer itself is not among it."""
    refines = _earlier(prompt, options) is not None
    earlier_picks = tuple(pick for pick in prompt.picks if pick[0] < len(prompt.points)) if refines else ()
    return (
        embedding_key,
        prompt.source in MAP_SOURCES,  # these alone are given a map
        prompt.box,
        prompt.points,
        prompt.labels,
        refines,
        earlier_picks,
        refines and options.single_point_multimask,
    )


def with_accepted(
    segmentation: Segmentation, accepted: NDArray[np.bool_] | None, earlier: Segmentation | None = None
) -> Segmentation:
    """The mask on screen: the regions accepted so far and the one being worked on.

    Parameters
    ----------
    accepted
        bool `(H, W)`, or None where nothing was accepted.
    earlier
        The accepted prompts decoded again, for their logits. Without it, as when there is no model, an accepted pixel
        counts as certain.
    """
    if accepted is None:
        return segmentation
    if earlier is not None:
        score_map = np.maximum(segmentation.score_map, earlier.score_map) if segmentation.regions else earlier.score_map
    elif segmentation.regions:
        certain = max(1.0, float(segmentation.score_map.max()))
        score_map = np.where(accepted, np.float32(certain), segmentation.score_map)
    else:
        score_map = accepted.astype(np.float32)
    return Segmentation(segmentation.mask | accepted, score_map, segmentation.regions)
