"""One name for one thing, and sentences that can be followed in the window."""

import pytest

from sam_inspector.ui.compare.mode_texts import MODE_TEXTS, mode_title as compare_title
from sam_inspector.ui.evaluate.sentences import for_the_window
from sam_inspector.ui.evaluate.words import metric_named, metrics_in, mode_title, short_name, step_words, wrapped


def test_modes_have_the_names_that_compare_gives_them():
    for mode in MODE_TEXTS:
        if mode != "hand":
            assert mode_title(mode, 5) == compare_title(mode, 5)


def test_every_metric_that_a_run_writes_has_a_name():
    from sam_inspector.engine.category_rows import SUMMARY_METRICS

    for name in SUMMARY_METRICS:
        assert metric_named(name).definition != "As in results.json.", name
    assert "boundary_iou" in metrics_in(())


def test_titles_that_begin_alike_are_told_apart_in_two_lines():
    found = [wrapped(mode_title(mode), 60, lambda text: 7 * len(text)) for mode in ("b", "bp", "bps", "few-shot-map")]
    assert found == [["Box"], ["Box + 1", "point"], ["Box + 20", "points"], ["Few-shot", "map"]]
    assert wrapped("Box + 20 points", 200, len) == ["Box + 20 points"]


def test_steps_are_told_in_words():
    assert step_words("maps, 3/32", ("few-shot",)) == "describing normal images, 3 of 32 views"
    assert step_words("maps, 3/32", ("clip",)) == "reading sentences, 3 of 32"
    assert step_words("maps, 3/32", ("few-shot", "sam2sim")) == "getting maps ready, 3 of 32"
    assert step_words("bps", ("few-shot",)) == ""


@pytest.mark.parametrize(
    ("engine", "window"),
    [
        (
            "/x holds other files: give a new or empty folder to --out.",
            "/x holds other files: choose a new or empty folder.",
        ),
        (
            "CLIP needs weights (3 MB): fetch them with “sam-inspector models get vit_l_14_336” from https://a.b/c, "
            "or put the file at /w.",
            "CLIP needs weights (3 MB): in Inspect, under Prompts, choose Automatic and CLIP, and press Fetch, or put "
            "the file at /w.",
        ),
        (
            "other settings (model: mobile_sam there, sam_vit_b here)",
            "other settings (model: MobileSAM there, SAM ViT-B here)",
        ),
        ("No good image was visited.", "No normal image was visited."),
    ],
)
def test_the_engine_s_sentences_speak_of_the_window(engine, window):
    assert for_the_window(engine) == window


def test_a_long_name_keeps_its_ends():
    assert short_name("/data/hazelnut") == "hazelnut"
    name = short_name("/data/" + "a" * 40 + "z")
    assert len(name) <= 29
    assert name.endswith("z")
    assert "…" in name
