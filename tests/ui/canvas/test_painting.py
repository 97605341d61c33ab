import time

import numpy as np
import pytest
from canvas_driver import CanvasDriver
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.ui import theme
from sam_inspector.ui.canvas.overlays import ErrorOverlay, MapOverlay, MaskOverlay, RegionsOverlay
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.canvas.view import Canvas

GRAY = (40, 40, 40)
PAINT_MS = 30


def rgb(colour):
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def mixed(colour, share, under=GRAY):
    return tuple(share * one + (1 - share) * other for one, other in zip(rgb(colour), under, strict=True))


def outline_shows(driver):
    across = [driver.colour((39.5, 50), (step, 0)) for step in range(-2, 4)]
    return any(colour == pytest.approx(rgb(theme.MASK), abs=12) for colour in across)


@pytest.fixture
def driver(qtbot):
    return CanvasDriver(qtbot)


@pytest.fixture
def mask():
    made = np.zeros((100, 200), bool)
    made[20:80, 40:120] = True
    return made


def test_the_mask_is_filled_and_outlined_and_gray_when_stale(driver, mask):
    overlay = MaskOverlay.from_mask(mask)
    driver.canvas.set_mask(overlay, False)
    assert driver.colour((80, 50)) == pytest.approx(mixed(theme.MASK, 0.4), abs=2)
    assert driver.colour((150, 50)) == pytest.approx(GRAY, abs=1)
    assert outline_shows(driver)
    driver.canvas.set_layer("mask", True, 0.0)
    assert driver.colour((80, 50)) == pytest.approx(GRAY, abs=1)
    assert outline_shows(driver)
    driver.canvas.set_layer("mask", True, 0.4)
    driver.canvas.set_mask(overlay, True)
    assert driver.colour((80, 50)) == pytest.approx(mixed(theme.STALE, 0.4), abs=2)


def test_the_ground_truth_is_a_dashed_line(driver, mask):
    driver.canvas.set_ground_truth(MaskOverlay.from_mask(mask))
    assert driver.colour((80, 50)) == pytest.approx(GRAY, abs=1)
    image = driver.canvas.viewport().grab().toImage()
    start, end = driver.at((45, 19.75)).toPoint(), driver.at((115, 19.75)).toPoint()
    line = [image.pixelColor(x, start.y()).getRgb()[:3] for x in range(start.x(), end.x())]
    yellow = [np.abs(np.subtract(colour, rgb(theme.GROUND_TRUTH))).max() < 40 for colour in line]
    assert 0.4 < np.mean(yellow) < 0.8
    assert any(max(colour) < 39 for colour in line)


def test_the_errors_have_their_colours_and_take_the_masks_place(driver, mask):
    truth = np.roll(mask, 30, axis=1)
    driver.canvas.set_mask(MaskOverlay.from_mask(mask), False)
    driver.canvas.set_errors(ErrorOverlay.from_masks(mask, truth))
    assert driver.colour((95, 50)) == pytest.approx(mixed(theme.MASK, 0.4), abs=2)
    driver.canvas.set_layer("errors", True, 0.6)
    assert driver.colour((95, 50)) == pytest.approx(mixed(theme.TRUE_POSITIVE, 0.6), abs=3)
    image = driver.canvas.viewport().grab().toImage()
    for x, colour in ((55, theme.FALSE_POSITIVE), (135, theme.FALSE_NEGATIVE)):
        spot = driver.at((x, 50)).toPoint()
        found = [image.pixelColor(spot.x() + step, spot.y()).getRgb()[:3] for step in range(8)]
        assert any(np.allclose(one, mixed(colour, 0.9), atol=4) for one in found)
        assert any(np.allclose(one, mixed(colour, 0.27), atol=4) for one in found)


def test_the_map_lets_normal_regions_through(driver):
    values = np.zeros((100, 200), np.float32)
    values[:, 100:] = 1
    driver.canvas.set_map(MapOverlay.from_map(AnomalyMap(values, "stub", 0.0, 1.0)))
    driver.canvas.set_layer("map", True, 1.0)
    assert driver.colour((50, 50)) == pytest.approx(GRAY, abs=1)
    assert driver.colour((150, 50)) == pytest.approx((252, 255, 164), abs=3)
    driver.canvas.set_layer("map", False, 1.0)
    assert driver.colour((150, 50)) == pytest.approx(GRAY, abs=1)


def test_points_have_the_same_size_at_every_zoom_and_are_hollow_while_pending(driver):
    prompts = Prompts((Prompt(points=((100.0, 50.0),), labels=(1,)),))
    driver.show(prompts)
    for zoom in (0.5, 3, 20):
        driver.canvas.zoom_to(zoom)
        driver.canvas.center_on(100.5, 50.5)
        assert driver.colour((100, 50), (4, 4)) == pytest.approx(rgb(theme.POSITIVE_POINT), abs=3)
        assert driver.colour((100, 50)) == (255, 255, 255)
        assert driver.colour((100, 50), (14, 0)) == pytest.approx(GRAY, abs=1)
    new = Prompts((Prompt(points=((100.0, 50.0), (110.0, 50.0)), labels=(1, 0)),))
    driver.canvas.set_prompts(new, Prompts(), False)
    driver.canvas.set_prompts(new, Prompts(), True)
    assert driver.colour((100, 50), (4, 3)) == pytest.approx(rgb(theme.POSITIVE_POINT), abs=3)
    assert driver.colour((110, 50), (3, 3)) == (255, 255, 255)
    driver.canvas.set_prompts(new, Prompts(), False)
    assert driver.colour((110, 50), (4, 3)) == pytest.approx(rgb(theme.NEGATIVE_POINT), abs=3)


