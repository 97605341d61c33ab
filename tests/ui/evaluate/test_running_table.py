"""Sums of a run as they grow, by numbers worked out by hand."""

import pytest

from sam_inspector.engine.image_rows import ImageRow
from sam_inspector.ui.evaluate.chart_data import (
    DOTS_DRAWN,
    count_ticks,
    heights_of,
    pair_dots,
    size_dots,
    worst_rows,
)
from sam_inspector.ui.evaluate.running_table import CategoryPlan, Column, RunningTable

BOX, MAP = Column("m", "b"), Column("m", "few-shot")


def row(category, name, mode="b", **scores):
    given = {"iou": 0.5, "p_auroc": 0.9, "mask_area": 20, "gt_area": 20, "intersection": 10, "size": (10, 10)}
    return ImageRow(category, "dent", f"test/{name}.png", "id", mode, **{**given, **scores})


def normal(category, name, marked):
    return row(category, name, "few-shot", iou=None, p_auroc=None, gt_area=0, mask_area=marked, intersection=0)


@pytest.fixture
def table():
    made = RunningTable([BOX, MAP], [CategoryPlan("nut", 3, 2), CategoryPlan("tile", 1, 1)])
    made.set_running(True)
    return made


def test_means_are_over_the_anomalous_images_so_far(table):
    table.add("m", [row("nut", 0, iou=0.2, p_auroc=0.8), row("nut", 0, "few-shot", iou=0.6)])
    assert table.value(("nut", BOX), "iou") == pytest.approx(0.2)
    table.add("m", [row("nut", 1, iou=0.6, p_auroc=1.0), row("nut", 1, "few-shot", iou=0.8)])
    table.add("m", [normal("nut", 2, 5)])
    assert table.value(("nut", BOX), "iou") == pytest.approx(0.4)
    assert table.value(("nut", BOX), "p_auroc_per_image") == pytest.approx(0.9)
    assert table.value(("nut", MAP), "iou") == pytest.approx(0.7), "the normal image has no part in it"
    assert table.value(("nut", MAP), "false_alarm_area") == pytest.approx(0.05)
    # 10 + 10 pixels hit of 30 + 30 + 5
    assert table.value(("nut", MAP), "iou_pooled") == pytest.approx(20 / 65)
    assert table.value(("tile", BOX), "iou") is None


def test_what_is_taken_over_all_pixels_waits_for_the_category(table):
    table.add("m", [row("nut", name) for name in (0, 1)])
    table.set_done("m", 2)
    pooled = {"category": "nut", "mode": "b", "iou": 0.51, "aupro": 0.7, "spro": None}
    table.set_categories("m", [pooled])
    assert table.value(("nut", BOX), "aupro") is None
    assert table.value(("nut", BOX), "iou") == pytest.approx(0.5)
    table.set_done("m", 3)
    table.set_categories("m", [pooled])
    assert table.value(("nut", BOX), "aupro") == 0.7
    assert table.value(("nut", BOX), "iou") == 0.51, "what the run wrote holds from then on"
    assert "aupro" in table.pooled_names
    assert "spro" not in table.pooled_names


def test_cells_go_from_queued_over_running_to_done(table):
    nut, tile = ("nut", BOX), ("tile", BOX)
    assert [table.state(nut), table.state(tile)] == ["queued", "queued"]
    table.set_done("m", 0)
    assert [table.state(nut), table.state(tile)] == ["running", "queued"]
    table.set_done("m", 3)
    assert [table.state(nut), table.state(tile)] == ["done", "running"]
    table.set_running(False)
    assert [table.state(nut), table.state(tile)] == ["done", "stopped"]
    assert (table.total(nut), table.total(("nut", MAP))) == (2, 3), "a mode from the ground truth skips good images"


