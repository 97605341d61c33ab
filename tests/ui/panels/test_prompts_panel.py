"""The prompts panel: what it shows of prompts, and what it asks for."""

import pytest
from PySide6.QtCore import QPoint, Qt

from sam_inspector.core.prompts import Prompt, PromptPart, Prompts
from sam_inspector.ui.panels.prompt_list import PromptLine, cross_rect, prompt_lines
from sam_inspector.ui.panels.prompts import ModeRow, PromptsPanel

BY_HAND = Prompts(
    (
        Prompt(points=((252.0, 268.4), (356, 290), (318, 238)), labels=(1, 1, 0)),
        Prompt(box=(228, 204, 384, 324)),
    )
)
GENERATED = Prompts((Prompt(box=(1, 2, 30, 40), points=((9, 9),), labels=(1,), source="gt", component=1),))
MODES = [
    ModeRow("b", "Box", "box of every GT region"),
    ModeRow("bps", "Box + points", "box and points of every GT region", 20),
]


@pytest.fixture
def panel(qtbot):
    panel = PromptsPanel()
    qtbot.addWidget(panel)
    panel.set_modes(MODES)
    panel.set_has_ground_truth(True)
    panel.resize(320, 460)
    panel.show()
    return panel


def click_row(panel, qtbot, row, *, cross=False):
    view = panel.list
    place = view.visualRect(view.lines.index(row))
    at = cross_rect(place).center() if cross else place.center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_lines_count_each_kind_for_itself():
    assert prompt_lines(BY_HAND) == [
        PromptLine(PromptPart(0, 0), "positive", "Positive 1", "252, 268", False),
        PromptLine(PromptPart(0, 1), "positive", "Positive 2", "356, 290", False),
        PromptLine(PromptPart(0, 2), "negative", "Negative 1", "318, 238", False),
        PromptLine(PromptPart(1), "box", "Box 1", "228, 204 to 384, 324", False),
    ]


def test_a_click_selects_a_part_and_a_click_on_the_cross_removes_it(panel, qtbot):
    panel.set_prompts(BY_HAND)
    with qtbot.assertNotEmitted(panel.part_removed), qtbot.waitSignal(panel.part_selected) as told:
        click_row(panel, qtbot, 2)
    assert told.args == [PromptPart(0, 2)]
    with qtbot.assertNotEmitted(panel.part_selected), qtbot.waitSignal(panel.part_removed) as told:
        click_row(panel, qtbot, 3, cross=True)
    assert told.args == [PromptPart(1)]
    # A view keeps what it was told until it is told otherwise.
    assert panel.list.lines.rowCount() == 4


def test_delete_removes_the_selected_part(panel, qtbot):
    panel.set_prompts(BY_HAND, PromptPart(0, 1))
    assert panel.list.currentIndex().row() == 1
    panel.list.setFocus()
    with qtbot.waitSignal(panel.part_removed) as told:
        qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert told.args == [PromptPart(0, 1)]


def test_a_press_beside_the_rows_does_nothing(panel, qtbot):
    panel.set_prompts(Prompts((Prompt(points=((1, 1),), labels=(1,)),)))
    with qtbot.assertNotEmitted(panel.part_removed), qtbot.assertNotEmitted(panel.part_selected):
        view = panel.list.viewport()
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(view.width() - 8, view.height() - 3))


def test_set_prompts_tells_nobody(panel, qtbot):
    with qtbot.assertNotEmitted(panel.part_selected, wait=20):
        panel.set_prompts(BY_HAND, PromptPart(0, 0))
        panel.set_prompts(BY_HAND, None)
    assert not panel.list.selectedIndexes()


