"""A film-coated caplet with debossed lettering, on a woven conveyor belt; wider than high."""

from __future__ import annotations

import cv2
import numpy as np

from sample_pictures.picture import Category, Floats, Scene
from sample_pictures.shading import Lighting, SoftBox, Surface, shade
from sample_pictures.shapes import blob, distance_to, grid, mixed, noise, smoothstep, taper, wander, without_specks

SHAPE = (960, 1280)
DOME = Lighting(
    key=SoftBox((-0.4, -0.6, 0.8), 0.14, 0.95, (1.0, 0.97, 0.93)),
    others=(SoftBox((0.6, -0.1, 0.75), 0.2, 0.22, (0.92, 0.96, 1.0)),),
    ambient=0.4,
)
COAT = np.array([0.68, 0.25, 0.12], np.float32)
CORE = np.array([0.83, 0.78, 0.68], np.float32)
LENGTH, WIDTH = 430.0, 205.0


def _arc(centre: tuple[float, float], radii: tuple[float, float], begin: float, end: float) -> Floats:
    angles = np.radians(np.linspace(begin, end, 40))
    return np.stack([centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)], axis=1)


STROKES = (
    np.concatenate([_arc((-215, -31), (36, 31), -25, -270), _arc((-215, 31), (36, 31), -90, 155)]),  # S
    np.array([(-128, -62), (-128, 62)]),  # I
    np.concatenate([[(160, -62), (104, -62), (98, -8)], _arc((128, 24), (38, 38), -125, 150)]),  # 5
    _arc((236, 0), (38, 62), 0, 360),  # 0
    np.array([(0, -190), (0, 190)]),
)
"""Code and score line as the punch has them, in points from the caplet's middle."""


class Pose:
    """Where the caplet lies; `along` and `across` are every point's place in its own frame, in points."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.x, self.y = 640 + rng.uniform(-45, 45), 480 + rng.uniform(-35, 35)
        self.angle = rng.uniform(-0.5, 0.5)
        self.size = rng.uniform(0.96, 1.04)
        x, y = grid(SHAPE)
        turn = np.cos(self.angle), np.sin(self.angle)
        self.along = ((x - self.x) * turn[0] + (y - self.y) * turn[1]) / self.size
        self.across = (-(x - self.x) * turn[1] + (y - self.y) * turn[0]) / self.size

    def at(self, along: float, across: float) -> tuple[float, float]:
        """The picture's point for a place on the caplet."""
        turn = np.cos(self.angle), np.sin(self.angle)
        u, v = along * self.size, across * self.size
        return self.x + u * turn[0] - v * turn[1], self.y + u * turn[1] + v * turn[0]

    def inside(self) -> Floats:
        """How far inside the outline (a long oval) a point lies."""
        straight = LENGTH - WIDTH * 1.05
        beyond = np.maximum(np.abs(self.along) - straight, 0) / 1.05
        return (WIDTH - np.hypot(beyond, self.across)).astype(np.float32)

    def lettering(self) -> Floats:
        """The debossed code and score line, 1 in the middle of a stroke."""
        stamp = np.zeros(SHAPE, np.uint8)
        for stroke in STROKES:
            points = np.rint((stroke + np.array([640, 480])) * 16).astype(np.int32)
            cv2.polylines(stamp, [points], False, 255, 15, cv2.LINE_AA, shift=4)
        stamp = cv2.GaussianBlur(stamp.astype(np.float32) / 255, (0, 0), 3.2)
        along, across = (self.along + 640).astype(np.float32), (self.across + 480).astype(np.float32)
        return cv2.remap(stamp, along, across, cv2.INTER_LINEAR)


