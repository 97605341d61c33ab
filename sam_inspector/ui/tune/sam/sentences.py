"""What the view that tunes SAM says: what a wish comes to, and what a training came to."""

from __future__ import annotations

from sam_inspector.models.registry import MODELS
from sam_inspector.models.tuned.manifest import TunedManifest
from sam_inspector.ui.evaluate.words import count
from sam_inspector.ui.tune.sam.tasks import SamStanding

NO_MODEL = "Waiting for the model that is to be tuned."


def hint_of(standing: SamStanding, *, has_just_ended: bool) -> tuple[str, bool]:
    """What a wish comes to, or why it can't be had; and whether that is a problem.

    Parameters
    ----------
    has_just_ended
        Whether the tuned model of this name is the one on screen.
    """
    name, earlier = standing.choices.name, standing.earlier
    if standing.is_damaged:
        return f"The tuned model “{name}” is damaged: start anew, or choose another name.", True
    if has_just_ended and earlier is not None and not standing.can_go_on:
        return f"{title_of(earlier, name)} is in the list of models now.", False
    if standing.problem:
        return standing.problem, True
    if standing.model is None:
        return NO_MODEL, False
    if standing.can_go_on:
        done, epochs = earlier.epochs_done if earlier is not None else 0, standing.choices.settings.epochs
        return f"{done:,} of {count(epochs, 'epoch')} of “{name}” are done: go on, or start anew.", False
    if standing.is_there:
        return f"There is a tuned model “{name}” already: choose another name, or start anew.", True
    held_out = f"{standing.held_out:,} held out" if standing.held_out else "none held out"
    return f"{count(standing.learnt, 'image')} to learn from, {held_out}.", False


def result_of(earlier: TunedManifest, epochs: int) -> str:
    """What the held-out images gain, and which epoch is kept."""
    done = max(epochs, earlier.epochs_done)
    words = f"epoch {earlier.kept_epoch:,} of {done:,} kept"
    before, kept = earlier.zero_shot, earlier.kept
    if before is None or kept is None:
        return words
    return f"box {before.box:.3f} → {kept.box:.3f}, point {before.point:.3f} → {kept.point:.3f}, {words}"


def title_of(earlier: TunedManifest, name: str) -> str:
    """As the list of models has it."""
    base = MODELS[earlier.base].title if earlier.base in MODELS else earlier.base
    return f"{base} + {name}"
