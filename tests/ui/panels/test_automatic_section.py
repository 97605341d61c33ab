"""Automatic prompts in the prompts panel: what is shown, and what a person asks for."""

import pytest
from PySide6.QtCore import Qt

from sam_inspector.anomaly.settings import FewShotSettings, ReferenceChoice
from sam_inspector.prompting.automatic import THRESHOLD_POLICIES, AutomaticPrompts
from sam_inspector.ui.panels.automatic import METHODS, AutomaticSection, BackboneRow
from sam_inspector.ui.panels.automatic_parameters import POLICIES
from sam_inspector.ui.panels.mode_rows import ModeRow
from sam_inspector.ui.panels.reference_picker import reference_words

LEFT = Qt.MouseButton.LeftButton
BACKBONES = (
    BackboneRow("sam", "SAM encoder", "No download."),
    BackboneRow("dinov2", "DINOv2 ViT-S/14", "85 MB, Apache-2.0."),
)


@pytest.fixture
def section(qtbot):
    section = AutomaticSection()
    qtbot.addWidget(section)
    section.set_backbones(BACKBONES)
    section.set_available(28, 0)
    section.resize(300, 560)
    section.show()
    return section


@pytest.fixture
def opened(section, qtbot):
    qtbot.mouseClick(section.fold.line, LEFT)
    qtbot.waitUntil(section.parameters.isVisible)
    return section


def step(qtbot, widget, key=Qt.Key.Key_Up):
    widget.setFocus()
    qtbot.keyClick(widget, key)


@pytest.mark.parametrize(
    ("choice", "available", "words"),
    [
        (ReferenceChoice(), 28, "First 4 of 28 normal images"),
        (ReferenceChoice("random", 4, 7), 1200, "Random 4 of 1,200 normal images"),
        (ReferenceChoice("picked", picked=("a", "b")), 28, "2 picked images"),
        (ReferenceChoice("picked", picked=("a",)), 0, "1 picked image"),
        (ReferenceChoice(count=28), 28, "All 28 normal images"),
        (ReferenceChoice(count=40), 3, "All 3 normal images, 40 were asked for"),
        (ReferenceChoice(), 1, "The only normal image, 4 were asked for"),
        (ReferenceChoice(), 0, "No normal images"),
    ],
)
def test_a_choice_in_words(choice, available, words):
    assert reference_words(choice, available) == words


def test_every_policy_can_be_chosen():
    assert tuple(name for name, *_ in POLICIES) == THRESHOLD_POLICIES


def test_without_normal_images_it_asks_for_some(section, qtbot):
    section.set_available(0, 0)
    section.set_state("2 regions", "text")
    assert section.empty.isVisible()
    assert not section.references.isVisible()
    assert not section.state.isVisible()
    with qtbot.waitSignal(section.pick_requested):
        qtbot.mouseClick(section.empty.button, LEFT)
    section.set_available(0, 3)
    assert section.empty.button.text() == "Take the 3 selected"
    section.set_choice(ReferenceChoice("picked", picked=("a", "b", "c")))
    assert not section.empty.isVisible()
    assert section.references.isVisible()


def test_the_number_of_references(section, qtbot):
    count = section.references.count
    assert (count.value(), count.maximum()) == (4, 28)
    with qtbot.waitSignal(section.references_changed) as told:
        step(qtbot, count)
    assert told.args == [ReferenceChoice(count=5)]
    assert section.references.words.text() == "First 5 of 28 normal images"
    told = []
    section.references_changed.connect(told.append)
    count.selectAll()
    qtbot.keyClicks(count, "12")
    assert told == []
    qtbot.keyClick(count, Qt.Key.Key_Return)
    assert told == [ReferenceChoice(count=12)]


def test_random_references_have_a_seed(section, qtbot):
    assert not section.references.seed.isVisible()
    with qtbot.waitSignal(section.references_changed) as told:
        step(qtbot, section.references.kind, Qt.Key.Key_Down)
    assert told.args == [ReferenceChoice("random")]
    with qtbot.waitSignal(section.references_changed) as told:
        step(qtbot, section.references.seed)
    assert told.args == [ReferenceChoice("random", 4, 1)]


