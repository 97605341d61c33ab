"""The histogram of map values: what it counts, and how a person moves the threshold."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from sam_inspector.ui import theme
from sam_inspector.ui.panels.histogram_key import THIS_IMAGE
from sam_inspector.ui.panels.map_histogram import STEPS, MapHistogram
from sam_inspector.ui.panels.value_counts import MAX_VALUES, heights, share_text, thinned

LEFT = Qt.MouseButton.LeftButton
REFERENCES = np.linspace(0.0, 0.1, 1000, dtype=np.float32).reshape(10, 10, 10)
IMAGE = np.linspace(0.0, 0.4, 400, dtype=np.float32).reshape(20, 20)


@pytest.fixture
def panel(qtbot):
    panel = MapHistogram()
    qtbot.addWidget(panel)
    panel.resize(300, 240)
    panel.show()
    return panel


@pytest.fixture
def filled(panel, qtbot):
    panel.set_values(IMAGE, REFERENCES, 0.0, 0.4)
    panel.set_threshold(0.1, True)
    qtbot.waitUntil(lambda: panel.plot is not None)
    qtbot.wait(20)
    return panel


def at(panel, value):
    return QPoint(round(panel.plot.position_of(value)), 30)


def test_heights_are_logarithmic_and_scaled_to_one_image():
    edges = np.array([0.0, 1.0, 2.0])
    values = np.array([0.5] * 9 + [1.5, 7.0], np.float32)
    np.testing.assert_allclose(heights(values, edges, 0), np.log10([10, 3]))
    np.testing.assert_allclose(heights(values, edges, 22), np.log10([19, 5]))
    assert heights(None, edges, 5) is None


def test_many_references_are_thinned_and_keep_their_ends():
    values = np.full(MAX_VALUES * 2, 0.5, np.float32)
    values[[3, 5]] = 0.0, 9.0
    kept = thinned(values)
    assert kept.size == MAX_VALUES
    assert (kept.min(), kept.max()) == (0.0, 9.0)


@pytest.mark.parametrize(
    ("count", "total", "words"),
    [
        (995, 1000, "99.5 % of references"),
        (99_996, 100_000, "99.996 % of references"),
        (499_999, 500_000, "> 99.999 % of references"),
        (1, 500_000, "< 0.001 % of references"),
        (9, 9, "All references"),
        (0, 9, "No reference value"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(count, total, words):
    assert share_text(count, total) == words


def test_the_plot_waits_until_there_is_something_to_show(panel, qtbot):
    qtbot.wait(20)
    assert panel.plot is None
    assert not panel.slider.isEnabled()
    assert not panel.spin.isEnabled()
    panel.set_values(IMAGE, None, 0.0, 0.4)
    qtbot.waitUntil(lambda: panel.plot is not None)
    assert panel.slider.isEnabled()
    assert panel.share.text() == "No references to compare with"
    panel.set_values(None, None, 0.0, 1.0)
    assert not panel.plot.isVisible()
    assert panel.share.text() == ""


def test_the_threshold_is_shown_everywhere(filled):
    filled.set_threshold(0.0999, True)
    assert filled.plot.threshold() == pytest.approx(0.0999)
    assert filled.slider.value() == round(0.0999 / 0.4 * STEPS)
    assert filled.spin.value() == pytest.approx(0.1)
    assert filled.share.text() == "99.9 % of references below"
    filled.set_threshold(0.05, False)
    assert filled.share.text() == "50.0 % of references below"


def test_setters_tell_nobody(filled, qtbot):
    with qtbot.assertNotEmitted(filled.threshold_changed, wait=20), qtbot.assertNotEmitted(filled.per_image_changed):
        filled.set_values(IMAGE * 2, REFERENCES, 0.0, 0.8)
        filled.set_threshold(0.3, False)
        filled.set_per_image(True)


def test_dragging_the_line_tells_every_step(filled, qtbot):
    told = []
    filled.threshold_changed.connect(told.append)
    view = filled.plot.viewport()
    QTest.mousePress(view, LEFT, pos=at(filled, 0.1))
    for value in (0.15, 0.2, 0.25):
        QTest.mouseMove(view, at(filled, value))
    QTest.mouseRelease(view, LEFT, pos=at(filled, 0.25))
    assert told == pytest.approx([0.1, 0.15, 0.2, 0.25], abs=0.002)
    assert filled.plot.threshold() == pytest.approx(0.25, abs=0.002)
    assert filled.spin.value() == pytest.approx(0.25, abs=0.002)
    QTest.mouseMove(view, at(filled, 0.05))
    assert len(told) == 4


def test_dragging_beyond_the_ends_stays_within_the_range(filled):
    told = []
    filled.threshold_changed.connect(told.append)
    view = filled.plot.viewport()
    QTest.mousePress(view, LEFT, pos=QPoint(100, 20))
    QTest.mouseMove(view, QPoint(2000, 20))
    QTest.mouseMove(view, QPoint(-50, 20))
    QTest.mouseRelease(view, LEFT, pos=QPoint(-50, 20))
    assert told[1:] == pytest.approx([0.4, 0.0])


def test_keys_on_the_slider_and_in_the_box_move_it(filled, qtbot):
    filled.slider.setFocus()
    with qtbot.waitSignal(filled.threshold_changed) as told:
        qtbot.keyClick(filled.slider, Qt.Key.Key_Right)
    assert told.args == [pytest.approx(0.1 + 0.4 / STEPS)]
    told = []
    filled.threshold_changed.connect(told.append)
    filled.spin.setFocus()
    filled.spin.selectAll()
    qtbot.keyClicks(filled.spin, filled.spin.locale().toString(0.25, "f", 3))
    assert told == []
    qtbot.keyClick(filled.spin, Qt.Key.Key_Return)
    assert told == [pytest.approx(0.25)]
    assert filled.plot.threshold() == pytest.approx(0.25)
    qtbot.keyClick(filled.spin, Qt.Key.Key_Up)
    assert told[-1] == pytest.approx(0.25 + filled.spin.singleStep())


def test_a_typed_value_beyond_the_range_widens_it(filled, qtbot):
    filled.spin.selectAll()
    qtbot.keyClicks(filled.spin, "2")
    with qtbot.waitSignal(filled.threshold_changed) as told:
        qtbot.keyClick(filled.spin, Qt.Key.Key_Return)
    assert told.args == [2.0]
    assert filled.plot.position_of(2.0) < filled.plot.width()
    assert filled.share.text() == "All references below"


def test_a_moved_threshold_offers_the_way_back(filled, qtbot):
    assert not filled.reset.isVisible()
    qtbot.mouseClick(filled.plot.viewport(), LEFT, pos=at(filled, 0.3))
    assert filled.reset.isVisible()
    with qtbot.waitSignal(filled.threshold_reset):
        qtbot.mouseClick(filled.reset, LEFT)
    filled.set_threshold(0.1, True)
    assert not filled.reset.isVisible()


def test_the_scale_is_told_once_and_explains_itself(filled, qtbot):
    button = filled.scale.segment("image")
    assert "normal image looks" in button.toolTip()
    with qtbot.waitSignal(filled.per_image_changed) as told:
        qtbot.mouseClick(button, LEFT)
    assert told.args == [True]
    with qtbot.assertNotEmitted(filled.per_image_changed, wait=20):
        qtbot.mouseClick(button, LEFT)
    filled.set_per_image(False)
    assert filled.scale.choice() == "dataset"


@pytest.mark.parametrize(
    ("image", "low", "high", "threshold"),
    [
        (np.full((4, 4), 0.3, np.float32), 0.3, 0.3, 0.3),
        (np.zeros((4, 4), np.float32), 0.0, 0.0, 0.0),
        (np.array([[np.nan, np.inf], [0.1, 0.2]], np.float32), 0.1, 0.2, np.inf),
        (np.full((4, 4), np.nan, np.float32), np.nan, np.nan, np.nan),
        (np.array([[-1e-6, 2e-6]], np.float32), -1e-6, 2e-6, 1e-6),
        (np.array([[0, 1e6]], np.float32), 0.0, 1e6, -5e5),
    ],
)
def test_odd_maps_are_shown_all_the_same(filled, image, low, high, threshold):
    filled.set_values(image, None, low, high)
    filled.set_threshold(threshold, True)
    filled.grab()
    assert 0 <= filled.plot.position_of(filled.plot.threshold()) <= filled.plot.width()
    assert filled.slider.isEnabled() == bool(np.isfinite(image).any())


def test_both_histograms_are_drawn_in_their_colours(filled, qtbot):
    shot = filled.plot.grab().toImage()
    colours = [QColor(shot.pixel(x, y)).hsvHue() for x in range(shot.width()) for y in range(0, shot.height() - 25)]
    orange = QColor(THIS_IMAGE).hsvHue()
    with_image = sum(abs(hue - orange) <= 3 for hue in colours)
    assert with_image > 200
    filled.set_values(None, REFERENCES, 0.0, 0.4)
    qtbot.wait(20)
    shot = filled.plot.grab().toImage()
    colours = [QColor(shot.pixel(x, y)).hsvHue() for x in range(shot.width()) for y in range(0, shot.height() - 25)]
    assert sum(abs(hue - orange) <= 3 for hue in colours) == 0


def test_the_line_stands_above_the_handle_of_the_slider(filled, qtbot):
    for value in (0.0, 0.1, 0.4):
        filled.set_threshold(value, True)
        share = filled.slider.value() / STEPS
        handle = 7 + share * (filled.slider.width() - 14)
        assert filled.plot.position_of(value) == pytest.approx(handle, abs=1.5)


def test_the_plot_follows_the_theme(filled, qapp):
    def corner():
        return filled.plot.grab().toImage().pixelColor(filled.plot.width() - 4, 4).name().upper()

    try:
        for scheme, colours in (("dark", theme.DARK), ("light", theme.LIGHT)):
            theme.apply_theme(qapp, scheme)
            filled.set_threshold(0.1, True)
            qapp.sendPostedEvents()
            assert corner() == colours.field
    finally:
        theme.apply_theme(qapp, "system")


@pytest.mark.parametrize("width", [216, 276, 400])
def test_nothing_sticks_out_at_any_dock_width(filled, qtbot, width):
    filled.set_threshold(0.2, False)
    filled.resize(width, 260)
    qtbot.wait(20)
    for widget in (filled.plot, filled.slider, filled.spin, filled.reset, filled.scale):
        assert widget.mapTo(filled, widget.rect().topRight()).x() < width, widget
    assert filled.scale.segment("image").width() >= filled.fontMetrics().horizontalAdvance("This image") + 12
