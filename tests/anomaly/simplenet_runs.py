"""Small trainings of SimpleNet on made-up features."""

from dataclasses import replace

import torch

from sam_inspector.anomaly.simplenet.calibration import SimpleNetCalibration
from sam_inspector.anomaly.simplenet.detector import SimpleNetDetector
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.anomaly.simplenet.token_store import TokenStore, plain_space
from sam_inspector.anomaly.simplenet.training import begin_training
from sam_inspector.models.backbone import DenseFeatures

GRID, WIDTH = 12, 32
SMALL = replace(RECIPES["recommended"], standardised=False, keeps_at_first=False, tokens_a_step=256, least_steps=2)


def noise_image(seed, width=WIDTH, grid=GRID):
    """Features drawn from N(0, I), one level `(width, grid, grid)`."""
    generator = torch.Generator().manual_seed(seed)
    return DenseFeatures((torch.randn(width, grid, grid, generator=generator),), (8 * grid, 8 * grid), "stub")


def rows(features):
    """Tokens without their neighbours: a cell is itself."""
    return features.levels[0].flatten(1).T


def store_of(images, tokens=rows, most_bytes=10**9):
    store = TokenStore(len(images), most_bytes, 0)
    for image in images:
        store.add(tokens(image))
    return store


def begun(store, recipe=SMALL, seed=0, images_a_step=4):
    space = store.space() if recipe.standardised else plain_space(store.width)
    return begin_training(recipe, space, seed, images_a_step)


def trained(store, epochs, recipe=SMALL, **how):
    run = begun(store, recipe, **how)
    for _ in range(epochs):
        for _ in run.epoch_steps(store):
            pass
    return run


def detector_of(run, images=(), backbone="stub"):
    detector = SimpleNetDetector(run.recipe, backbone, run.space, run.network, None)
    maps = tuple(detector.seen_map(image) for image in images)
    calibration = SimpleNetCalibration(maps, tuple(f"{number}.png" for number in range(len(maps)))) if maps else None
    return SimpleNetDetector(run.recipe, backbone, run.space, run.network, calibration)