def test_the_selected_ones_are_asked_for(section, qtbot):
    section.set_available(28, 2)
    section.set_choice(ReferenceChoice("random"))
    with qtbot.assertNotEmitted(section.references_changed), qtbot.waitSignal(section.pick_requested):
        step(qtbot, section.references.kind, Qt.Key.Key_Down)
    # Until somebody answers, the choice that holds is shown.
    assert section.references.kind.currentData() == "random"
    section.set_choice(ReferenceChoice("picked", picked=("a", "b")))
    assert section.references.kind.currentData() == "picked"
    assert not section.references.count.isVisible()
    section.set_available(28, 5)
    assert section.references.take.text() == "Take the 5 selected"
    with qtbot.waitSignal(section.pick_requested):
        qtbot.mouseClick(section.references.take, LEFT)
    with qtbot.waitSignal(section.references_changed) as told:
        step(qtbot, section.references.kind)
    assert told.args == [ReferenceChoice("random")]


def test_more_asked_for_than_there_are_is_kept_until_edited(section, qtbot):
    section.set_available(3, 0)
    with qtbot.assertNotEmitted(section.references_changed, wait=20):
        section.set_choice(ReferenceChoice("random", 40))
    assert section.references.words.text().startswith("All 3")
    with qtbot.waitSignal(section.references_changed) as told:
        step(qtbot, section.references.seed)
    assert told.args == [ReferenceChoice("random", 40, 1)]


def test_setters_tell_nobody(opened, qtbot):
    told = []
    for signal in (opened.references_changed, opened.settings_changed, opened.prompting_changed, opened.method_chosen):
        signal.connect(told.append)
    opened.set_settings(FewShotSettings("dinov2", references=ReferenceChoice("random", 9, 3)))
    opened.set_prompting(AutomaticPrompts("otsu", max_components=9, box=False, box_margin=0.2))
    opened.set_available(5, 2)
    opened.set_method("few-shot")
    assert told == []
    assert opened.parameters.backbone.currentText() == "DINOv2 ViT-S/14"
    assert opened.parameters.most.value() == 9


def test_a_backbone_is_chosen_with_the_references_shown(opened, qtbot):
    opened.set_settings(FewShotSettings(references=ReferenceChoice("random", 9, 3), bank_tokens=500))
    step(qtbot, opened.references.count)
    with qtbot.waitSignal(opened.settings_changed) as told:
        step(qtbot, opened.parameters.backbone, Qt.Key.Key_Down)
    expected = FewShotSettings("dinov2", references=ReferenceChoice("random", 10, 3), bank_tokens=500)
    assert told.args == [expected]
    assert "85 MB" in opened.parameters.backbone.toolTip()


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        ("min_area", AutomaticPrompts(min_area_px=17)),
        ("most", AutomaticPrompts(max_components=6)),
        ("margin", AutomaticPrompts(box_margin=0.03)),
        ("negatives", AutomaticPrompts(negative_points=1)),
    ],
)
def test_a_number_is_changed_and_marked(opened, qtbot, control, expected):
    assert opened.fold.line.remark == "as recommended"
    with qtbot.waitSignal(opened.prompting_changed) as told:
        step(qtbot, getattr(opened.parameters, control))
    assert told.args == [expected]
    assert opened.fold.line.remark.startswith("1 changed")
    (name,) = opened.parameters.changed_rows()
    assert opened.parameters.row(name).label.tone == "changed"
    assert opened.parameters.row(name).hint.text().startswith("recommended ")


def test_values_belong_to_their_policy(opened, qtbot):
    parameters = opened.parameters
    assert not parameters.fixed.isVisible()
    assert not parameters.quantile.isVisible()
    with qtbot.waitSignal(opened.prompting_changed) as told:
        step(qtbot, parameters.policy, Qt.Key.Key_Down)
    assert told.args == [AutomaticPrompts("fixed")]
    assert parameters.fixed.isVisible()
    with qtbot.waitSignal(opened.prompting_changed) as told:
        step(qtbot, parameters.fixed)
    assert told.args[0].threshold == pytest.approx(0.51)
    # A raw score has no recommended value: only the policy is marked.
    assert parameters.changed_rows() == ("policy",)
    with qtbot.waitSignal(opened.prompting_changed):
        step(qtbot, parameters.policy, Qt.Key.Key_Down)
    assert not parameters.fixed.isVisible()
    with qtbot.waitSignal(opened.prompting_changed) as told:
        step(qtbot, parameters.quantile)
    assert told.args[0].quantile == pytest.approx(0.981)
    assert parameters.changed_rows() == ("policy", "quantile")


