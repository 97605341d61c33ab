"""Who made the prompts on screen: what decides whether others may take their place, and what the window calls them."""

from __future__ import annotations

from sam_inspector.core.prompts import Prompts

ORIGINS = {
    "few-shot": "few-shot",
    "clip": "CLIP",
    "simplenet": "SimpleNet",
    "sam2sim": "Sam2Sim",
    "lad": "LAD",
    "gt": "from GT",
}
"""The words for who made the prompts, the first that holds."""
BY_HAND = "by hand"


def is_by_hand(prompts: Prompts) -> bool:
    """Whether a person made or changed any of them; such prompts are only replaced by a person."""
    return any(item.source == "user" or item.edited for item in prompts.items)


def is_edited(prompts: Prompts) -> bool:
    """Whether a person changed what a generator made, or added to it."""
    sources = {item.source for item in prompts.items}
    return any(item.edited for item in prompts.items) or ("user" in sources and len(sources) > 1)


def origin_of(prompts: Prompts) -> str:
    """Who made the prompts, in a word or two."""
    sources = {item.source for item in prompts.items}
    return next((words for source, words in ORIGINS.items() if source in sources), BY_HAND)