def test_the_best_of_a_row_and_the_mean_of_complete_categories(table):
    table.add("m", [row("nut", 0, iou=0.4), row("nut", 0, "few-shot", iou=0.6)])
    table.add("m", [row("tile", 0, iou=0.8), row("tile", 0, "few-shot", iou=0.8)])
    assert table.best("nut", "iou") == {MAP}
    assert table.best("tile", "iou") == {BOX, MAP}, "two that look alike are both the best"
    assert table.mean(BOX, "iou") is None
    table.set_done("m", 3)
    assert table.mean(BOX, "iou") == pytest.approx(0.4)
    table.set_done("m", 4)
    assert table.mean(BOX, "iou") == pytest.approx(0.6)
    assert table.done_count(BOX) == 2


def test_less_false_alarm_is_better(table):
    other = RunningTable([MAP, Column("m", "clip")], [CategoryPlan("nut", 1, 0)])
    other.add("m", [normal("nut", 0, 5)])
    other.add("m", [ImageRow("nut", "good", "test/0.png", "id", "clip", mask_area=2, gt_area=0, size=(10, 10))])
    assert other.best("nut", "false_alarm_area") == {Column("m", "clip")}


def test_an_image_counts_once_and_a_failed_one_is_told(table):
    table.add("m", [row("nut", 0, iou=0.2)])
    table.add("m", [row("nut", 0, iou=0.9), ImageRow("nut", "dent", "test/1.png", None, "b", error="It is broken.")])
    assert table.value(("nut", BOX), "iou") == pytest.approx(0.2)
    assert table.failed_count() == 1
    assert [(model, each.error) for model, each in table.failures()] == [("m", "It is broken.")]


def test_only_what_changed_is_shown_again(table):
    table.take_changed()
    table.add("m", [row("tile", 0)])
    assert table.take_changed() == {("tile", BOX)}
    assert table.take_changed() == set()
    table.set_done("m", 1)
    assert {category for category, _ in table.take_changed()} == {"nut"}


def test_the_worst_come_first_and_then_normal_images_by_what_is_marked(table):
    cell = ("nut", MAP)
    table.add("m", [row("nut", 0, "few-shot", iou=0.6), normal("nut", "a", 1), normal("nut", "b", 30)])
    table.add("m", [row("nut", 1, "few-shot", iou=0.1), ImageRow("nut", "dent", "x", None, "few-shot", error="no")])
    names = [each.path for each in worst_rows(table.cell(cell), 10)]
    assert names == ["test/1.png", "test/0.png", "test/b.png", "test/a.png"]
    assert [each.path for each in worst_rows(table.cell(cell), 2)] == names[:2]
    assert worst_rows(table.cell(("tile", BOX)), 2) == []


def test_charts_take_their_numbers_from_the_rows(table):
    table.add("m", [row("nut", 0, iou=0.01), row("nut", 1, iou=0.99, gt_area=1), row("nut", 2, iou=1.0)])
    table.add("m", [row("nut", 1, "few-shot", iou=0.3), normal("nut", 2, 3)])
    heights, mean = heights_of(table.cell(("nut", BOX)))
    assert (heights[0], heights[-1], heights.sum()) == (1, 2, 3)
    assert mean == pytest.approx(2 / 3)
    dots = size_dots(table.cell(("nut", BOX)))
    assert dots.x.tolist() == pytest.approx([20, 1, 20])
    pair = pair_dots(table.cell(("nut", BOX)), table.cell(("nut", MAP)))
    assert (pair.x.tolist(), pair.y.tolist(), pair.total) == ([0.3], [0.99], 1)
    assert pair.rows[0].path == "test/1.png"
    assert heights_of(table.cell(("tile", BOX)))[1] is None


def test_very_many_dots_are_thinned(table):
    table.add("m", [row("nut", name, iou=name / 10_000) for name in range(10_000)])
    dots = size_dots(table.cell(("nut", BOX)))
    assert len(dots.x) == len(dots.rows) == DOTS_DRAWN
    assert dots.total == 10_000
    assert dots.y[0] == 0
    assert dots.y[-1] == pytest.approx(0.9999)


def test_counts_are_ticked_at_whole_numbers():
    assert [value for value, _ in count_ticks(3)] == [0, 1, 2, 3]
    assert [words for _, words in count_ticks(4100)] == ["0", "1,000", "2,000", "3,000", "4,000"]