def test_buttons_follow_what_there_is(panel, qtbot):
    assert not panel.clear_button.isEnabled()
    assert not panel.accept_button.isEnabled()
    panel.set_prompts(Prompts((Prompt(points=((1, 1),), labels=(0,)),)))
    assert panel.clear_button.isEnabled()
    assert not panel.accept_button.isEnabled()
    panel.set_prompts(BY_HAND)
    with qtbot.waitSignal(panel.accept_requested):
        qtbot.mouseClick(panel.accept_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(panel.clear_requested):
        qtbot.mouseClick(panel.clear_button, Qt.MouseButton.LeftButton)
    panel.set_enabled(False)
    assert not panel.accept_button.isEnabled()
    assert not panel.list.isEnabled()
    panel.set_enabled(True)
    assert panel.accept_button.isEnabled()


def test_a_person_chooses_the_source(panel, qtbot):
    with qtbot.waitSignal(panel.source_chosen) as told:
        qtbot.mouseClick(panel.sources.segment("gt"), Qt.MouseButton.LeftButton)
    assert told.args == ["gt"]
    with qtbot.assertNotEmitted(panel.source_chosen, wait=20):
        panel.set_source("gt")
    assert panel.modes.isVisible()
    assert not panel.list.isVisible()
    panel.set_source("hand")
    assert not panel.modes.isVisible()


def test_a_mode_is_chosen_with_its_preset_and_points(panel, qtbot):
    panel.set_source("gt")
    panel.set_mode("b", "faithful", 20)
    qtbot.waitUntil(lambda: panel.modes.button("bps").height() > 20)
    with qtbot.waitSignal(panel.mode_chosen) as told:
        qtbot.mouseClick(panel.modes.button("bps"), Qt.MouseButton.LeftButton)
    assert told.args == ["bps", "faithful", 20]
    # Pressing it again makes the prompts anew, after edits.
    with qtbot.waitSignal(panel.mode_chosen):
        qtbot.mouseClick(panel.modes.button("bps"), Qt.MouseButton.LeftButton)
    panel.preset.setFocus()
    with qtbot.waitSignal(panel.mode_chosen) as told:
        qtbot.keyClick(panel.preset, Qt.Key.Key_Up)
    assert told.args == ["bps", "recommended", 20]


def test_points_are_folded_and_a_change_is_marked(panel, qtbot):
    panel.set_source("gt")
    panel.set_mode("b", "recommended", 20)
    assert not panel._parameters.isVisible()
    panel.set_mode("bps", "recommended", 20)
    assert panel._parameters.line.remark == "as recommended"
    assert not panel.points.isVisible()
    qtbot.mouseClick(panel._parameters.line, Qt.MouseButton.LeftButton)
    assert panel.points.isVisible()
    panel.points.setFocus()
    with qtbot.waitSignal(panel.mode_chosen) as told:
        qtbot.keyClick(panel.points, Qt.Key.Key_Up)
    assert told.args == ["bps", "recommended", 21]
    assert panel._parameters.line.remark == "1 changed from recommended"
    assert panel._points_default.text() == "recommended 20"
    with qtbot.assertNotEmitted(panel.mode_chosen, wait=20):
        panel.set_mode("bps", "recommended", 20)
    assert panel._points_default.text() == ""


def test_without_ground_truth_it_says_so_and_offers_to_open_it(panel, qtbot):
    panel.set_source("gt")
    panel.set_has_ground_truth(False)
    assert not panel.modes.isVisible()
    assert "ground_truth/" in panel.no_ground_truth.label.text()
    with qtbot.waitSignal(panel.open_ground_truth_requested):
        qtbot.mouseClick(panel.no_ground_truth.button, Qt.MouseButton.LeftButton)
    panel.set_has_ground_truth(False, "The mask is 20 × 20 pixels, the image 40 × 40.")
    assert panel.no_ground_truth.label.text().startswith("The mask is 20")
    panel.set_has_ground_truth(True)
    assert panel.modes.isVisible()


def test_edited_prompts_are_marked(panel):
    panel.set_prompts(GENERATED)
    assert panel.header.subtitle.text() == "from GT"
    edited = Prompts((Prompt(box=(1, 2, 30, 44), source="gt", component=1, edited=True),))
    panel.set_prompts(edited)
    assert panel.header.subtitle.text() == "from GT, edited"
    assert prompt_lines(edited)[0].edited
    panel.set_source("gt")
    assert panel._made.text() == "1 box on this image, edited"
    panel.set_prompts(BY_HAND)
    assert panel.header.subtitle.text() == "by hand"


def test_no_prompts_says_how_to_make_some(panel):
    assert panel._empty.isVisible()
    assert not panel.list.isVisible()
    panel.set_prompts(BY_HAND)
    assert not panel._empty.isVisible()


@pytest.mark.parametrize("width", [240, 400])
def test_nothing_sticks_out_at_any_dock_width(panel, qtbot, width):
    panel.set_source("gt")
    panel.set_mode("bps", "recommended", 12)
    panel._parameters.line.click()
    panel.set_prompts(BY_HAND)
    panel.resize(width, 500)
    qtbot.wait(20)
    for widget in (panel.accept_button, panel.clear_button, panel.sources, panel.preset, panel.points):
        right = widget.mapTo(panel, widget.rect().topRight()).x()
        assert right <= width, widget
    words = panel.accept_button.fontMetrics().horizontalAdvance(panel.accept_button.text())
    assert panel.accept_button.width() >= words + 8


def test_three_passes_are_offered_by_hand_and_from_the_ground_truth(panel, qtbot):
    panel.set_source("hand")
    assert panel.three_passes.isVisible()
    with qtbot.waitSignal(panel.three_passes_chosen) as told:
        qtbot.mouseClick(panel.three_passes, Qt.MouseButton.LeftButton, pos=QPoint(10, 8))
    assert told.args == [True]
    panel.set_source("gt")
    panel.set_has_ground_truth(False)
    assert not panel.three_passes.isVisible()
    panel.set_has_ground_truth(True)
    assert panel.three_passes.isVisible()
    panel.set_source("auto")
    assert not panel.three_passes.isVisible()


def test_what_became_of_the_map_is_said(panel):
    panel.set_prompts(Prompts((Prompt(points=((1.0, 2.0),), labels=(1,), source="few-shot"),)))
    assert panel.header.subtitle.text() == "few-shot"
    assert not panel.lacks_map.isVisible()
    panel.set_way(True, True)
    assert panel.header.subtitle.text() == "Cascade"
    assert panel.lacks_map.isVisible()
    panel.set_source("auto")
    assert not panel.lacks_map.isVisible()


def test_three_passes_are_not_for_prompts_from_a_map(panel, qtbot):
    panel.set_prompts(Prompts((Prompt(points=((1.0, 2.0),), labels=(1,), source="clip"),)))
    assert panel.header.subtitle.text() == "CLIP"
    with qtbot.assertNotEmitted(panel.three_passes_chosen, wait=20):
        qtbot.mouseClick(panel.three_passes, Qt.MouseButton.LeftButton, pos=QPoint(10, 8))
    panel.set_prompts(Prompts((Prompt(points=((1.0, 2.0),), labels=(1,)),)))
    assert panel.three_passes.isEnabled()


def test_it_says_why_the_prompts_are_not_those_of_the_mode_and_how_to_have_them(panel):
    panel.set_source("gt")
    panel.set_prompts(GENERATED)
    assert not panel.kept.isVisible()
    panel.set_prompts(BY_HAND)
    assert panel.kept.text() == "Edited by hand: clear the prompts (Esc) and choose Box to have them made again."
    assert panel.kept.isVisible()
    panel.set_prompts(Prompts())
    assert panel.kept.text() == "Choose Box to have the prompts made again."
    panel.set_accepted(True)
    assert panel.kept.text() == "A mask is accepted."
    for elsewhere in ("hand", "auto"):
        panel.set_source(elsewhere)
        assert not panel.kept.isVisible()
    panel.set_source("gt")
    panel.set_has_ground_truth(False)
    assert not panel.kept.isVisible()


def test_a_point_added_to_what_a_generator_made_is_an_edit(panel):
    panel.set_prompts(GENERATED)
    assert panel.header.subtitle.text() == "from GT"
    panel.set_prompts(Prompts((*GENERATED.items, Prompt(points=((3, 3),), labels=(1,)))))
    assert panel.header.subtitle.text() == "from GT, edited"
