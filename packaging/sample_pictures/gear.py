"""A turned and hobbed steel gear on a granite plate, under soft boxes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sample_pictures.picture import Category, Floats, Scene
from sample_pictures.shading import Lighting, SoftBox, Surface, shade
from sample_pictures.shapes import blob, distance_to, grid, mixed, noise, smoothstep, taper, wander, without_specks

SHAPE = (1024, 1024)
TEETH = 20
THICKNESS = 42.0
STUDIO = Lighting(
    key=SoftBox((-0.36, -0.5, 0.8), 0.26, 0.85, (1.0, 0.98, 0.95)),
    others=(SoftBox((0.7, 0.1, 0.7), 0.22, 0.26, (0.86, 0.93, 1.0)), SoftBox((0.1, 0.8, 0.55), 0.25, 0.12)),
    ambient=0.26,
)
STEEL = np.array([0.60, 0.585, 0.56], np.float32)


@dataclass(frozen=True)
class Pose:
    """Where the gear lies: centre, outer radius, angle."""

    x: float
    y: float
    radius: float
    angle: float

    def at(self, share: float, angle: float) -> tuple[float, float]:
        """The point at a share of the radius, at an angle."""
        return self.x + share * self.radius * np.cos(angle), self.y + share * self.radius * np.sin(angle)

    def polar(self) -> tuple[Floats, Floats, Floats]:
        """Share of the radius, angle around the centre within the gear's own frame, tooth's own angle."""
        x, y = grid(SHAPE)
        around = np.arctan2(y - self.y, x - self.x) - self.angle
        pitch = 2 * np.pi / TEETH
        return np.hypot(x - self.x, y - self.y) / self.radius, around, np.mod(around + pitch / 2, pitch) - pitch / 2

    def tooth(self, number: int) -> float:
        """The angle of the middle of a tooth, in the picture."""
        return self.angle + number * 2 * np.pi / TEETH


def _inside(pose: Pose) -> Floats:
    """How far inside the outline a point lies, in points."""
    r, around, off = pose.polar()
    pitch = 2 * np.pi / TEETH
    root = 0.845
    half = pitch * (0.315 - 0.165 * np.clip((r - root) / (1 - root), 0, 1) ** 1.25)
    tooth = np.minimum((half - np.abs(off)) * r, 1 - r)
    outline = cv2.GaussianBlur(np.maximum(tooth, root - r).astype(np.float32) * pose.radius, (0, 0), 3)
    bore = 0.165
    key = np.maximum(np.abs(r * np.sin(around)) - 0.04, np.abs(r * np.cos(around) - 0.15) - 0.075)
    hole = np.minimum(r - bore, key)
    for number in range(5):
        angle = pose.angle + (number + 0.5) * 2 * np.pi / 5
        x, y = grid(SHAPE)
        centre = pose.at(0.49, angle)
        hole = np.minimum(hole, np.hypot(x - centre[0], y - centre[1]) / pose.radius - 0.085)
    return np.minimum(outline, hole * pose.radius).astype(np.float32)


def _plate(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Granite: height and albedo."""
    tone = 0.075 + 0.014 * noise(rng, SHAPE, 6, 3, 0.9) + 0.006 * noise(rng, SHAPE, 200, 3)
    light = smoothstep(noise(rng, SHAPE, 10, 3, 0.7), 1.5, 2.1)
    dark = smoothstep(noise(rng, SHAPE, 14, 3, 0.7), 1.1, 1.7)
    tone = np.clip(1.25 * tone * (1 - 0.6 * dark) + 0.13 * light, 0.012, 1)
    albedo = tone[..., None] * np.array([0.97, 1.0, 1.06], np.float32)
    return 0.12 * noise(rng, SHAPE, 5, 2), albedo.astype(np.float32)


@dataclass
class Gear:
    """A gear on its plate: the surface to damage, how far inside the outline each point lies, and the plate alone."""

    pose: Pose
    inside: Floats
    surface: Surface
    plate_height: Floats
    plate_albedo: Floats