def test_a_value_the_box_would_round_survives_other_edits(opened, qtbot):
    opened.set_prompting(AutomaticPrompts("fixed", threshold=0.123456789, quantile=0.987654, box_margin=0.054))
    with qtbot.waitSignal(opened.prompting_changed) as told:
        step(qtbot, opened.parameters.most)
    expected = AutomaticPrompts("fixed", threshold=0.123456789, quantile=0.987654, box_margin=0.054, max_components=6)
    assert told.args == [expected]


def test_a_region_keeps_a_box_or_a_point(opened, qtbot):
    parameters = opened.parameters
    with qtbot.waitSignal(opened.prompting_changed) as told:
        qtbot.mouseClick(parameters.box, LEFT)
    assert told.args == [AutomaticPrompts(box=False)]
    assert not parameters.margin.isEnabled()
    assert not parameters.point.isEnabled()
    assert "box or a point" in parameters.point.toolTip()
    with qtbot.assertNotEmitted(opened.prompting_changed, wait=20):
        qtbot.mouseClick(parameters.point, LEFT)
    qtbot.mouseClick(parameters.box, LEFT)
    assert parameters.point.isEnabled()


def test_back_to_recommended(opened, qtbot):
    assert not opened.parameters.reset.isVisible()
    opened.set_settings(FewShotSettings("dinov2", references=ReferenceChoice(count=9)))
    opened.set_prompting(AutomaticPrompts("otsu", factor=1.2, max_components=9, negative_points=4))
    qtbot.waitUntil(opened.parameters.reset.isVisible)
    qtbot.wait(20)
    settings, prompting = [], []
    opened.settings_changed.connect(settings.append)
    opened.prompting_changed.connect(prompting.append)
    qtbot.mouseClick(opened.parameters.reset, LEFT)
    assert settings == [FewShotSettings(references=ReferenceChoice(count=9))]
    # What no row shows stays as it was.
    assert prompting == [AutomaticPrompts(factor=1.2)]
    assert opened.fold.line.remark == "as recommended"


def test_the_state_is_told_and_silence_takes_no_room(section):
    assert not section.state.isVisible()
    section.set_state("Normal: no region above the threshold, image score 0.21", "text")
    assert section.state.isVisible()
    section.set_state("3 of 4 normal images could be read", "changed")
    assert section.state.tone == "changed"
    section.set_state("")
    assert not section.state.isVisible()


def test_other_methods_can_come(section, qtbot):
    section.set_methods([*METHODS, ModeRow("lad", "Logical", "Parts map")])
    assert not section.methods.button("lad").isVisible()
    with qtbot.assertNotEmitted(section.method_chosen, wait=20):
        qtbot.mouseClick(section.methods.button("few-shot"), LEFT)
    qtbot.waitUntil(section.methods.button("lad").isVisible)
    with qtbot.waitSignal(section.method_chosen) as told:
        qtbot.mouseClick(section.methods.button("lad"), LEFT)
    assert told.args == ["lad"]
    assert not section.methods.button("few-shot").isVisible()


@pytest.mark.parametrize("width", [216, 276, 400])
def test_nothing_sticks_out_at_any_dock_width(opened, qtbot, width):
    opened.set_available(12_345, 12)
    opened.set_settings(FewShotSettings("dinov2", references=ReferenceChoice("random", 1000, 999_999)))
    opened.set_prompting(AutomaticPrompts("quantile", 0.5, 0.995, min_area_px=99_999, point=False, negative_points=3))
    opened.resize(width, 700)
    qtbot.wait(20)
    assert opened.width() == width
    parameters, references = opened.parameters, opened.references
    for widget in (
        *(references.kind, references.count, references.seed, parameters.backbone, parameters.policy),
        *(parameters.quantile, parameters.min_area, parameters.box, parameters.negatives, parameters.reset),
    ):
        assert widget.mapTo(opened, widget.rect().topRight()).x() < width, widget
    line = opened.fold.line
    assert line.remark == ("6 changed from recommended" if width == 400 else "6 changed")
    for name in ("min_area_px", "negative_points"):
        label = parameters.row(name).label
        assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())