def test_a_box_is_a_white_line_where_sam_is_told_it_is(driver):
    driver.show(Prompts((Prompt(box=(40.0, 30.0, 80.0, 70.0)),)))
    colours = [driver.colour((40, 45), (step, 0)) for step in (-1, 0, 1)]
    assert (255, 255, 255) in colours
    assert driver.colour((60, 45)) == pytest.approx(GRAY, abs=1)


def test_holding_shows_the_bare_image(driver, mask):
    driver.canvas.set_mask(MaskOverlay.from_mask(mask), False)
    driver.canvas.set_overlays_hidden(True)
    assert driver.colour((80, 50)) == pytest.approx(GRAY, abs=1)
    driver.canvas.set_overlays_hidden(False)
    assert driver.colour((80, 50)) != pytest.approx(GRAY, abs=1)


def test_pixels_are_sharp_from_one_to_one_and_smooth_below(qtbot):
    driver = CanvasDriver(qtbot)
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[::2, ::2] = pixels[1::2, 1::2] = 255
    driver.canvas.set_image(ImagePyramid.from_pixels(pixels))
    for zoom in (1, 2, 5, 12):
        driver.canvas.zoom_to(zoom)
        driver.canvas.center_on(200, 200)
        assert {driver.colour((x, y)) for x in range(190, 210) for y in (195, 196)} == {(0, 0, 0), (255, 255, 255)}
        assert driver.colour((200, 200)) == (255, 255, 255)
        assert driver.colour((201, 200)) == (0, 0, 0)
    driver.canvas.zoom_to(0.5)
    assert driver.colour((200, 200)) == pytest.approx((128, 128, 128), abs=2)


def test_the_grid_comes_with_large_pixels(driver):
    driver.canvas.zoom_to(8)
    driver.canvas.center_on(100, 50)
    assert driver.colour((99.5, 50)) == pytest.approx(GRAY, abs=1)
    driver.canvas.zoom_to(32)
    spread = {driver.colour((99.5, 50), (step, 0)) for step in (-1, 0, 1)}
    assert len(spread) > 1
    assert driver.colour((100, 50)) == pytest.approx(GRAY, abs=1)


def test_legends_come_with_their_layers(driver, mask):
    canvas = driver.canvas
    canvas.set_errors(ErrorOverlay.from_masks(mask, np.roll(mask, 30, axis=1)))
    canvas.set_map(MapOverlay.from_map(AnomalyMap(np.zeros((100, 200), np.float32), "few-shot", 0.03, 0.31)))
    canvas.set_layer("map", False, 0.85)
    assert not canvas._error_legend.isVisible()
    assert not canvas._map_legend.isVisible()
    canvas.set_layer("errors", True, 0.6)
    canvas.set_layer("map", True, 0.85)
    assert canvas._error_legend.isVisible()
    assert canvas._error_legend.texts() == [
        ("True positive", "15.00 %"),
        ("False positive", "9.00 %"),
        ("False negative", "9.00 %"),
    ]
    assert canvas._map_legend.texts() == ("Map, few-shot", "shared scale", "0.03", "0.31")
    assert not canvas._map_legend.geometry().intersects(canvas._error_legend.geometry())
    canvas.resize(420, 400)
    assert [name for name, _ in canvas._error_legend.texts()] == ["TP", "FP", "FN"]
    assert canvas.viewport().rect().contains(canvas._error_legend.geometry())
    canvas.set_image(None)
    assert not canvas._error_legend.isVisible()
    assert not canvas._map_legend.isVisible()


def test_the_background_follows_the_theme(qtbot):
    app = QApplication.instance()
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(300, 200)
    for scheme, colours in (("dark", theme.DARK), ("light", theme.LIGHT)):
        theme.apply_theme(app, scheme)
        found = canvas.viewport().grab().toImage().pixelColor(5, 5)
        assert found.name().upper() == colours.canvas
    assert len(set(_colours(canvas))) > 1


def _colours(canvas):
    image = canvas.viewport().grab().toImage()
    return [image.pixel(x, y) for x in range(80, 220, 2) for y in range(85, 115)]


def test_a_new_image_takes_away_what_lay_over_the_old_one(driver, mask):
    driver.canvas.set_mask(MaskOverlay.from_mask(mask), False)
    driver.show(Prompts((Prompt(points=((80.0, 50.0),), labels=(1,)),)))
    driver.canvas.set_image(ImagePyramid.from_pixels(np.full((100, 200, 3), 90, np.uint8)))
    assert driver.colour((80, 50)) == pytest.approx((90, 90, 90), abs=1)