def _gear(rng: np.random.Generator, pose: Pose) -> Gear:
    """The sound gear."""
    inside = _inside(pose)
    body = smoothstep(inside, -0.7, 0.7)
    r, around, _ = pose.polar()
    plate_height, plate_albedo = _plate(rng)

    web = smoothstep(r, 0.285, 0.315) * (1 - smoothstep(r, 0.68, 0.71))
    blasted = noise(rng, SHAPE, 5, 2, 0.8)
    top = THICKNESS - np.clip(8 - inside, 0, 8) * 0.42 - 11 * web + web * 0.28 * blasted
    height = mixed(plate_height, top.astype(np.float32), body)

    # Marks of the lathe: the same along a groove, different from one to the next.
    rings = cv2.resize(noise(rng, (1600, 16), 4, 2), (512, 1600), interpolation=cv2.INTER_LINEAR)
    turn = np.mod(around, 2 * np.pi) / (2 * np.pi) * 511
    ring = cv2.remap(rings, turn.astype(np.float32), (np.clip(r, 0, 1.05) * 1500).astype(np.float32), cv2.INTER_LINEAR)
    flat = (1 - web) * smoothstep(inside, 7, 9) * body
    x, y = grid(SHAPE)
    outward = np.dstack([x - pose.x, y - pose.y]) / np.maximum(r * pose.radius, 1)[..., None]
    grooves = outward * (body * (0.03 + flat * (0.19 + 0.05 * ring)))[..., None]

    steel = STEEL * (1 + 0.07 * ring * flat + 0.025 * noise(rng, SHAPE, 260, 4, 0.6))[..., None]
    steel = mixed(steel.astype(np.float32), STEEL * (0.52 + 0.03 * blasted)[..., None], web)
    roughness = mixed(np.full(SHAPE, 0.75, np.float32), 0.13 + 0.3 * web, body)
    surface = Surface(height, mixed(plate_albedo, steel, body), body, roughness, grooves.astype(np.float32))
    return Gear(pose, inside, surface, plate_height, plate_albedo)


def _broken_tooth(rng: np.random.Generator, gear: Gear, index: int) -> Floats:
    """Teeth broken off, leaving coarse grain: two neighbours, or two far apart of which one only at its tip."""
    surface = gear.surface
    r, around, _ = gear.pose.polar()
    pitch = 2 * np.pi / TEETH
    first = int(rng.integers(TEETH))
    # Tooth, where the break begins, and where nothing is left (shares of the radius).
    breaks = [(first, 0.835, 0.93), (first + 1, 0.875, 0.965)]
    if index % 2:
        breaks = [(first, 0.84, 0.93), (first + 7, 0.915, 2.0)]
    lost, kept = np.zeros(SHAPE, bool), np.zeros(SHAPE, np.float32)
    depth = np.zeros(SHAPE, np.float32)
    waves = noise(rng, SHAPE, 70, 5, 0.6)
    for tooth, begin, end in breaks:
        off = np.mod(around - tooth * pitch + np.pi, 2 * np.pi) - np.pi
        edge = begin + rng.uniform(-0.3, 0.3) * off + 0.010 * waves
        here = (np.abs(off) < pitch * 0.5) & (r > edge) & (gear.inside > 0)
        lost |= here
        kept = np.where(here, smoothstep((end + 0.016 * waves[::-1] - r) * gear.pose.radius, -0.7, 0.7), kept)
        depth = np.where(here, (r - edge) * gear.pose.radius, depth)
    coverage = without_specks(cv2.GaussianBlur(lost.astype(np.float32), (0, 0), 0.8), 200)
    ledge = 33 - 0.35 * depth + 2.6 * noise(rng, SHAPE, 24, 5, 0.65)
    broken = mixed(gear.plate_height, np.maximum(ledge, 4).astype(np.float32), kept)
    grain = np.clip(0.60 + 0.10 * noise(rng, SHAPE, 6, 3, 0.8), 0.15, 0.95)[..., None] * np.array([1.0, 0.985, 0.96])
    surface.height = mixed(surface.height, broken, coverage)
    surface.albedo = mixed(surface.albedo, mixed(gear.plate_albedo, grain, kept), coverage)
    surface.metal = mixed(surface.metal, 0.3 * kept, coverage)
    surface.roughness = mixed(surface.roughness, 0.55, coverage)
    surface.grooves = mixed(surface.grooves, 0.0, coverage)
    return coverage


