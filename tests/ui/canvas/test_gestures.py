import pytest
from canvas_driver import ALT, CTRL, LEFT, MIDDLE, RIGHT, CanvasDriver
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from sam_inspector.core.prompts import NEGATIVE, POSITIVE, Prompt, PromptPart, Prompts
from sam_inspector.ui.canvas.view import Canvas

BOX = Prompts((Prompt(box=(40.0, 30.0, 80.0, 70.0)),))
POINT = Prompts((Prompt(points=((50.0, 40.0),), labels=(1,)),))


@pytest.fixture
def driver(qtbot):
    made = CanvasDriver(qtbot)
    made.canvas.set_tool("positive")
    return made


@pytest.mark.parametrize("zoom", [0.5, 1.0, 2.0, 3.7, 8.0, 16.0, 64.0])
def test_a_click_on_the_centre_of_a_pixel_gives_its_index(driver, zoom):
    driver.canvas.zoom_to(zoom)
    driver.canvas.center_on(10.5, 20.5)
    driver.click((10, 20))
    assert driver.edits == [
        (Prompts((Prompt(points=((10.0, 20.0),), labels=(POSITIVE,)),)), "add positive point", None)
    ]
    assert driver.activated == [0]


@pytest.mark.parametrize(
    ("tool", "button", "alt", "label"),
    [
        ("positive", LEFT, False, POSITIVE),
        ("positive", RIGHT, False, NEGATIVE),
        ("positive", LEFT, True, NEGATIVE),
        ("positive", RIGHT, True, POSITIVE),
        ("negative", LEFT, False, NEGATIVE),
        ("negative", RIGHT, False, POSITIVE),
        ("negative", LEFT, True, POSITIVE),
    ],
)
def test_buttons_and_alt_choose_the_label(driver, tool, button, alt, label):
    driver.canvas.set_tool(tool)
    driver.click((10, 20), button, ALT if alt else Qt.KeyboardModifier.NoModifier)
    prompts, sentence, _ = driver.edits[0]
    assert prompts.items[0].labels == (label,)
    assert sentence == ("add positive point" if label else "add negative point")


@pytest.mark.parametrize("pixel", [(-2, 50), (202, 50), (50, -2), (50, 102)])
@pytest.mark.parametrize("tool", ["pan", "positive", "negative", "box"])
def test_clicks_outside_the_image_are_ignored(driver, tool, pixel):
    driver.canvas.set_tool(tool)
    driver.click(pixel)
    assert driver.edits == []
    assert driver.activated == []


def test_points_on_the_border_are_clamped_to_the_first_and_last_centre(driver):
    driver.click((-0.45, -0.45))
    driver.click((199.45, 99.45))
    assert driver.prompts.items[0].points == ((0.0, 0.0), (199.0, 99.0))


def test_a_shaky_click_is_a_click(driver):
    at = driver.at((10, 20))
    driver.press(at)
    driver.move(at + QPointF(2, 2), LEFT)
    driver.release(at + QPointF(2, 2))
    assert driver.prompts.items[0].points == ((10.0, 20.0),)


def test_a_drag_with_a_point_tool_on_nothing_does_nothing(driver):
    driver.drag((10, 20), (60, 60))
    assert driver.edits == []


@pytest.mark.parametrize(("tool", "modifiers"), [("box", Qt.KeyboardModifier.NoModifier), ("positive", CTRL)])
@pytest.mark.parametrize("swapped", [False, True])
def test_dragging_draws_a_box(driver, tool, modifiers, swapped):
    driver.canvas.set_tool(tool)
    ends = ((10, 20), (50, 60))
    driver.drag(*(reversed(ends) if swapped else ends), modifiers=modifiers)
    assert driver.edits == [(Prompts((Prompt(box=(10.0, 20.0, 50.0, 60.0)),)), "add box", None)]
    assert driver.canvas.selected_part == PromptPart(0)
    assert driver.activated == [0]


def test_boxes_are_clipped_to_the_image_and_dropped_outside(driver):
    driver.canvas.set_tool("box")
    driver.drag((-5, -5), (30, 40))
    assert driver.prompts.items[0].box == (0.0, 0.0, 30.0, 40.0)
    driver.drag((210, 10), (220, 60))
    assert len(driver.edits) == 1


