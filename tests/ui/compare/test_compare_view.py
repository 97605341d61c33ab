"""The Compare view as a person meets it: panes, their menus, the next image, and when nothing is computed."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.ui.compare.layout import SAME_MODEL, PaneChoice
from sam_inspector.ui.settings import CompareSetting, PaneSetting, Settings, load_settings
from tests.fakes import FakeSegmenter, loader
from tests.ui.compare_driving import CompareDriver

FIRST, SECOND, THIRD, GOOD = (f"test/{name}.png" for name in ("dent/000", "dent/001", "dent/002", "good/000"))


def test_each_pane_has_its_mask_prompts_iou_and_time(compare):
    box, naive = compare.page.panes
    assert compare.modes == ["Box", "Naive"]
    assert compare.ious == ["1.000", f"{30 * 40 / (120 * 160):.3f}"]
    assert compare.best == "A"
    assert box.view._prompts_item.prompts.items[0].box == (40, 30, 79, 59)
    assert box.view._mask_item._overlay.raster.rect == (40, 30, 40, 30)
    assert naive.view._mask_item._overlay.raster.rect == (0, 0, 160, 120)
    assert box.time.value.endswith(" ms")
    assert "Pane A: Box, MobileSAM, IoU 1.000" in box.view.accessibleName()


def test_all_panes_paint_one_image(compare):
    canvas = compare.driver.views.canvas._image_item.pyramid
    views = [*(pane.view for pane in compare.page.panes), compare.page.difference.view]
    assert {id(view._image_item.pyramid) for view in views} == {id(canvas)}


def test_another_pane_costs_one_answer(compare):
    before = compare.answered
    compare.press(compare.page.header.add)
    compare.wait_for_panes()
    assert compare.modes == ["Box", "Naive", "Box + 1 point"]
    assert compare.answered == before + 1
    compare.choose_mode("A", "Box + 20 points")
    compare.wait_for_panes()
    assert compare.answered == before + 2


def test_a_closed_pane_takes_its_answer_with_it_and_the_others_move_up(compare):
    compare.press(compare.page.header.add)
    compare.wait_for_panes()
    before = compare.answered
    compare.press(compare.page.panes[0].cross)
    compare.wait_for_panes()
    assert compare.modes == ["Naive", "Box + 1 point"]
    assert compare.ious[1] == "1.000"
    assert compare.answered == before
    assert compare.page.panes[0].cross.isHidden(), "two panes are the fewest"


def test_there_are_six_panes_at_most(compare):
    for _ in range(4):
        compare.press(compare.page.header.add)
    assert len(compare.page.panes) == 6
    assert not compare.page.header.add.isEnabled()
    compare.wait_for_panes()


def test_the_next_image_keeps_panes_and_zoom(compare):
    view = compare.page.panes[1].view
    view.zoom_to(4.0)
    compare.key(Qt.Key.Key_D)
    compare.wait_for_image(SECOND)
    assert compare.modes == ["Box", "Naive"]
    assert view.zoom == compare.page.difference.view.zoom == 4.0
    assert compare.page.header.path.text() == "test / dent / 001.png"
    compare.key(Qt.Key.Key_Left)
    compare.wait_for_image(FIRST)
    compare.press(compare.page.header.next)
    compare.wait_for_image(SECOND)


def test_the_summary_runs_over_the_images_seen(compare):
    for key in (SECOND, THIRD):
        compare.key(Qt.Key.Key_D)
        compare.wait_for_image(key)
    box, naive = compare.workspace.rows()
    assert (box.summary.wins, naive.summary.wins) == (3, 0)
    assert box.summary.mean_iou == pytest.approx(1.0, abs=0.05)
    assert (box.detail, naive.detail) == ("1 box", "1 box")
    assert list(box.summary.ious) == [FIRST, SECOND, THIRD]
    assert "3 images" in compare.page.summary.over.text()


def test_what_was_made_in_another_way_is_no_longer_counted(compare):
    session = compare.driver.session
    before = compare.answered
    session.set_three_passes(True)
    compare.driver.wait(lambda: compare.answered == before + 2)
    compare.wait_for_panes()
    compare.key(Qt.Key.Key_D)
    compare.wait_for_image(SECOND)
    assert list(compare.workspace.rows()[0].summary.ious) == [FIRST, SECOND]
    session.set_three_passes(False)
    compare.driver.wait(lambda: list(compare.workspace.rows()[0].summary.ious) == [SECOND])


def test_the_difference_is_that_of_the_panes_chosen(compare):
    difference = compare.page.difference
    assert [text for text, _ in difference.view.legend.texts()] == ["Both right", "Only A", "Only B", "Both wrong"]
    found = compare.workspace.difference.found
    assert found.shares == pytest.approx((1200 / 19200, 18000 / 19200, 0, 0))
    assert difference.overlap.value == "0.06"
    compare.choose(difference.sides[0], "B   Naive · MobileSAM")
    compare.driver.wait(lambda: compare.workspace.difference.found is not found)
    assert (difference.sides[0].text(), difference.sides[1].text()) == ("B", "A")
    assert compare.workspace.difference.found.shares == pytest.approx((1200 / 19200, 0, 18000 / 19200, 0))


def test_without_ground_truth_panes_say_so_and_the_prompts_from_inspect_are_answered(driver, tmp_path, category):
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.png").write_bytes((category / FIRST).read_bytes())
    compare = CompareDriver(driver)
    driver.open(plain)
    driver.session.edit_prompts(Prompts((Prompt(box=(10.0, 10.0, 50.0, 40.0)),)), "box")
    compare.enter()
    compare.choose_mode("B", "From Inspect")
    compare.wait_for_panes()
    assert compare.states == ["failed", "ready"]
    assert "ground truth" in compare.words[0]
    assert compare.ious == ["", "–"]
    assert compare.page.difference.view.card.words == "There is no mask in pane A to compare with."
    driver.session.edit_prompts(Prompts((Prompt(box=(10.0, 10.0, 90.0, 40.0)),)), "box")
    compare.history.clear()
    driver.wait(lambda: compare.history and compare.states[1] == "ready")
    between = [states[1] for states in compare.history if states[1].status == "computing"]
    assert [state.answer.prompts.items[0].box for state in between] == [(10, 10, 50, 40)], "the mask before stays"
    assert compare.page.panes[1].view._mask_item._overlay.raster.rect[2] > 75
    compare.choose_mode("A", "From Inspect")
    compare.wait_for_panes()
    compare.wait_for_difference()
    assert [text for text, _ in compare.page.difference.view.legend.texts()] == ["Both", "Only A", "Only B"]


def test_on_a_good_image_there_is_nothing_to_start_from(compare):
    compare.driver.app.presenter.select(GOOD)
    compare.wait_for_image(GOOD)
    assert compare.words == ["This image has no defect that the mode could start from."] * 2
    assert compare.best == ""
    assert not compare.page.difference.overlap.value


def test_what_can_t_be_answered_leaves_the_other_panes_alone(compare):
    compare.choose_mode("B", "Few-shot")
    compare.wait_for_panes()
    assert compare.states == ["ready", "failed"]
    assert "no normal images" in compare.words[1]
    compare.choose_mode("B", "CLIP")
    compare.wait_for_panes()
    assert "The weights of CLIP" in compare.words[1]
    assert compare.ious[0] == "1.000"


def test_an_image_that_can_t_be_read_leaves_the_panes_empty(compare):
    compare.driver.app.presenter.select("test/dent/broken.png")
    compare.driver.wait(lambda: compare.driver.session.opened is None)
    compare.driver.wait(lambda: compare.states == ["empty", "empty"])
    assert not compare.page.header.copy.isEnabled()
    compare.driver.app.presenter.select(SECOND)
    compare.wait_for_image(SECOND)
    assert compare.states == ["ready", "ready"]


def test_nothing_is_computed_while_another_workspace_is_on_screen(driver, category):
    compare = CompareDriver(driver)
    driver.open(category)
    driver.show(SECOND)
    driver.qtbot.wait(300)
    assert not compare.steps
    assert not compare.ended
    compare.enter()
    compare.wait_for_panes()
    driver.window.action("workspace_inspect").trigger()
    seen = compare.answered
    driver.show(THIRD)
    driver.qtbot.wait(300)
    assert compare.answered == seen
    compare.enter()
    compare.wait_for_panes()
    assert compare.states == ["ready", "ready"]
    assert compare.page.panes[0].view._mask_item._overlay.raster.rect[0] > 41, "of the image that is on screen now"


@pytest.fixture
def slow(start, category):
    """A window whose panes take a while, at its first image."""
    driver = start(loader(FakeSegmenter(embed_seconds=1.0, decode_seconds=0.2)))
    compare = CompareDriver(driver)
    driver.app.presenter.open_path(category, FIRST)
    driver.wait(lambda: driver.session.opened is not None)
    compare.enter()
    driver.wait(lambda: compare.states == ["computing", "computing"])
    return compare


def test_while_panes_are_computed_they_say_so_and_the_next_image_ends_it(slow):
    assert slow.words == ["Computing…", "Computing…"]
    slow.key(Qt.Key.Key_D)
    slow.wait_for_image(SECOND)
    assert slow.ended[0] == "cancelled"
    assert slow.states == ["ready", "ready"]
    slow.driver.wait(lambda: "done" in slow.ended)
    assert slow.answered == 2, "nothing was answered for the image that was left"


def test_leaving_the_workspace_ends_it(slow):
    slow.driver.window.action("workspace_inspect").trigger()
    slow.driver.wait(lambda: slow.ended == ["cancelled"])
    assert slow.answered == 0


def test_layers_are_those_of_inspect(compare):
    view = compare.page.panes[0].view
    assert view._gt_item.isVisible()
    compare.key(Qt.Key.Key_G)
    assert not view._gt_item.isVisible()
    assert not compare.page.header.actions_by_name["gt"].isChecked()
    compare.page.header.actions_by_name["errors"].trigger()
    assert view._error_item.isVisible()
    assert compare.driver.session.layers["errors"].visible
    compare.driver.window.action("zoom_in").trigger()
    assert view.zoom == pytest.approx(compare.page.panes[1].view.zoom)
    assert not view.is_fitted
    compare.key(Qt.Key.Key_F)
    assert view.is_fitted


def test_the_bare_image_is_shown_while_o_is_held(compare):
    view = compare.page.panes[1].view
    QTest.keyPress(compare.page.panes[0].view, Qt.Key.Key_O)
    assert not view._mask_item.isVisible()
    QTest.keyRelease(compare.page.panes[0].view, Qt.Key.Key_O)
    assert view._mask_item.isVisible()


def test_difference_and_summary_can_be_closed_and_brought_back(compare):
    page, actions = compare.page, compare.page.header.actions_by_name
    page.difference.close_requested.emit()
    page.summary.close_requested.emit()
    assert page.difference.isHidden()
    assert page.summary.isHidden()
    assert not actions["difference"].isChecked()
    actions["difference"].trigger()
    actions["summary"].trigger()
    assert page.difference.isVisible()
    assert page.summary.isVisible()


def test_another_model_answers_a_pane_and_its_title_says_so(start, category):
    driver = start(lambda name, **_: FakeSegmenter(spec=_spec(name)))
    compare = CompareDriver(driver)
    driver.app.presenter.open_path(category, FIRST)
    driver.wait(lambda: driver.session.opened is not None)
    compare.enter()
    model = compare.page.panes[1].model
    entries = {action.text(): action for action in model.menu().actions()}
    (missing,) = (action for text, action in entries.items() if text.startswith("SAM ViT-H"))
    if not missing.isEnabled():
        assert "to fetch" in missing.text()
        assert "tool bar" in missing.toolTip()
    compare.workspace._questions.absent.clear()
    compare.controller.choose_model(1, "sam_vit_b")
    compare.wait_for_panes()
    assert model.text() == "SAM ViT-B"
    assert [step.text for step in compare.steps if step.text] == ["Loading SAM ViT-B"]
    compare.choose_mode("A", "Naive")
    compare.wait_for_panes()
    compare.key(Qt.Key.Key_D)
    compare.wait_for_image(SECOND)
    assert [step.text for step in compare.steps if step.text] == ["Loading SAM ViT-B"], "it stays loaded"


def _spec(name):
    from sam_inspector.models.registry import MODELS

    return MODELS[name]


def test_weights_that_are_not_there_are_never_fetched_unseen(compare):
    compare.workspace._questions.absent.add("sam_vit_l")
    compare.controller.choose_model(1, "sam_vit_l")
    compare.wait_for_panes()
    assert compare.states == ["ready", "failed"]
    assert "choose SAM ViT-L in the tool bar" in compare.words[1]


def test_panes_are_remembered(start, category):
    panes = [PaneSetting(mode="bps"), PaneSetting(mode="hand"), PaneSetting(mode="b"), PaneSetting(mode="gone")]
    settings = Settings(compare=CompareSetting(panes=panes, pair=(2, 0), summary=False))
    driver = start(loader(FakeSegmenter()), settings=settings)
    compare = CompareDriver(driver)
    driver.open(category)
    compare.enter()
    compare.wait_for_panes()
    assert compare.modes == ["Box + 20 points", "From Inspect", "Box"]
    assert [side.text() for side in compare.page.difference.sides] == ["C", "A"]
    assert compare.page.summary.isHidden()
    compare.choose_mode("B", "Naive")
    driver.window.close()
    kept = load_settings().compare
    assert [pane.mode for pane in kept.panes] == ["bps", "naive", "b"]
    assert (kept.pair, kept.summary) == ((2, 0), False)
    assert compare.controller.layout.panes[0] == PaneChoice("bps", SAME_MODEL)


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900), (1920, 1200)])
def test_no_cell_is_larger_than_another_and_titles_keep_what_matters(start, category, size):
    driver = start(loader(FakeSegmenter()), size=size)
    compare = CompareDriver(driver)
    driver.open(category)
    compare.enter()
    for _ in range(4):
        compare.press(compare.page.header.add)
    compare.wait_for_panes()
    driver.qtbot.wait(50)
    cells = [*compare.page.panes, compare.page.difference]
    assert max(cell.width() for cell in cells) - min(cell.width() for cell in cells) <= 1
    assert max(cell.height() for cell in cells) - min(cell.height() for cell in cells) <= 1
    for pane in compare.page.panes:
        assert not pane.iou.isHidden() or pane.iou.value == ""
        assert pane.cross.geometry().right() <= pane.width()
        assert pane.mode.geometry().right() < pane.iou.geometry().left() or pane.iou.isHidden()
    legend = compare.page.difference.view.legend
    assert legend._gap + sum(column + legend._gap for column in legend._columns) == legend.width(), "nothing is cut"
    assert legend.width() <= compare.page.difference.view.width()


def test_three_panes_of_one_model_keep_iou_and_time_in_their_titles(start, category):
    driver = start(loader(FakeSegmenter()), size=(1440, 900))
    compare = CompareDriver(driver)
    driver.open(category)
    compare.enter()
    compare.press(compare.page.header.add)
    compare.wait_for_panes()
    driver.qtbot.wait(50)
    for pane in compare.page.panes:
        assert not pane.time.isHidden()
        assert pane.iou._shown_word == "IoU "
        assert pane.mode.width() == pane.mode.sizeHint().width()


def test_without_normal_images_and_sentences_panes_say_what_is_lacking(driver, tmp_path, category):
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.png").write_bytes((category / FIRST).read_bytes())
    compare = CompareDriver(driver)
    driver.open(plain)
    driver.app.presenter.automatic.weights.is_missing = lambda _name: True
    compare.enter()
    compare.choose_mode("A", "Cascade")
    compare.choose_mode("B", "CLIP")
    compare.wait_for_panes()
    assert compare.words[0].startswith("There are no normal images to compare with: choose some in Inspect")
    assert "sam-inspector models get" in compare.words[1]
