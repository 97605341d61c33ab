"""The engine's sentences in the window's words: fields and buttons in place of the shell's options."""

from __future__ import annotations

import re

from sam_inspector.engine.modes import TUNED_MODE
from sam_inspector.models.clip_registry import CLIP_MODELS
from sam_inspector.models.registry import MODELS
from sam_inspector.ui.evaluate.words import SHORT_TITLES
from sam_inspector.ui.model_names import model_title

FIELDS = (
    (f"Mode {TUNED_MODE} needs", f"The mode “{SHORT_TITLES[TUNED_MODE]}” needs"),
    ("name its file with --tuned, or tune", "choose one in the settings, or tune"),
    ("with “train spt” first", "in Tune first"),
    ("give a new or empty folder to --out", "choose a new or empty folder"),
    ("evaluate each with an --out of its own, or rename one", "evaluate them one after the other, or rename one"),
    ("repeat those, give another --out, or begin anew with --replace", "choose those again, or another folder"),
    (
        "go on with it by --resume, give another --out, or begin anew with --replace",
        "open it with “Open a run…”, or choose another folder",
    ),
    ("give another --out, or begin anew with --replace", "choose another folder"),
    ("give another --out, or leave --resume away to begin anew", "choose another folder and start anew"),
    ("give an --out outside of it", "choose a folder outside of it"),
    ("give another --out", "choose another folder"),
    ("No good image", "No normal image"),
    ("No good or", "No normal or"),
    ("good image", "normal image"),
)
"""What the engine says, and the window's words for it."""
_ADDRESSES = re.compile(r" from https?://[^\s,]+(?: or https?://[^\s,]+)*(?=,)")
_FETCH = re.compile(r"fetch (?:them|it) with “sam-inspector models get ([^”]+)”")
_MODELS = re.compile(r"\bmodel: (.+?) there, (.+?) here")


def for_the_window(sentence: str) -> str:
    """A sentence that can be followed in the window; addresses, too long to be read, are left out."""
    sentence = _FETCH.sub(_how_to_fetch, _ADDRESSES.sub("", sentence))
    for words, ours in FIELDS:
        sentence = sentence.replace(words, ours)
    return _MODELS.sub(lambda found: f"model: {model_title(found[1])} there, {model_title(found[2])} here", sentence)


def _how_to_fetch(found: re.Match[str]) -> str:
    if found[1] in CLIP_MODELS:
        return "in Inspect, under Prompts, choose Automatic and CLIP, and press Fetch"
    if found[1] in MODELS:
        return "choose it in the tool bar, which fetches them"
    return found[0]