def test_a_box_needs_area(driver):
    driver.canvas.set_tool("box")
    driver.drag((10, 20), (60, 20))
    driver.click((100, 50))
    assert driver.edits == []


@pytest.mark.parametrize("tool", ["pan", "positive", "negative", "box"])
def test_dragging_a_point_moves_it_with_one_merge_key(driver, tool):
    driver.canvas.set_tool(tool)
    driver.show(POINT)
    driver.drag((50, 40), (70, 55))
    assert driver.prompts == Prompts((Prompt(points=((70.0, 55.0),), labels=(1,)),))
    keys = {key for _, _, key in driver.edits}
    assert len(driver.edits) > 1
    assert len(keys) == 1
    assert None not in keys
    assert {sentence for _, sentence, _ in driver.edits} == {"move point"}
    driver.drag((70, 55), (50, 40))
    assert len({key for _, _, key in driver.edits}) == 2


def test_a_point_dragged_out_stays_on_the_border(driver):
    driver.show(POINT)
    driver.drag((50, 40), (-30, 140))
    assert driver.prompts.items[0].points == ((0.0, 99.0),)


def test_dragging_an_edge_moves_the_box_and_keeps_it_inside(driver):
    driver.show(BOX)
    driver.drag((50, 30), (60, 35))
    assert driver.prompts.items[0].box == (50.0, 35.0, 90.0, 75.0)
    driver.drag((60, 35), (60, -80))
    assert driver.prompts.items[0].box == (50.0, 0.0, 90.0, 40.0)
    assert driver.edits[-1][1] == "move box"


@pytest.mark.parametrize(
    ("grabbed", "expected"),
    [
        ((40, 30), (45.0, 33.0, 80.0, 70.0)),
        ((60, 30), (40.0, 33.0, 80.0, 70.0)),
        ((80, 30), (40.0, 33.0, 85.0, 70.0)),
        ((80, 50), (40.0, 30.0, 85.0, 70.0)),
        ((80, 70), (40.0, 30.0, 85.0, 73.0)),
        ((60, 70), (40.0, 30.0, 80.0, 73.0)),
        ((40, 70), (45.0, 30.0, 80.0, 73.0)),
        ((40, 50), (45.0, 30.0, 80.0, 70.0)),
    ],
)
def test_each_of_the_eight_handles_resizes(driver, grabbed, expected):
    driver.show(BOX)
    driver.drag(grabbed, (grabbed[0] + 5, grabbed[1] + 3))
    assert driver.prompts.items[0].box == expected
    assert driver.edits[-1][1] == "resize box"


def test_a_handle_dragged_over_the_other_side_turns_the_box(driver):
    driver.show(BOX)
    driver.drag((80, 70), (20, 10))
    assert driver.prompts.items[0].box == (20.0, 10.0, 40.0, 30.0)


def test_escape_gives_up_a_move_and_puts_it_back(driver):
    driver.show(POINT)
    with driver.dragging((50, 40), (90, 60)):
        assert driver.prompts != POINT
        driver.key(Qt.Key.Key_Escape)
    assert driver.prompts == POINT
    assert len({key for _, _, key in driver.edits}) == 1


def test_escape_gives_up_a_box(driver):
    driver.canvas.set_tool("box")
    with driver.dragging((10, 20), (50, 60)):
        assert driver.canvas.cancel_drag()
    assert driver.edits == []
    assert not driver.canvas.cancel_drag()


def test_another_image_drops_a_drag_without_an_edit(driver):
    driver.show(POINT)
    with driver.dragging((50, 40), (90, 60)):
        count = len(driver.edits)
        driver.canvas.set_image(None)
    assert len(driver.edits) == count


def test_clicking_a_prompt_selects_it_and_delete_removes_it(driver):
    driver.show(Prompts((*BOX.items, *POINT.items)))
    driver.click((45, 70))
    assert driver.canvas.selected_part == PromptPart(0)
    driver.click((50, 40))
    assert driver.canvas.selected_part == PromptPart(1, 0)
    assert driver.activated == [0, 1]
    assert driver.edits == []
    assert driver.canvas.delete_selected()
    assert driver.edits == [(BOX, "delete point", None)]
    assert driver.canvas.selected_part is None
    assert not driver.canvas.delete_selected()


