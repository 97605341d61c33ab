"""Light on a height map, seen from straight above: soft shadows, ambient occlusion, soft boxes mirrored in metal.

Diffuse light is Lambert's; highlights are the soft boxes' images, blurred by roughness; turned or brushed metal
spreads its normals across the grooves, which draws highlights out into the bow ties known from turned faces.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sample_pictures.picture import Floats
from sample_pictures.shapes import grid

GLOSS = 0.04
"""The share of light that paint, coat and stone mirror, seen from above."""

STEEPEST = 2.2
"""Slopes are limited to this, or each wall would be an outline of one point in black or white."""


@dataclass
class Surface:
    """A scene before light. All arrays float32 of one `(H, W)`; heights in points of the scene.

    `albedo` is `(H, W, 3)` linear RGB: the diffuse colour, or a metal's mirror colour; `metal` in [0, 1];
    `roughness` about 0.05 (polished) to 1; `grooves` `(H, W, 2)` points across the grooves, its length their spread.
    """

    height: Floats
    albedo: Floats
    metal: Floats
    roughness: Floats
    grooves: Floats | None = None


@dataclass(frozen=True)
class SoftBox:
    """A lamp: direction towards it, how far it spreads (radians), how bright and of what colour."""

    direction: tuple[float, float, float]
    spread: float
    power: float
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def unit(self) -> Floats:
        """The direction with length 1."""
        vector = np.array(self.direction, np.float32)
        return vector / np.linalg.norm(vector)


@dataclass(frozen=True)
class Lighting:
    """Key lamp (the one that casts shadows), other lamps, and the light from everywhere."""

    key: SoftBox
    others: tuple[SoftBox, ...]
    ambient: float


def shade(surface: Surface, lighting: Lighting) -> Floats:
    """The radiance towards the camera, float32 `(H, W, 3)`."""
    normal = _normals(surface.height)
    lit = _soft_shadow(surface.height, lighting.key)
    openness = _openness(surface.height)
    metal = surface.metal[..., None]
    tint = GLOSS * (1 - metal) + surface.albedo * metal

    diffuse = np.zeros_like(surface.albedo)
    for lamp in (lighting.key, *lighting.others):
        facing = np.clip(normal @ lamp.unit, 0, None) * lamp.power
        shadow = lit if lamp is lighting.key else openness
        diffuse += (facing * shadow)[..., None] * np.array(lamp.colour, np.float32)
    diffuse += (lighting.ambient * openness * (0.5 + 0.5 * normal[..., 2]))[..., None]

    mirrored = _mirrored(surface, normal, lighting, lit, openness)
    return (surface.albedo * (1 - metal) * diffuse + tint * mirrored).astype(np.float32)


def _normals(height: Floats) -> Floats:
    slope_x = np.clip(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8, -STEEPEST, STEEPEST)
    slope_y = np.clip(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8, -STEEPEST, STEEPEST)
    return _unit(np.dstack([-slope_x, -slope_y, np.ones_like(height)]))


def _unit(vectors: Floats) -> Floats:
    return vectors / np.sqrt(np.einsum("ijk,ijk->ij", vectors, vectors))[..., None]


def _soft_shadow(height: Floats, lamp: SoftBox) -> Floats:
    """The share of the lamp that each point sees; worked out at half size, shadows being soft."""
    rows, columns = height.shape
    small = cv2.resize(height, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA) / 2
    azimuth = np.arctan2(lamp.unit[1], lamp.unit[0])
    elevation = np.arcsin(lamp.unit[2])
    reach = float(small.max() - small.min()) / np.tan(elevation - lamp.spread * 0.6)
    seen = np.zeros_like(small)
    offsets = np.linspace(-1, 1, 5)
    for turn in offsets * lamp.spread * 0.7:
        for lift in offsets[1::2] * lamp.spread:
            climb = np.tan(elevation + lift)
            blocked = np.zeros_like(small)
            for travel in np.arange(1.0, reach, 1.5):
                shift = travel * np.array([np.cos(azimuth + turn), np.sin(azimuth + turn)])
                move = np.float32([[1, 0, -shift[0]], [0, 1, -shift[1]]])
                towards = cv2.warpAffine(small, move, small.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
                np.maximum(blocked, towards - small - travel * climb, out=blocked)
            seen += 1 - np.clip(blocked / 1.5, 0, 1)
    seen = cv2.GaussianBlur(seen / (len(offsets) * 2), (0, 0), 1.2)
    return cv2.resize(seen, (columns, rows), interpolation=cv2.INTER_LINEAR)


def _openness(height: Floats) -> Floats:
    """Ambient occlusion from how far a point lies below its surroundings, at four sizes; in (0, 1]."""
    depth = np.zeros_like(height)
    for sigma in (2.0, 6.0, 16.0, 40.0):
        depth += np.clip(cv2.GaussianBlur(height, (0, 0), sigma) - height, 0, None) / sigma
    return (1 / (1 + 0.55 * depth)).astype(np.float32)


def _mirrored(surface: Surface, normal: Floats, lighting: Lighting, lit: Floats, openness: Floats) -> Floats:
    x, y = grid(surface.height.shape)
    rows, columns = surface.height.shape
    distance = 2.2 * max(rows, columns)
    view = _unit(np.dstack([-(x - columns / 2) / distance, -(y - rows / 2) / distance, np.ones_like(x)]))
    spreads = (0.0,) if surface.grooves is None else (-1.6, -1.0, -0.55, -0.2, 0.2, 0.55, 1.0, 1.6)
    weights = np.exp(-0.5 * np.square(spreads))
    total = np.zeros_like(surface.albedo)
    for spread, weight in zip(spreads, weights / weights.sum(), strict=True):
        facet = normal
        if surface.grooves is not None:
            facet = _unit(normal + spread * np.dstack([surface.grooves, np.zeros_like(x)]))
        ray = 2 * np.einsum("ijk,ijk->ij", facet, view)[..., None] * facet - view
        total += weight * _environment(ray, surface.roughness, lighting, lit, openness)
    return total


def _environment(ray: Floats, roughness: Floats, lighting: Lighting, lit: Floats, openness: Floats) -> Floats:
    """What a ray meets: the lamps as soft discs, a ceiling, and the dark below the horizon."""
    ceiling = lighting.ambient * (0.35 + 0.65 * np.clip(ray[..., 2], 0, 1)) * openness
    total = np.repeat(ceiling[..., None], 3, axis=2)
    for lamp in (lighting.key, *lighting.others):
        width = lamp.spread**2 + roughness**2
        lobe = np.exp((ray @ lamp.unit - 1) / width) * lamp.power / (np.pi * width)
        lobe = lobe * (lit if lamp is lighting.key else openness)
        total += lobe[..., None] * np.array(lamp.colour, np.float32)
    return total.astype(np.float32)