def _belt(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A woven belt: height and albedo."""
    x, y = grid(SHAPE)
    tilt = rng.uniform(-0.06, 0.06)
    u = x * np.cos(tilt) + y * np.sin(tilt) + 1.6 * noise(rng, SHAPE, 90, 3)
    v = -x * np.sin(tilt) + y * np.cos(tilt) + 1.6 * noise(rng, SHAPE, 90, 3)
    period = 15.0
    over = np.sign(np.sin(np.pi * u / period) * np.sin(np.pi * v / period))
    warp = np.abs(np.sin(np.pi * u / period)) * (1 + 0.35 * over)
    weft = np.abs(np.sin(np.pi * v / period)) * (1 - 0.35 * over)
    weave = np.maximum(warp, weft).astype(np.float32)
    height = 3.2 * weave + 0.35 * noise(rng, SHAPE, 4, 2)
    tone = 1 + 0.04 * noise(rng, SHAPE, 300, 4, 0.6) + 0.06 * noise(rng, SHAPE, 5, 2)
    albedo = tone[..., None] * np.array([0.045, 0.135, 0.155]) * (0.7 + 0.3 * weave)[..., None]
    return height.astype(np.float32), np.clip(albedo, 0.01, 1).astype(np.float32)


def _caplet(rng: np.random.Generator, pose: Pose) -> tuple[Surface, Floats]:
    """The sound caplet on its belt, and how far inside its outline each point lies."""
    inside = pose.inside() + 0.8 * noise(rng, SHAPE, 120, 3)
    body = smoothstep(inside, -0.7, 0.7)
    belt_height, belt_albedo = _belt(rng)
    t = np.clip(inside / (WIDTH * 0.97), 0, 1)
    dome = 58 + 62 * np.sqrt(np.clip(1 - (1 - t) ** 2.3, 0, 1))
    peel = 0.30 * noise(rng, SHAPE, 22, 3) + 0.10 * noise(rng, SHAPE, 6, 2)
    letters = pose.lettering() * smoothstep(inside, 12, 40)
    top = dome + peel - 13 * letters
    coat = COAT * (1 + 0.025 * noise(rng, SHAPE, 60, 4))[..., None]
    specks = smoothstep(noise(rng, SHAPE, 8, 2), 2.6, 3.1)
    coat = mixed(coat.astype(np.float32), COAT * 0.62, specks * 0.6)
    # Film is thinner over edges and pools in the lettering.
    coat = coat * (1 - 0.12 * letters + 0.08 * np.exp(-inside.clip(0) / 14))[..., None]
    flat = np.zeros(SHAPE, np.float32)
    surface = Surface(
        mixed(belt_height, top.astype(np.float32), body),
        mixed(belt_albedo, coat, body),
        flat,
        mixed(flat + 0.65, 0.11, body),
    )
    return surface, inside


def _bare(rng: np.random.Generator) -> Floats:
    """The pressed powder under the coat: colour of every point."""
    powder = 1 + 0.05 * noise(rng, SHAPE, 30, 5, 0.7) + 0.05 * noise(rng, SHAPE, 5, 2)
    return np.clip(CORE * powder[..., None], 0.1, 0.95).astype(np.float32)


def _chip(rng: np.random.Generator, surface: Surface, inside: Floats, pose: Pose, index: int) -> Floats:
    """A piece broken out at the rim, or coat flaked off in three places."""
    if index % 2 == 0:
        end = rng.choice([-1.0, 1.0])
        centre = pose.at(end * rng.uniform(300, 350), rng.uniform(60, 120) * rng.choice([-1.0, 1.0]))
        field = blob(rng, SHAPE, centre, (112, 84), rng.uniform(0, 3), 0.14)
        depth = 46.0
    else:
        field = np.full(SHAPE, -1e3, np.float32)
        for u, v, size in ((-330, 30, 46), (40, -110, 36), (250, 120, 54)):
            centre = pose.at(u + rng.normal(0, 18), v + rng.normal(0, 10))
            field = np.maximum(field, blob(rng, SHAPE, centre, (size * 1.25, size * 0.8), rng.uniform(0, 3), 0.26))
        depth = 4.5
    coverage = without_specks(smoothstep(field, -1, 1) * smoothstep(inside, -0.5, 0.5), 200)
    broken = noise(rng, SHAPE, 55, 6, 0.6)
    drop = np.minimum(depth, np.clip(field, 0, None) * 1.1 + 3) + min(3.0, depth * 0.4) * broken
    surface.height -= coverage * np.maximum(drop, 1.5).astype(np.float32)
    surface.albedo = mixed(surface.albedo, _bare(rng), coverage)
    surface.roughness = mixed(surface.roughness, 0.9, coverage)
    return coverage


def _crack(rng: np.random.Generator, surface: Surface, inside: Floats, pose: Pose, index: int) -> Floats:
    """A crack right across, or two that begin at the rim."""
    if index % 2 == 0:
        begins = [(rng.uniform(-160, -60), -WIDTH - 8, np.pi / 2 + rng.normal(0, 0.15), 520.0, 12.0)]
    else:
        begins = [
            (-LENGTH * 0.72, WIDTH, -np.pi / 2 + 0.45, 290.0, 11.0),
            (LENGTH * 0.55, -WIDTH, np.pi / 2 + 0.4, 230.0, 9.0),
        ]
    coverage = np.zeros(SHAPE, np.float32)
    for u, v, heading, length, width in begins:
        path = wander(rng, pose.at(u, v), heading + pose.angle, length, 0.22, 0.5)
        ends = taper(SHAPE, path, 1.3) if index % 2 else np.ones(SHAPE, np.float32)
        half = width / 2 * (0.45 + 0.55 * ends) * (1 + 0.22 * noise(rng, SHAPE, 40, 4))
        coverage = np.maximum(coverage, smoothstep(half - distance_to(SHAPE, [path]), -0.8, 0.8))
    coverage = without_specks(coverage * smoothstep(inside, -0.5, 0.5), 100)
    surface.height -= 16 * cv2.GaussianBlur(coverage, (0, 0), 0.8)
    # Coat lifts beside a crack; the powder within is dark with depth.
    lifted = np.clip(cv2.GaussianBlur(coverage, (0, 0), 5) - coverage, 0, None)
    surface.height += 2.5 * lifted
    surface.albedo = mixed(surface.albedo, _bare(rng) * np.array([0.19, 0.11, 0.075]), coverage)
    surface.roughness = mixed(surface.roughness, 0.95, coverage)
    return coverage


def _contamination(rng: np.random.Generator, surface: Surface, inside: Floats, pose: Pose, index: int) -> Floats:
    """A smear of dark grease, or a hair with two grains of dirt."""
    if index % 2 == 0:
        centre = pose.at(rng.uniform(-230, 230), rng.uniform(-50, 50))
        field = blob(rng, SHAPE, centre, (105, 62), rng.uniform(0, 3), 0.2)
        coverage = without_specks(smoothstep(field, -2, 2) * smoothstep(inside, -0.5, 0.5), 120)
        streaks = 0.86 + 0.07 * noise(rng, SHAPE, 36, 5, 0.6)
        surface.albedo = mixed(surface.albedo, np.array([0.035, 0.03, 0.026]), coverage * np.clip(streaks, 0, 0.97))
        surface.roughness = mixed(surface.roughness, 0.16, coverage)
        surface.height += 1.2 * coverage
        return coverage
    hair = wander(rng, pose.at(-250, rng.uniform(-40, 60)), pose.angle - 0.25, 600, 0.16, step=7)
    strand = smoothstep(3.6 - distance_to(SHAPE, [hair]), -0.8, 0.8)
    coverage = strand * 1.0
    for u, v in ((150, 100), (300, -40)):
        field = blob(
            rng, SHAPE, pose.at(u + rng.normal(0, 20), v + rng.normal(0, 15)), (25, 18), rng.uniform(0, 3), 0.14
        )
        coverage = np.maximum(coverage, smoothstep(field, -1, 1))
    coverage = without_specks(coverage, 120)
    surface.height += 4 * cv2.GaussianBlur(coverage, (0, 0), 1.0)
    surface.albedo = mixed(surface.albedo, np.array([0.03, 0.022, 0.018]), coverage)
    surface.roughness = mixed(surface.roughness, 0.35, coverage)
    return coverage


_PAINTERS = {"chip": _chip, "contamination": _contamination, "crack": _crack}


def _draw(rng: np.random.Generator, defect: str | None, index: int) -> Scene:
    pose = Pose(rng)
    surface, inside = _caplet(rng, pose)
    coverage = np.zeros(SHAPE, np.float32)
    if defect is not None:
        coverage = _PAINTERS[defect](rng, surface, inside, pose, index)
    return Scene(shade(surface, DOME), coverage)


TABLET = Category("tablet", ("chip", "chip", "contamination", "contamination", "crack", "crack"), _draw)
