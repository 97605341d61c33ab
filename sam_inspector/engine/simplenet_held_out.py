"""What normal images score that were not learnt from: maps by networks trained without some of them.

An image that was learnt from is known by heart and scores lower than any other normal one, so its map says little of
where the normal ends. Hence the images are divided into a few parts, and each part is mapped by a network that was
trained for a while on the others alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe
from sam_inspector.anomaly.simplenet.token_store import steps_of
from sam_inspector.anomaly.simplenet.training import TrainingRun, begin_training
from sam_inspector.engine.simplenet_file import SimpleNetFile


def held_out_epochs(recipe: SimpleNetRecipe, images: int, batch_size: int) -> int:
    """How many epochs of the training take about as long as all of this."""
    return -(-recipe.folds_of(images) * recipe.fold_steps // steps_of(images, batch_size, recipe.least_steps))


def hold_out(run: TrainingRun, file: SimpleNetFile) -> Iterator[tuple[int, float, float]]:
    """Train without each part and map it; at the end the file has the maps, though nothing is written yet.

    Parameters
    ----------
    run
        The training itself, which is not touched: the other networks share its recipe, seed and space alone, so that
        these maps are the same after however many of its epochs.

    Yields
    ------
    The part at work, counted from 1; how much of all this is done, in [0, 1]; the loss of the step.
    """
    store, recipe = file.described.store, run.recipe
    folds = recipe.folds_of(store.images)
    found: dict[int, NDArray[np.float32]] = {}
    for fold in range(folds):
        numbers = range(fold, store.images, folds)
        rest = store.without(numbers)
        other = begin_training(recipe, run.space, run.seed, run.images_a_step)
        other.parts_a_step = run.parts_a_step
        steps = 0
        while steps < recipe.fold_steps:
            for loss in other.epoch_steps(rest):
                steps += 1
                yield fold + 1, (fold + min(1.0, steps / recipe.fold_steps)) / folds, loss
        # The images that stay described are the first of all, and so those of a part its first.
        found |= dict(zip(numbers, file.normal_maps(run, other.network, slice(fold, None, folds)), strict=False))
    file.held_out = tuple(found[number] for number in sorted(found))
