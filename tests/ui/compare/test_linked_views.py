"""Panes zoom, pan and point together, with one copy of the image."""

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.compare.linked_views import LinkedView, LinkedViews

LEFT, NONE, PLAIN = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier


def image(width=400, height=300):
    return ImagePyramid.from_pixels(np.full((height, width, 3), 90, np.uint8))


@pytest.fixture
def linked(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    row = QHBoxLayout(holder)
    made = LinkedViews(holder)
    for _ in range(3):
        view = LinkedView()
        row.addWidget(view)
        made.add(view)
    holder.resize(1200, 360)
    holder.show()
    made.set_image(image())
    made.finish()
    yield made
    made.set_image(None)
    made.finish()


def views(linked):
    return linked._views


def wheel(view, at, notches=1):
    viewport = view.viewport()
    event = QWheelEvent(
        at,
        QPointF(viewport.mapToGlobal(QPoint(0, 0))) + at,
        QPoint(0, 0),
        QPoint(0, 120 * notches),
        NONE,
        PLAIN,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(viewport, event)


def mouse(view, kind, at, button=NONE, buttons=NONE):
    viewport = view.viewport()
    everywhere = QPointF(viewport.mapToGlobal(at.toPoint()))
    QCoreApplication.sendEvent(viewport, QMouseEvent(kind, at, everywhere, button, buttons, PLAIN))


def drag(view, start, end):
    mouse(view, QEvent.Type.MouseButtonPress, start, LEFT, LEFT)
    mouse(view, QEvent.Type.MouseMove, end, NONE, LEFT)
    mouse(view, QEvent.Type.MouseButtonRelease, end, LEFT)


def test_the_wheel_zooms_all_of_them_at_the_same_place(linked):
    first, second, third = views(linked)
    at = QPointF(60, 40)
    under = second.scene_point(at)
    wheel(second, at, 3)
    assert first.zoom == second.zoom == third.zoom == pytest.approx(1.25**3 * _fitted(second), rel=1e-6)
    for view in (first, second, third):
        place = view.scene_point(at)
        assert (place.x(), place.y()) == pytest.approx((under.x(), under.y()), abs=1.0)


def _fitted(view):
    size = view.viewport().size()
    return min((size.width() - 16) / 400, (size.height() - 16) / 300)


def test_a_drag_moves_all_of_them_and_a_double_click_fits_them(linked):
    first, second, third = views(linked)
    wheel(first, QPointF(100, 100), 5)
    before = third.centre
    drag(second, QPointF(100, 100), QPointF(60, 130))
    moved = third.centre - before
    assert (moved.x(), moved.y()) == pytest.approx((40 / first.zoom, -30 / first.zoom))
    mouse(third, QEvent.Type.MouseButtonDblClick, QPointF(50, 50), LEFT, LEFT)
    assert first.is_fitted
    assert second.is_fitted


def test_the_next_image_is_shown_at_the_same_zoom_and_place(linked):
    first, second, _ = views(linked)
    wheel(first, QPointF(90, 60), 4)
    zoom, centre = first.zoom, first.centre
    linked.set_image(None)
    linked.finish()
    linked.set_image(image())
    linked.finish()
    assert (first.zoom, second.zoom) == (zoom, zoom)
    assert (second.centre.x(), second.centre.y()) == pytest.approx((centre.x(), centre.y()))
    linked.set_image(image(800, 600))
    linked.finish()
    assert first.zoom == zoom
    assert second.centre.x() == pytest.approx(2 * centre.x())
    linked.forget_place()
    linked.set_image(image())
    linked.finish()
    assert first.is_fitted


def test_all_share_the_image(linked):
    pyramids = {id(view._image_item.pyramid) for view in views(linked)}
    assert len(pyramids) == 1


def test_the_cross_hair_is_where_the_pointer_is(linked):
    first, second, _ = views(linked)
    told = []
    linked.pointed.connect(told.append)
    place = QPointF(200.5, 150.5)
    mouse(first, QEvent.Type.MouseMove, first.view_point(place))
    assert (told[-1].x(), told[-1].y()) == pytest.approx((200.5, 150.5))
    shown = second.viewport().grab().toImage()
    at = second.view_point(place).toPoint()
    column = [shown.pixelColor(at.x(), y).lightness() for y in range(20, 60)]
    assert max(column) > 230, "a line of white dashes"
    assert abs(shown.pixelColor(at.x() + 20, 40).lightness() - 90) < 4
    mouse(first, QEvent.Type.MouseMove, QPointF(1, 1))
    assert told[-1] is None
    linked.set_has_cross(False)
    mouse(first, QEvent.Type.MouseMove, first.view_point(place))
    assert second._cross is None


def test_a_view_that_comes_later_goes_where_the_others_are(linked, qtbot):
    first = views(linked)[0]
    wheel(first, QPointF(90, 60), 4)
    late = LinkedView()
    qtbot.addWidget(late)
    late.resize(first.size())
    late.show()
    linked.add(late)
    assert late.zoom == first.zoom
    linked.remove(late)
    wheel(first, QPointF(90, 60), 1)
    assert late.zoom != first.zoom
