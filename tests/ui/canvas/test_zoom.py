import pytest
from canvas_driver import CanvasDriver
from PySide6.QtCore import QPointF

from sam_inspector.ui.canvas.zoom_view import FIT_MARGIN_PX, MOST_ZOOM


@pytest.fixture
def driver(qtbot):
    return CanvasDriver(qtbot)


def test_fit_shows_the_whole_image_centred(driver):
    top_left, bottom_right = driver.at((-0.5, -0.5)), driver.at((199.5, 99.5))
    assert top_left.x() == pytest.approx(FIT_MARGIN_PX, abs=1)
    assert bottom_right.x() == pytest.approx(800 - FIT_MARGIN_PX, abs=1)
    assert top_left.y() == pytest.approx(600 - bottom_right.y(), abs=1)


def test_fit_stays_after_a_resize_and_a_chosen_zoom_keeps_the_middle(driver, qtbot):
    driver.canvas.resize(500, 400)
    assert driver.canvas.zoom == pytest.approx((500 - 2 * FIT_MARGIN_PX) / 200)
    driver.canvas.zoom_to(5)
    driver.canvas.center_on(60, 30)
    driver.canvas.resize(640, 480)
    assert driver.canvas.zoom == pytest.approx(5)
    middle = driver.canvas.scene_point(QPointF(320, 240))
    assert (middle.x(), middle.y()) == pytest.approx((60, 30), abs=0.2)


@pytest.mark.parametrize("spot", [(400, 300), (150, 200), (700, 420)])
def test_the_wheel_keeps_what_is_under_the_pointer(driver, spot):
    at = QPointF(*spot)
    under = driver.canvas.scene_point(at)
    for notches in (1, 1, 0.25, 1, 2, -1, -0.5, 3):
        driver.wheel(at, notches)
        now = driver.canvas.view_point(under)
        assert (now.x(), now.y()) == pytest.approx(spot, abs=1.5)
    assert driver.canvas.zoom > 4


def test_the_wheel_zooms_by_fractions_of_a_notch(driver):
    driver.canvas.zoom_to(2)
    driver.wheel(QPointF(400, 300), 0.5)
    driver.wheel(QPointF(400, 300), 0.5)
    assert driver.canvas.zoom == pytest.approx(2.5)


def test_the_zoom_has_limits_and_is_told(driver):
    told = []
    driver.canvas.zoom_changed.connect(told.append)
    for _ in range(60):
        driver.canvas.zoom_in()
    assert driver.canvas.zoom == pytest.approx(MOST_ZOOM)
    assert told[-1] == pytest.approx(MOST_ZOOM)
    for _ in range(100):
        driver.canvas.zoom_out()
    assert 0 < driver.canvas.zoom < 1
    driver.canvas.zoom_to(1)
    assert driver.canvas.zoom == pytest.approx(1)


def test_the_image_cannot_be_lost(driver):
    driver.canvas.zoom_to(4)
    driver.canvas.pan_by(QPointF(-100_000, 50_000))
    assert driver.canvas.centre == QPointF(200, 0)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (12_000, 2)])
def test_odd_sizes_fit_and_take_clicks(qtbot, size):
    driver = CanvasDriver(qtbot, *size)
    driver.click((0, 0))
    assert driver.prompts.items[0].points == ((0.0, 0.0),)
    driver.canvas.viewport().grab()