def test_a_12000_by_9000_image_with_its_overlays_paints_quickly(qtbot, record_property):
    driver = CanvasDriver(qtbot, 4, 4)
    rng = np.random.default_rng(0)
    tile = rng.integers(0, 256, (900, 1200, 3), np.uint8)
    pyramid = ImagePyramid.from_pixels(np.tile(tile, (10, 10, 1)))
    mask = np.zeros((9000, 12000), bool)
    mask[2000:7000, 3000:9000] = True
    truth = np.roll(mask, 300, axis=1)
    canvas = driver.canvas
    canvas.set_image(pyramid)
    times = {}

    def paint(name):
        for zoom in (None, 0.13, 0.3, 0.7, 1, 2.5, 8, 30):
            if zoom is None:
                canvas.fit()
            else:
                canvas.zoom_to(zoom)
                canvas.center_on(6000, 4500)
            canvas.viewport().grab()
            best = min(_paint_ms(canvas, step) for step in range(3))
            times[name, zoom] = best

    paint("image")
    canvas.set_mask(MaskOverlay.from_mask(mask), False)
    canvas.set_ground_truth(MaskOverlay.from_mask(truth))
    paint("mask and ground truth")
    canvas.set_errors(ErrorOverlay.from_masks(mask, truth))
    canvas.set_layer("errors", True, 0.6)
    paint("errors")
    for (name, zoom), taken in times.items():
        print(f"{name} at {'fit' if zoom is None else zoom}: {taken:.1f} ms")
    worst = max(taken for (name, _), taken in times.items() if name == "image")
    record_property("worst_image_paint_ms", worst)
    assert worst < PAINT_MS
    # The layers may take the same again each; what is measured here shares two cores with everything else.
    assert max(times.values()) < 3 * PAINT_MS


def _paint_ms(canvas, step):
    canvas.horizontalScrollBar().setValue(canvas.horizontalScrollBar().value() + 1 + step)
    began = time.perf_counter()
    canvas.viewport().grab()
    return 1000 * (time.perf_counter() - began)


def test_overlays_lie_in_place_in_a_picture_of_the_whole_window(qtbot, mask):
    """The view is not at the window's corner there."""
    window = QWidget()
    qtbot.addWidget(window)
    canvas = Canvas()
    box = QVBoxLayout(window)
    box.setContentsMargins(70, 50, 0, 0)
    box.addWidget(canvas)
    window.resize(600, 400)
    canvas.set_image(ImagePyramid.from_pixels(np.full((100, 200, 3), GRAY, np.uint8)))
    canvas.set_mask(MaskOverlay.from_mask(mask, outlined=False), False)
    window.show()
    qtbot.waitExposed(window)
    picture = window.grab().toImage()
    for pixel, colour in (((80, 50), mixed(theme.MASK, 0.4)), ((150, 50), GRAY)):
        spot = canvas.viewport().mapTo(window, canvas.view_point(QPointF(*pixel)).toPoint())
        assert picture.pixelColor(spot).getRgb()[:3] == pytest.approx(colour, abs=2)


def test_in_a_narrow_view_legends_take_little_of_the_image(driver, mask):
    canvas = driver.canvas
    canvas.set_map(MapOverlay.from_map(AnomalyMap(np.zeros((100, 200), np.float32), "few-shot", 0.03, 0.31)))
    canvas.set_regions(RegionsOverlay.from_masks(mask, ~mask, (200, 100)))
    canvas.set_layer("map", True, 0.85)
    full = canvas._map_legend.size()
    canvas.resize(466, 466)
    small, regions = canvas._map_legend.geometry(), canvas._regions_legend.geometry()
    assert canvas._map_legend.texts() == ("Map", "", "0.03", "0.31")
    assert small.height() < 0.6 * full.height()
    assert small.width() < full.width()
    assert small.bottom() == regions.bottom(), "side by side"
    assert not small.intersects(regions)
    canvas.set_errors(ErrorOverlay.from_masks(mask, np.roll(mask, 30, axis=1)))
    canvas.set_layer("errors", True, 0.6)
    places = [legend.geometry() for legend in (canvas._error_legend, canvas._map_legend, canvas._regions_legend)]
    assert all(canvas.viewport().rect().contains(place) for place in places)
    assert not any(one.intersects(other) for one in places for other in places if one is not other)
    assert min(place.top() for place in places) > 466 - 100
    canvas.resize(800, 600)
    assert canvas._map_legend.size() == full


def test_a_notice_stands_above_the_image_and_goes_with_it(driver):
    canvas = driver.canvas
    canvas.set_notice("This mask: few-shot, not CLIP")
    assert canvas._notice.isVisible()
    assert canvas.viewport().rect().contains(canvas._notice.geometry())
    canvas.set_overlays_hidden(True)
    assert not canvas._notice.isVisible()
    canvas.set_overlays_hidden(False)
    canvas.set_notice("")
    assert not canvas._notice.isVisible()
