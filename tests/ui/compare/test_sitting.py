"""The running figures of a sitting: means over the same images, wins, and what a pane's time is made of."""

from dataclasses import replace

import numpy as np
import pytest

from sam_inspector.core.prompts import Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.ui.canvas.overlays import MaskOverlay
from sam_inspector.ui.compare.answer import PaneAnswer, seconds_of
from sam_inspector.ui.compare.summary import Sitting, best_of
from sam_inspector.ui.compare.summary_rows import SummaryRow, over_text

BOX, POINT, SHOT = ("b", "m"), ("bp", "m"), ("few-shot", "m")


def sitting(**ious):
    made = Sitting()
    for pane, values in zip((BOX, POINT, SHOT), ious.values(), strict=False):
        for number, iou in enumerate(values):
            if iou is not ...:
                made.note(pane, f"image {number}", MaskScores(iou=iou))
    return made


def test_the_best_has_the_highest_iou_and_none_where_all_are_the_same():
    assert best_of([0.2, 0.9, None, 0.5]) == {1}
    assert best_of([0.9, 0.9, 0.5]) == {0, 1}
    assert best_of([0.9, 0.9]) == set()
    assert best_of([0.9, None]) == set()


def test_means_are_over_images_that_all_panes_were_scored_on():
    made = sitting(box=(0.5, 0.7, 0.9), point=(0.6, ..., 0.8))
    box, point = made.summaries([BOX, POINT])
    assert (box.mean_iou, point.mean_iou) == (pytest.approx(0.7), pytest.approx(0.7))
    assert (box.wins, point.wins) == (1, 1)
    assert list(box.ious) == ["image 0", "image 2"]


def test_a_pane_that_never_was_answered_takes_nothing_from_the_others():
    made = sitting(box=(0.5, 0.7), point=(0.6, 0.6))
    box, _, shot = made.summaries([BOX, POINT, SHOT])
    assert box.mean_iou == pytest.approx(0.6)
    assert (shot.mean_iou, shot.wins) == (None, 0)


def test_an_image_counts_once_with_its_newest_figure():
    made = sitting(box=(0.5,), point=(0.6,))
    made.note(BOX, "image 0", MaskScores(iou=0.8))
    box, point = made.summaries([BOX, POINT])
    assert (box.mean_iou, box.wins, point.wins) == (0.8, 1, 0)
    made.note(BOX, "image 0", MaskScores())  # its ground truth was taken away
    assert made.summaries([BOX])[0].mean_iou is None


def answer(anomaly_map=None, **seconds):
    mask = MaskOverlay.from_mask(np.zeros((2, 2), bool))
    return PaneAnswer(mask, None, Prompts(), MaskScores(), seconds, anomaly_map)


def test_a_shared_map_counts_for_each_pane_and_the_encoding_for_none():
    shared = AnomalyMap(np.zeros((2, 2), np.float32), "few-shot", 0, 1)
    first = answer(shared, encode=2.0, map=0.5, decode=0.25)
    second = answer(shared, encode=None, map=None, decode=0.125, points=0.0625)
    assert seconds_of(first, [first, second]) == 0.75
    assert seconds_of(second, [first, second]) == 0.6875
    assert seconds_of(answer(decode=0.25, map=None), [first, second]) == 0.25


def test_a_pane_that_came_later_does_not_hide_how_many_images_were_seen():
    made = sitting(box=(0.5, 0.7), point=(0.6, 0.6), shot=(..., 0.9))
    summaries = made.summaries([BOX, POINT, SHOT])
    rows = [SummaryRow("A", "Box", "M", "", None, None, summary, None, False) for summary in summaries]
    assert over_text(rows) == "this image, means over 1 of 2 images seen"
    both = [replace(row, summary=summary) for row, summary in zip(rows, made.summaries([BOX, POINT]), strict=False)]
    assert over_text(both[:2]) == "this image, means over 2 images"