def test_a_click_on_nothing_deselects(driver):
    driver.show(BOX)
    driver.canvas.set_tool("pan")
    driver.click((45, 70))
    driver.click((150, 80))
    assert driver.canvas.selected_part is None


def test_a_point_in_a_box_activates_that_box(driver):
    driver.show(Prompts((*BOX.items, Prompt(box=(100.0, 10.0, 150.0, 60.0)))))
    driver.click((60, 50))
    assert driver.activated == [0]


def test_accepted_prompts_cannot_be_grabbed(driver):
    driver.canvas.set_tool("pan")
    driver.canvas.set_prompts(Prompts(), POINT, False)
    driver.drag((50, 40), (70, 55))
    assert driver.edits == []


def test_hidden_prompts_cannot_be_grabbed(driver):
    driver.show(POINT)
    driver.canvas.set_layer("prompts", False, 1.0)
    driver.click((50, 40))
    assert driver.edits[0][1] == "add positive point"


@pytest.mark.parametrize("tool", ["positive", "negative"])
def test_a_double_click_with_a_point_tool_makes_one_point_and_no_jump(driver, tool):
    driver.canvas.set_tool(tool)
    driver.canvas.zoom_to(3)
    driver.double_click(driver.at((100, 50)))
    assert [len(prompts.items[0].points) for prompts, _, _ in driver.edits] == [1]
    assert driver.canvas.zoom == pytest.approx(3)


def test_a_double_click_fits_in_the_pan_tool_and_outside_the_image(driver):
    driver.canvas.zoom_to(1)
    driver.double_click(driver.at((-20, 50)))
    assert driver.canvas.is_fitted
    driver.canvas.set_tool("pan")
    driver.canvas.zoom_to(1)
    driver.double_click(driver.at((100, 50)))
    assert driver.canvas.is_fitted
    assert driver.edits == []


@pytest.mark.parametrize("way", ["middle", "space", "pan tool"])
def test_panning(driver, way):
    driver.canvas.zoom_to(8)
    before = driver.canvas.centre
    if way == "pan tool":
        driver.canvas.set_tool("pan")
    if way == "space":
        driver.key(Qt.Key.Key_Space)
    driver.drag((100, 50), (95, 47), MIDDLE if way == "middle" else LEFT)
    moved = driver.canvas.centre - before
    assert (moved.x(), moved.y()) == pytest.approx((5, 3), abs=0.1)
    assert driver.edits == []
    driver.key(Qt.Key.Key_Space, release=True)
    driver.canvas.set_tool("positive")
    driver.click((100, 50))
    assert len(driver.edits) == 1


def test_the_pixel_under_the_pointer_is_told(driver, qtbot):
    told = []
    driver.canvas.cursor_moved.connect(told.append)
    driver.move(driver.at((10.3, 20.4)))
    driver.move(driver.at((-3, 20)))
    driver.move(driver.at((199.4, 99.4)))
    assert told == [(10, 20), None, (199, 99)]


def test_dropped_files_are_told(driver, tmp_path):
    told = []
    driver.canvas.files_dropped.connect(told.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/a.png")])
    action, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    modifiers = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), action, data, buttons, modifiers)
    driver.canvas.dragEnterEvent(enter)
    assert enter.isAccepted()
    driver.canvas.dropEvent(QDropEvent(QPointF(5, 5), action, data, buttons, modifiers))
    assert told == [[tmp_path]]


def test_nothing_is_asked_for_without_an_image(qtbot):
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.show()
    asked = []
    canvas.edit_requested.connect(lambda *edit: asked.append(edit))
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton)
    qtbot.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton)
    canvas.fit()
    canvas.zoom_in()
    assert asked == []


def test_an_unknown_tool_is_refused(driver):
    with pytest.raises(KeyError):
        driver.canvas.set_tool("brush")


def test_five_thousand_edits(driver):
    """PySide6 6.12.0 aborts after some hundred signals on Python 3.10 and 3.11."""
    for _ in range(5000):
        driver.canvas.edit_requested.emit(POINT, "add positive point", None)
    assert len(driver.edits) == 5000
