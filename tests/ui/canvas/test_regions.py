"""Where generated points come from: the line around the extreme region, the dotted ring, and notes on points."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.ui.canvas.overlays import RegionsOverlay
from sam_inspector.ui.canvas.regions_item import dotted
from tests.ui.canvas.canvas_driver import CanvasDriver

SIZE = (200, 100)
GRAY = (40, 40, 40)


@pytest.fixture
def driver(qtbot):
    return CanvasDriver(qtbot, *SIZE, echo=False)


@pytest.fixture
def regions():
    """On a frame half the image's size: extreme in columns 40 to 59 and rows 20 to 29, a ring of 8 around it."""
    extreme = np.zeros((50, 100), bool)
    extreme[20:30, 40:60] = True
    ring = cv2.dilate(extreme.astype(np.uint8), np.ones((17, 17), np.uint8)).astype(bool) & ~extreme
    return RegionsOverlay.from_masks(extreme, ring, SIZE)


def is_purple(colour):
    red, green, blue = colour
    return red > green + 6 and blue > green + 3


def patch(driver, pixel, half):
    """RGB on screen in a square around a place in pixel indices, by offset."""
    image = driver.canvas.viewport().grab().toImage()
    middle = driver.at(pixel).toPoint()
    colours = {}
    for y in range(-half, half + 1):
        for x in range(-half, half + 1):
            found = image.pixelColor(middle.x() + x, middle.y() + y)
            colours[x, y] = (found.red(), found.green(), found.blue())
    return colours


def test_the_frame_is_stretched_over_the_image(regions):
    x, y, width, height = regions.raster.rect
    assert (x, y, x + width, y + height) == (64, 24, 136, 76)
    points = regions.outlines[0].points
    assert points.min(0) == pytest.approx((80, 40), abs=0.6)
    assert points.max(0) == pytest.approx((120, 60), abs=0.6)


def test_no_region_is_nothing_to_draw(driver):
    nothing = np.zeros((50, 100), bool)
    overlay = RegionsOverlay.from_masks(nothing, nothing, SIZE)
    assert overlay.raster is None
    driver.canvas.set_regions(overlay)
    assert driver.colour((100, 50)) == GRAY
    assert not driver.canvas._regions_legend.isVisible()


@pytest.mark.parametrize("zoom", [1.0, 4.0, 20.0])
def test_the_ring_is_tinted_and_dotted_and_the_extreme_region_bare_at_every_zoom(driver, regions, zoom):
    canvas = driver.canvas
    canvas.set_regions(regions)
    canvas.zoom_to(zoom)
    canvas.center_on(100, 30)  # in the ring, above the region
    seen = set(patch(driver, (100, 30), 6).values())
    assert all(is_purple(colour) for colour in seen)
    assert len(seen) > 4, "dots stand out from the tint"
    canvas.center_on(100, 50)
    assert set(patch(driver, (100, 50), 3).values()) == {GRAY}


@pytest.mark.parametrize("zoom", [2.0, 20.0])
def test_the_line_is_as_thick_at_every_zoom_and_broken(driver, regions, zoom):
    canvas = driver.canvas
    canvas.set_regions(regions)
    canvas.zoom_to(zoom)
    canvas.center_on(100, 40)  # on the upper edge, which lies between two pixels
    found = patch(driver, (100, 39.5), 18)
    # Below the edge, inside the extreme region, there are no dots to be mistaken for it.
    rows = [[found[x, y][0] > 150 for x in range(-18, 19)] for y in range(1 if zoom < 4 else 3, 19)]
    thick = max(sum(column) for column in zip(*rows, strict=True))
    assert 1 <= thick <= 4
    longest = max(rows, key=sum)
    assert 20 <= sum(longest) < 37, "a line with narrow gaps"


def test_dots_move_with_the_image():
    whole = np.full((40, 40), 255, np.uint8)
    here, there = dotted(whole, 1.0), dotted(whole, 1.0, (5, 3))
    assert np.array_equal(here[3:, 5:], there[:-3, :-5])
    assert not dotted(np.zeros((4, 4), np.uint8), 1.0).any()


def test_layer_and_legend_come_and_go_together(driver, regions):
    canvas = driver.canvas
    legend = canvas._regions_legend
    canvas.set_regions(regions)
    assert legend.isVisible()
    assert legend.texts() == ["Extreme region: positive points", "Ring: negative points"]
    canvas.set_regions(replace(regions, has_ring=False))
    assert legend.texts() == ["Extreme region: positive points"]
    canvas.set_regions(regions)
    canvas.set_layer("regions", False, 1.0)
    assert not legend.isVisible()
    assert driver.colour((100, 30)) == GRAY
    canvas.set_layer("regions", True, 1.0)
    canvas.set_overlays_hidden(True)
    assert not legend.isVisible()
    assert driver.colour((100, 30)) == GRAY
    canvas.set_overlays_hidden(False)
    canvas.resize(300, 300)
    assert legend.texts() == ["Extreme region", "Ring"]
    assert canvas.viewport().rect().contains(legend.geometry())
    canvas.set_image(None)
    assert not legend.isVisible()


# --- notes ---------------------------------------------------------------------------------------------------------

POINTS = Prompts((Prompt(points=((60.0, 50.0), (140.0, 50.0)), labels=(1, 0), source="clip"),))
NOTES = {((60.0, 50.0), 1): "Positive · map 0.412", ((140.0, 50.0), 0): "Negative · similarity 0.31"}


def rest_on(driver, pixel):
    """Move there and wait, as Qt tells it."""
    viewport = driver.canvas.viewport()
    at = driver.at(pixel)
    driver.move(at)
    place = at.toPoint()
    QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, place, viewport.mapToGlobal(place)))
    return QToolTip.text() if QToolTip.isVisible() else ""


def test_a_generated_point_tells_what_chose_it(driver, qtbot):
    driver.show(POINTS)
    driver.canvas.set_point_notes(NOTES)
    assert rest_on(driver, (60, 50)) == "Positive · map 0.412"
    assert rest_on(driver, (140, 50)) == "Negative · similarity 0.31"
    assert driver.canvas._prompts_item.toolTip()
    driver.move(driver.at((100, 20)))
    assert driver.canvas._prompts_item.toolTip() == ""
    qtbot.waitUntil(lambda: not QToolTip.isVisible(), timeout=2000)


def test_a_point_that_was_moved_or_removed_tells_nothing(qtbot):
    driver = CanvasDriver(qtbot, *SIZE)
    driver.show(POINTS)
    driver.canvas.set_point_notes(NOTES)
    driver.drag((60, 50), (70, 60))
    assert driver.prompts.items[0].points[0] == pytest.approx((70, 60), abs=1)
    assert rest_on(driver, driver.prompts.items[0].points[0]) == ""
    driver.move(driver.at((140, 50)))
    assert driver.canvas._prompts_item.toolTip() == "Negative · similarity 0.31"
    driver.show(Prompts())
    assert driver.canvas._prompts_item.toolTip() == ""


def test_notes_need_points_in_sight(driver):
    driver.show(POINTS)
    driver.canvas.set_point_notes(NOTES)
    driver.canvas.set_layer("prompts", False, 1.0)
    assert rest_on(driver, (60, 50)) == ""
