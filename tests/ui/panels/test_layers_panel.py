"""The layers panel: visibility and opacity by mouse and key, and what is not there to be shown."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QStyle, QStyleOptionSlider

from sam_inspector.ui.panels.layers import LAYERS, LEAST_WIDTH, LayersPanel


@pytest.fixture
def panel(qtbot):
    panel = LayersPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 240)
    panel.show()
    return panel


def test_the_eye_hides_and_shows(panel, qtbot):
    panel.set_layer("mask", True, 0.4)
    eye = panel.rows["mask"].eye
    with qtbot.waitSignal(panel.layer_changed) as told:
        qtbot.mouseClick(eye, Qt.MouseButton.LeftButton)
    assert told.args == ["mask", False, pytest.approx(0.4)]
    assert panel.rows["mask"].title.tone == "faint"
    with qtbot.waitSignal(panel.layer_changed) as told:
        qtbot.mouseClick(eye, Qt.MouseButton.LeftButton)
    assert told.args[1] is True


def test_the_slider_sets_the_opacity(panel, qtbot):
    panel.set_layer("errors", True, 0.6)
    slider = panel.rows["errors"].slider
    slider.setFocus()
    with qtbot.waitSignal(panel.layer_changed) as told:
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert told.args == ["errors", True, pytest.approx(0.61)]
    assert panel.rows["errors"].percent.text() == "61 %"


def test_dragging_the_slider_tells_every_step(panel, qtbot):
    panel.set_layer("gt", True, 0.5)
    slider = panel.rows["gt"].slider
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    control, handle = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
    start = slider.style().subControlRect(control, option, handle, slider).center()
    told = []
    panel.layer_changed.connect(lambda name, visible, opacity: told.append((name, visible, opacity)))
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
    for step in (10, 20):
        qtbot.mouseMove(slider, start + QPoint(step, 0))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=start + QPoint(20, 0))
    assert [name for name, *_ in told] == ["gt"] * len(told)
    assert told[-1][2] > 0.55


def test_setters_tell_nobody(panel, qtbot):
    with qtbot.assertNotEmitted(panel.layer_changed, wait=20):
        for name, *_ in LAYERS:
            panel.set_layer(name, False, 0.25)
            panel.set_available(name, True)
    assert all(row.percent.text() == "25 %" and not row.eye.isChecked() for row in panel.rows.values())


def test_what_is_not_available_is_greyed_and_says_why(panel, qtbot):
    panel.set_layer("gt", True, 1.0)
    panel.set_available("gt", False, "No ground truth for this image")
    row = panel.rows["gt"]
    assert not row.eye.isEnabled()
    assert not row.slider.isEnabled()
    assert row.toolTip() == "No ground truth for this image"
    with qtbot.assertNotEmitted(panel.layer_changed, wait=20):
        qtbot.mouseClick(row.eye, Qt.MouseButton.LeftButton)
    panel.set_available("gt", True)
    assert row.eye.isEnabled()
    assert row.eye.isChecked()
    assert row.toolTip() == ""


def test_without_a_map_a_link_opens_one(panel, qtbot):
    link = panel.rows["map"].link
    assert link.isVisible()
    assert not panel.rows["map"].slider.isVisible()
    with qtbot.waitSignal(panel.open_map_requested):
        qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    panel.set_available("map", True)
    assert not link.isVisible()
    assert panel.rows["map"].slider.isVisible()


def test_all_fits_into_the_narrowest_dock(panel, qtbot):
    panel.set_available("map", True)
    panel.resize(panel.minimumSize())
    qtbot.wait(20)
    for row in panel.rows.values():
        assert row.title.shown_text() == row.title.text()
        assert row.percent.mapTo(panel, QPoint(row.percent.width(), 0)).x() <= panel.width() <= LEAST_WIDTH
        assert row.slider.width() >= 32


def test_every_layer_has_a_swatch_of_its_own(panel):
    shots = {name: panel.rows[name]._swatch.grab().toImage() for name, *_ in LAYERS}
    assert not any(QPixmap.fromImage(shot).isNull() for shot in shots.values())
    assert len({bytes(shot.constBits()) for shot in shots.values()}) == len(LAYERS)
