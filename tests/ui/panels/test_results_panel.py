"""The results panel: numbers, dashes, grey, the table of what is done, and the copied row."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from sam_inspector.core.scores import MaskScores
from sam_inspector.ui.panels.metric_texts import COPIED, GRID, METRICS, value_text, value_tooltip
from sam_inspector.ui.panels.results import ResultsPanel

FULL = MaskScores(
    iou=0.843,
    dice=0.915,
    precision=0.973,
    recall=0.863,
    boundary_iou=0.705,
    p_auroc=0.964,
    ap=0.925,
    f1_max=0.92,
    mask_area=11_140,
    gt_area=12_557,
    image_area=262_144,
    predicted_iou=0.961,
)
NO_GT = MaskScores(mask_area=11_140, image_area=262_144, predicted_iou=0.961)


@pytest.fixture
def panel(qtbot):
    panel = ResultsPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 480)
    panel.show()
    return panel


def shown(panel):
    return {name: cell.value.text() for name, cell in panel.grid.cells.items()}


def test_every_number_of_the_mask_is_shown(panel):
    panel.set_scores(FULL, "ready")
    assert panel.iou.text() == "0.843"
    assert shown(panel) == {
        "dice": "0.915",
        "precision": "0.973",
        "boundary_iou": "0.705",
        "recall": "0.863",
        "p_auroc": "0.964",
        "ap": "0.925",
        "f1_max": "0.920",
        "predicted_iou": "0.961",
        "mask_area": "4.25 %",
        "gt_area": "4.79 %",
    }
    assert "11,140 of 262,144 pixels" in panel.grid.cells["mask_area"].toolTip()


def test_numbers_that_are_not_of_the_mask_on_screen_are_grey(panel):
    panel.set_scores(FULL, "ready")
    assert panel.iou.tone == "text"
    dark = panel.iou.colour()
    panel.set_scores(FULL, "computing")
    assert panel.iou.text() == "0.843"
    assert panel.iou.tone == "faint"
    assert panel.iou.colour() != dark
    assert all(cell.value.tone == "faint" for cell in panel.grid.cells.values())
    assert not panel.copy_button.isEnabled()


def test_no_mask_shows_dashes_that_say_why(panel):
    panel.set_scores(None, "none")
    assert panel.iou.text() == "–"
    assert set(shown(panel).values()) == {"–"}
    assert "no mask" in panel.grid.cells["dice"].toolTip()
    assert not panel.copy_button.isEnabled()


def test_no_ground_truth_says_so_and_keeps_the_rest(panel, qtbot):
    panel.set_scores(NO_GT, "ready")
    numbers = shown(panel)
    assert {name for name, text in numbers.items() if text != "–"} == {"predicted_iou", "mask_area"}
    assert panel.iou_words.text() == "No ground truth for this image"
    assert "no ground truth" in panel.grid.cells["gt_area"].toolTip()
    with qtbot.waitSignal(panel.open_ground_truth_requested):
        qtbot.mouseClick(panel.open_ground_truth, Qt.MouseButton.LeftButton)
    panel.set_scores(FULL, "ready")
    assert not panel.open_ground_truth.isVisible()


def test_a_failure_says_why(panel):
    panel.set_scores(None, "failed", "The model needs more memory than there is.")
    assert panel.iou_words.text() == "The model needs more memory than there is."


def test_an_undefined_metric_is_a_dash_with_its_own_reason():
    empty_gt = MaskScores(iou=0.0, precision=0.0, mask_area=5, gt_area=0, image_area=100)
    assert value_text(empty_gt, "recall") == "–"
    assert "ground truth is empty" in value_tooltip(empty_gt, "recall")
    assert value_text(empty_gt, "gt_area") == "0.00 %"
    assert value_text(empty_gt, "precision") == "0.000"


def test_every_number_has_a_definition_with_formula():
    for name in COPIED:
        words = value_tooltip(FULL, name).splitlines()
        assert words[0].startswith(METRICS[name].title)
        assert METRICS[name].formula in words
        assert "pixels" in words[-1]


def test_the_summary_is_over_the_images_where_a_metric_is_defined(panel):
    done = [FULL, MaskScores(iou=0.5, dice=0.6, gt_area=4, image_area=9), NO_GT]
    panel.set_scores(FULL, "ready")
    panel.set_summary(done)
    cell = panel.table.cells
    assert [cell["iou", kind].text() for kind in ("mean", "worst", "images")] == ["0.671", "0.500", "2"]
    assert [cell["p_auroc", kind].text() for kind in ("mean", "worst", "images")] == ["0.964", "0.964", "1"]
    assert "2 images" in cell["iou", "mean"].toolTip()
    assert panel.bar.caption() == "Place of this image among 2"
    panel.set_summary([])
    assert [cell["iou", kind].text() for kind in ("mean", "worst", "images")] == ["–", "–", "0"]
    assert not panel.bar.isVisible()


def test_the_bar_marks_this_image_where_it_lies(panel):
    panel.set_scores(FULL, "ready")
    panel.set_summary([FULL, MaskScores(iou=0.2, gt_area=1)])
    shot = panel.bar.grab().toImage()
    accented = [x for x in range(shot.width()) if shot.pixelColor(x, 8).blue() > shot.pixelColor(x, 8).red() + 100]
    assert accented
    assert sum(accented) / len(accented) / shot.width() == pytest.approx(0.843, abs=0.02)


def test_copy_puts_one_row_on_the_clipboard(panel, qtbot):
    panel.set_scores(FULL, "ready")
    qtbot.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    row = QGuiApplication.clipboard().text()
    assert row == panel.copy_row()
    values = row.split("\t")
    assert len(values) == len(COPIED) == 1 + len(GRID)
    assert values[0] == "0.843"
    assert float(values[COPIED.index("mask_area")]) == pytest.approx(11_140 / 262_144, abs=1e-6)
    panel.set_scores(NO_GT, "ready")
    assert panel.copy_row().split("\t")[0] == ""


@pytest.mark.parametrize(("width", "columns"), [(320, 2), (240, 1)])
def test_the_grid_has_as_many_columns_as_fit(panel, qtbot, width, columns):
    panel.set_scores(FULL, "ready")
    panel.set_summary([FULL])
    panel.resize(width, 620)
    qtbot.wait(20)
    assert panel.grid._columns == columns
    for cell in panel.grid.cells.values():
        assert cell.title.shown_text() == METRICS[cell.name].title
    assert panel.table.mapTo(panel, panel.table.rect().topRight()).x() <= width


def test_an_estimate_above_one_is_shown_as_one_and_copied_as_it_is(panel):
    panel.set_scores(replace(FULL, predicted_iou=1.0034), "ready")
    assert shown(panel)["predicted_iou"] == "1.000"
    assert "raw 1.003" in panel.grid.cells["predicted_iou"].toolTip()
    assert panel.copy_row().split("\t")[COPIED.index("predicted_iou")] == "1.0034"
