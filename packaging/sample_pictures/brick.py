"""A brick wall: a real photograph (scikit-image's `brick`, CC0), straightened and coloured, with damage painted in."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from skimage import data

from sample_pictures.picture import Category, Floats, Scene
from sample_pictures.shading import Lighting, SoftBox, Surface, shade
from sample_pictures.shapes import blob, distance_to, grid, mixed, noise, smoothstep, taper, wander, without_specks

SHAPE = (1024, 1024)
SUN = Lighting(
    key=SoftBox((-0.55, -0.62, 0.6), 0.12, 1.25, (1.0, 0.96, 0.9)),
    others=(SoftBox((0.5, 0.2, 0.9), 0.6, 0.12),),
    ambient=0.36,
)
FRESH = np.array([0.50, 0.21, 0.115], np.float32)  # the inside of a brick


@cache
def _wall() -> Floats:
    """The photograph in [0, 1] with courses level: found by searching the trapezoid with the sharpest joints."""
    photo = data.brick()
    corners = np.array([[69, 0], [427, 0], [511, 511], [0, 511]], np.float32)
    square = np.array([[0, 0], [767, 0], [767, 767], [0, 767]], np.float32)
    upright = cv2.warpPerspective(
        photo, cv2.getPerspectiveTransform(corners, square), (768, 768), flags=cv2.INTER_CUBIC
    )
    return np.rot90(upright).astype(np.float32) / 255


def _crop(rng: np.random.Generator) -> Floats:
    """A part of the wall, slightly turned, perhaps mirrored."""
    wall = _wall()
    if rng.random() < 0.5:
        wall = wall[:, ::-1]
    if rng.random() < 0.5:
        wall = wall[::-1]
    side = rng.uniform(470, 520)
    margin = side / 2 + 14
    centre = rng.uniform(margin, 768 - margin, 2)
    turn = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), rng.normal(0, 0.9), SHAPE[0] / side)
    turn[:, 2] += SHAPE[0] / 2 - centre
    crop = cv2.warpAffine(np.ascontiguousarray(wall), turn, SHAPE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    # Enlarging has smoothed the edges of the bricks; make them crumbly again.
    x, y = grid(SHAPE)
    return cv2.remap(crop, x + 1.1 * noise(rng, SHAPE, 14, 3), y + 1.1 * noise(rng, SHAPE, 14, 3), cv2.INTER_LINEAR)


def _bricks(rng: np.random.Generator) -> tuple[Surface, Floats]:
    """The undamaged wall, and where it is mortar."""
    photo = _crop(rng)
    mortar = smoothstep(cv2.GaussianBlur(photo, (0, 0), 1.5), 0.45, 0.55)
    _, labels = cv2.connectedComponents((cv2.GaussianBlur(photo, (0, 0), 3) < 0.48).astype(np.uint8))
    tints = np.clip(rng.normal(0, 1, (labels.max() + 1, 2)), -1.7, 1.7)
    shade_of, hue_of = (cv2.GaussianBlur(tints[:, i][labels].astype(np.float32), (0, 0), 5) for i in (0, 1))
    clay = np.dstack([0.285 + 0.05 * hue_of, 0.108 + 0.012 * hue_of, 0.068 - 0.004 * hue_of])
    clay *= (1 + 0.2 * shade_of)[..., None]
    fired = smoothstep(noise(rng, SHAPE, 150, 6, 0.65), 0.7, 2.2)
    clay *= (1 - 0.45 * fired * (1 - mortar))[..., None]
    joint = np.array([0.47, 0.43, 0.37], np.float32) * (1 + 0.07 * noise(rng, SHAPE, 12, 3))[..., None]
    albedo = mixed(clay.astype(np.float32), joint, mortar)
    # The photograph's own light and shade on bricks and mortar stays in.
    local = photo - cv2.GaussianBlur(photo, (0, 0), 30) * (1 - mortar) - mortar * cv2.GaussianBlur(photo, (0, 0), 6)
    own = np.where(mortar > 0.5, 1 + 1.0 * local, 1 + 3.2 * (photo - np.median(photo[mortar < 0.1])))
    albedo = albedo * np.clip(own, 0.35, 1.6)[..., None] * (1 + 0.09 * noise(rng, SHAPE, 4, 2, 0.8))[..., None]
    sand = noise(rng, SHAPE, 6, 3, 0.8)
    pits = smoothstep(noise(rng, SHAPE, 9, 2), 2.2, 3.0)
    height = (
        0.45 * sand - 3.5 * pits * (1 - mortar) - 6.5 * cv2.GaussianBlur(mortar, (0, 0), 1.5) + 0.35 * mortar * sand
    )
    albedo *= (1 - 0.4 * pits)[..., None]
    flat = np.zeros(SHAPE, np.float32)
    return Surface(height.astype(np.float32), np.clip(albedo, 0.01, 1).astype(np.float32), flat, flat + 0.9), mortar


def _crack(rng: np.random.Generator, surface: Surface, index: int) -> Floats:
    """One crack through the wall, with branches; or two short ones."""
    coverage = np.zeros(SHAPE, np.float32)
    for part in range(1 + index % 2):
        down = index % 2 == 0
        start = (rng.uniform(330, 690), -20.0) if down else (rng.uniform(150, 250) + 260 * part, 160 + 640 * part)
        heading = rng.normal(np.pi / 2, 0.12) if down else rng.normal(0.85 - 1.5 * part, 0.1)
        path = wander(rng, start, heading, 1450 if down else rng.uniform(330, 520), 0.26, 0.42)
        paths, width = [path], taper(SHAPE, path, 40 if down else 4) * rng.uniform(8.0, 9.5)
        for _ in range(2 if down else part):
            fork = path[rng.integers(len(path) // 4, 3 * len(path) // 4)]
            branch = wander(rng, tuple(fork), heading + rng.choice([-0.8, 0.8]), rng.uniform(130, 240), 0.26, 0.42)
            paths.append(branch)
        width = width * (0.8 + 0.16 * noise(rng, SHAPE, 40, 3))
        main = width - distance_to(SHAPE, paths[:1])
        side = [4.2 * (1 - taper(SHAPE, b, 1.0) * 0.3) - distance_to(SHAPE, [b]) for b in paths[1:]]
        coverage = np.maximum(coverage, smoothstep(np.maximum.reduce([main, *side]), -0.8, 0.8))
    coverage = without_specks(coverage, 300)
    surface.height -= 9 * cv2.GaussianBlur(coverage, (0, 0), 1.2)
    surface.albedo *= 1 - 0.86 * coverage[..., None]
    # Crumbled rims catch the light.
    rim = np.clip(cv2.GaussianBlur(coverage, (0, 0), 3) - coverage, 0, 1)
    surface.albedo = mixed(surface.albedo, FRESH * 0.8, np.clip(rim * 0.5, 0, 1))
    return coverage


def _spall(rng: np.random.Generator, surface: Surface, index: int) -> Floats:
    """The face of the brick broken off: the coarse, brighter inside shows; one large or three small places."""
    sizes = [(150, 88)] if index % 2 == 0 else [(62, 40), (46, 52), (70, 34)]
    field = np.full(SHAPE, -1e3, np.float32)
    for number, radii in enumerate(sizes):
        centre = (
            tuple(rng.uniform(330, 690, 2))
            if len(sizes) == 1
            else tuple(np.array([[250, 300], [700, 420], [380, 760]])[number] + rng.normal(0, 40, 2))
        )
        field = np.maximum(field, blob(rng, SHAPE, centre, radii, rng.normal(0, 0.25), 0.2))
    coverage = without_specks(smoothstep(field, -1, 1), 400)
    coverage_depth = smoothstep(field, -1, 16)
    broken = noise(rng, SHAPE, 60, 6, 0.62)
    surface.height = mixed(surface.height, -15 * coverage_depth + 5.0 * broken, coverage)
    inside = FRESH * (1 + 0.13 * noise(rng, SHAPE, 50, 5, 0.7) + 0.1 * noise(rng, SHAPE, 5, 2))[..., None]
    grains = smoothstep(noise(rng, SHAPE, 9, 2), 1.6, 2.2)
    inside = mixed(inside.astype(np.float32), np.array([0.62, 0.5, 0.4]), grains * 0.7)
    surface.albedo = mixed(surface.albedo, np.clip(inside, 0.05, 1), coverage)
    return coverage


def _stain(rng: np.random.Generator, surface: Surface, index: int) -> Floats:
    """Oil that soaked in and ran down, or splashes of white paint."""
    field = _oil(rng) if index % 2 == 0 else _splashes(rng)
    if index % 2 == 0:
        coverage = without_specks(smoothstep(field, -4, 4))
        soaked = 0.13 + 0.035 * noise(rng, SHAPE, 120, 5, 0.6) + 0.10 * (1 - smoothstep(field, 0, 30))
        surface.albedo *= (1 - coverage * (1 - np.clip(soaked, 0.06, 0.4)))[..., None]
        surface.roughness = mixed(surface.roughness, 0.33, coverage)
        return coverage
    coverage = without_specks(smoothstep(field, -1.2, 1.2))
    thickness = smoothstep(field, -1, 14)
    surface.height = mixed(surface.height, 0.6 * surface.height + 2.5 * thickness, coverage)
    hiding = np.clip(0.78 + 0.2 * thickness + 0.09 * noise(rng, SHAPE, 18, 4, 0.7), 0.55, 0.98)
    surface.albedo = mixed(surface.albedo, np.array([0.70, 0.70, 0.66]), coverage * hiding)
    surface.roughness = mixed(surface.roughness, 0.5, coverage)
    return coverage


def _oil(rng: np.random.Generator) -> Floats:
    centre = (rng.uniform(360, 660), rng.uniform(260, 380))
    field = blob(rng, SHAPE, centre, (180, 110), rng.normal(0, 0.1), 0.17)
    for place in np.linspace(-115, 115, 5) + rng.normal(0, 15, 5):
        run = wander(rng, (centre[0] + place, centre[1] + 20), np.pi / 2, rng.uniform(130, 430), 0.04)
        width = rng.uniform(9, 20) * (1 + 0.35 * noise(rng, SHAPE, 70, 3))
        field = np.maximum(field, np.clip(width, 4, None) * taper(SHAPE, run, 9) - distance_to(SHAPE, [run]))
    return cv2.GaussianBlur(field, (0, 0), 3)


def _splashes(rng: np.random.Generator) -> Floats:
    field = blob(rng, SHAPE, (rng.uniform(380, 640), rng.uniform(380, 640)), (135, 98), rng.uniform(0, 3), 0.26)
    heart = np.unravel_index(field.argmax(), SHAPE)
    for _ in range(11):
        away, where = rng.uniform(0, 2 * np.pi), rng.uniform(150, 360)
        centre = (heart[1] + where * np.cos(away), heart[0] + where * np.sin(away))
        size = rng.uniform(6, 11) + 14 * rng.random() ** 4
        field = np.maximum(field, blob(rng, SHAPE, centre, (size * rng.uniform(1.1, 2.6), size), away, 0.13))
    return field


_PAINTERS = {"crack": _crack, "spall": _spall, "stain": _stain}


def _draw(rng: np.random.Generator, defect: str | None, index: int) -> Scene:
    surface, _ = _bricks(rng)
    coverage = np.zeros(SHAPE, np.float32) if defect is None else _PAINTERS[defect](rng, surface, index)
    light = shade(surface, SUN)
    uneven = 1 + 0.09 * noise(rng, SHAPE, 900, 2)
    return Scene((light * uneven[..., None]).astype(np.float32), coverage)


BRICK = Category("brick", ("crack", "crack", "spall", "spall", "stain", "stain"), _draw)