def _rust(rng: np.random.Generator, gear: Gear, index: int) -> Floats:
    """Rust: one large patch that reaches over the rim, or four spots."""
    surface, pose = gear.surface, gear.pose
    field = np.full(SHAPE, -1e3, np.float32)
    start = rng.uniform(0, 2 * np.pi)
    if index % 2 == 0:
        field = blob(rng, SHAPE, pose.at(0.68, start), (122, 84), start + 1.4, 0.24)
    else:
        for number, size in enumerate((46, 34, 54, 28)):
            centre = pose.at((0.76, 0.5, 0.77, 0.235)[number], start + number * 1.5 + rng.normal(0, 0.2))
            field = np.maximum(field, blob(rng, SHAPE, centre, (size, size * 0.75), rng.uniform(0, 3), 0.22))
    coverage = without_specks(smoothstep(field, -2.5, 2.5) * smoothstep(gear.inside, -0.5, 0.5), 120)
    colour = noise(rng, SHAPE, 40, 6, 0.7)[..., None]
    brown = np.array([0.27, 0.10, 0.038]) + colour * np.array([0.11, 0.05, 0.016])
    core = smoothstep(field + 11 * noise(rng, SHAPE, 30, 5, 0.65), 8, 40)
    brown = mixed(np.clip(brown, 0.012, 1).astype(np.float32), np.array([0.062, 0.027, 0.016]), core * 0.75)
    surface.albedo = mixed(surface.albedo, brown, coverage * 0.97)
    surface.metal = mixed(surface.metal, 0.04, coverage)
    surface.roughness = mixed(surface.roughness, 0.75, coverage)
    surface.height += coverage * (1.0 + 0.9 * noise(rng, SHAPE, 10, 4, 0.8))
    return coverage


def _scratch(rng: np.random.Generator, gear: Gear, index: int) -> Floats:
    """One deep gouge from the rim into the web, or three thinner scratches."""
    surface, pose = gear.surface, gear.pose
    coverage = np.zeros(SHAPE, np.float32)
    start = pose.angle + 2 * np.pi / 5 * rng.integers(5) + rng.normal(0, 0.05)
    # Width, length, begin as a share of the radius, angle further on, turn from the way to the middle.
    strokes = [(20.0, 300, 0.81, 0.0, 1.0)]
    if index % 2:
        strokes = [(11.0, 240, 0.69, 0.0, 1.2), (8.5, 170, 0.665, 0.3, 1.15), (10.0, 190, 0.81, 3.1, -0.8)]
    for width, length, share, further, turn in strokes:
        path = wander(rng, pose.at(share, start + further), start + further + np.pi + turn, length, 0.02)
        half = taper(SHAPE, path, 3.5) * width * (1 + 0.1 * noise(rng, SHAPE, 30, 3)) / 2
        distance = distance_to(SHAPE, [path])
        touched = smoothstep(half - distance, -0.7, 0.7) * (half > 0.9) * smoothstep(gear.inside, 0, 1.5)
        groove = np.clip(1 - distance / np.maximum(half, 0.5), 0, 1) * touched
        burr = np.exp(-(((distance - half) / 1.5) ** 2)) * (half > 1.2) * smoothstep(gear.inside, 0, 2)
        surface.height += -0.30 * width * groove + 0.07 * width * burr
        bare = 0.84 + 0.08 * noise(rng, SHAPE, 4, 2)
        surface.albedo = mixed(surface.albedo, bare[..., None] * np.array([1.0, 0.99, 0.97]), touched)
        surface.metal = mixed(surface.metal, 0.45, touched)
        surface.roughness = mixed(surface.roughness, 0.35, touched)
        surface.grooves = mixed(surface.grooves, 0.0, touched)
        coverage = np.maximum(coverage, touched)
    return without_specks(coverage, 40)


_PAINTERS = {"broken_tooth": _broken_tooth, "rust": _rust, "scratch": _scratch}


def _draw(rng: np.random.Generator, defect: str | None, index: int) -> Scene:
    pose = Pose(*(512 + rng.uniform(-26, 26, 2)), rng.uniform(408, 438), rng.uniform(0, 2 * np.pi))
    gear = _gear(rng, pose)
    coverage = np.zeros(SHAPE, np.float32) if defect is None else _PAINTERS[defect](rng, gear, index)
    return Scene(shade(gear.surface, STUDIO), coverage)


GEAR = Category("gear", ("broken_tooth", "broken_tooth", "rust", "rust", "scratch", "scratch"), _draw)
