"""The cascade in the prompts panel: its rows, marks and presets, and the names of the methods."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.prompting import cascade_settings as cs
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.cascade_settings import CASCADE_PRESETS, CascadedPrompting, CoFeatureSettings
from sam_inspector.ui.panels.automatic import METHODS, PRESETS, AutomaticSection
from sam_inspector.ui.panels.cascade_parameters import CHOICES

RECOMMENDED, FAITHFUL = CASCADE_PRESETS["recommended"], CASCADE_PRESETS["faithful"]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def section(qtbot):
    section = AutomaticSection()
    qtbot.addWidget(section)
    section.set_available(28, 0)
    section.set_method("cascade")
    section.resize(300, 900)
    section.show()
    qtbot.mouseClick(section.cascade_fold.line, LEFT)
    qtbot.waitUntil(section.cascade.isVisible)
    return section


def choose(section, name, value):
    combo = section.cascade.combos[name]
    combo.setCurrentIndex(combo.findData(value))
    combo.activated.emit(combo.currentIndex())


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("rule", cs.EXTREME_RULES),
        ("scope", cs.PROMPT_SCOPES),
        ("spacing", cs.SPACINGS),
        ("kernel_shape", cs.KERNEL_SHAPES),
        ("prototype", cs.PROTOTYPES),
        ("score", cs.SCORE_RULES),
    ],
)
def test_everything_the_settings_know_can_be_chosen(section, name, known):
    assert tuple(value for value, *_ in CHOICES[name]) == known
    shown = section.cascade.combos[name]
    assert [shown.itemData(place) for place in range(shown.count())] == list(known)


def test_every_preset_can_be_chosen(section, qtbot):
    assert [name for name, *_ in PRESETS] == list(CASCADE_PRESETS)
    section.preset.setFocus()
    with qtbot.waitSignal(section.preset_chosen) as told:
        qtbot.keyClick(section.preset, Qt.Key.Key_Down)
    assert told.args == ["faithful"]


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        ("positives", CoFeatureSettings(positive_points=4)),
        ("negatives", CoFeatureSettings(negative_points=4)),
        ("stride", CoFeatureSettings(stride=CoFeatureSettings().stride + 1)),
        ("kernel", CoFeatureSettings(kernel_px=27)),
    ],
)
def test_a_number_is_changed_and_marked(section, qtbot, control, expected):
    spin = getattr(section.cascade, control)
    spin.setFocus()
    with qtbot.waitSignal(section.cascade_changed) as told:
        qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert told.args == [CascadedPrompting(expected)]
    (name,) = section.cascade.changed_rows()
    assert section.cascade.row(name).label.tone == "changed"
    assert section.cascade.row(name).hint.text().startswith("recommended ")
    assert section.cascade_fold.line.remark.startswith("1 changed")


def test_numbers_belong_to_their_rule_and_spacing(section):
    parameters = section.cascade
    told = []
    section.cascade_changed.connect(told.append)
    assert not parameters.peak_share.isVisible()
    choose(section, "rule", "quantile")
    assert parameters.quantile.isVisible()
    assert parameters.quantile.value() == 99.5
    choose(section, "rule", "peak_share")
    parameters.peak_share.setValue(70)
    assert not parameters.quantile.isVisible()
    choose(section, "spacing", "min_distance")
    assert not parameters.stride.isVisible()
    parameters.distance.setValue(55)
    expected = CoFeatureSettings(rule="peak_share", peak_share=0.7, spacing="min_distance", distance_px=55.0)
    assert told[-1] == CascadedPrompting(expected)
    choose(section, "spacing", "rank_stride")
    assert parameters.changed_rows() == ("rule", "peak_share"), "a number that has no say is not marked"


def test_marks_are_about_the_preset(section, qtbot):
    section.set_cascade(FAITHFUL, "faithful")
    assert section.cascade.changed_rows() == ()
    assert section.cascade_fold.line.remark == "as faithful"
    assert section.preset.currentData() == "faithful"
    section.set_cascade(replace(FAITHFUL, map_input=True), "faithful")
    assert section.cascade.row("map_input").hint.text() == "faithful off"
    with qtbot.waitSignal(section.cascade_changed) as told:
        qtbot.mouseClick(section.cascade.reset, LEFT)
    assert told.args == [FAITHFUL]


def test_setters_tell_nobody(section):
    told = []
    for signal in (section.cascade_changed, section.preset_chosen, section.map_chosen, section.prompting_changed):
        signal.connect(told.append)
    section.set_cascade(FAITHFUL, "faithful")
    section.set_method("cascade", "clip")
    section.set_prompting(AutomaticPrompts("otsu"))
    assert told == []


def test_a_method_shows_what_it_has(section):
    section.fold.line.click()
    assert section.parameters.row("backbone").isVisible()
    assert section.parameters.row("policy").isVisible()
    assert not section.parameters.row("max_components").isVisible()
    section.set_cascade(FAITHFUL, "faithful")
    assert section.fold.line.text() == "Map"
    assert not section.parameters.row("policy").isVisible()
    section.set_method("cascade", "clip")
    assert not section.fold.isVisible(), "there is nothing in it"
    assert section.clip.isVisible()
    section.set_method("clip", "clip")
    assert section.fold.isVisible()
    assert not section.cascade.isVisible()
    assert not section.maps.isVisible()
    assert not section.parameters.row("backbone").isVisible()
    assert section.parameters.row("max_components").isVisible()


def test_a_map_without_references_takes_no_threshold_from_them(section):
    section.set_method("clip", "clip")
    parameters = section.parameters
    assert parameters.policy.currentData() == "peak_share"
    assert not parameters.policy.model().item(0).isEnabled()
    assert parameters.changed_rows() == ()
    section.set_prompting(AutomaticPrompts("otsu"))
    assert parameters.changed_rows() == ("policy",)
    section.set_method("few-shot")
    section.set_prompting(AutomaticPrompts())
    assert parameters.policy.currentData() == "ref_calibrated"
    assert parameters.policy.model().item(0).isEnabled()


@pytest.mark.parametrize("width", [216, 276, 400])
def test_nothing_sticks_out_at_any_dock_width(section, qtbot, width):
    points = CoFeatureSettings("peak_share", 0.123, positive_points=50, spacing="min_distance", distance_px=500)
    section.set_cascade(CascadedPrompting(points, map_input=False, score="product"), "recommended")
    section.set_settings(replace(section._settings, references=ReferenceChoice("random", 1000, 999_999)))
    section.resize(width, 1100)
    qtbot.wait(20)
    assert section.width() == width
    cascade = section.cascade
    controls = [*cascade.combos.values(), cascade.peak_share, cascade.positives, cascade.distance, cascade.kernel]
    for widget in (*controls, cascade.map_input, cascade.reset, section.preset, section.maps):
        assert widget.mapTo(section, widget.rect().topRight()).x() < width, widget
    for row in (cascade.row(name) for name in ("rule", "positive_points", "map_input", "prototype")):
        assert row.label.width() >= row.label.fontMetrics().horizontalAdvance(row.label.text())


def test_every_method_says_what_it_does_on_one_line(section, qtbot):
    section.resize(262, 900)
    section.methods.is_open = True
    section.methods._refresh()
    qtbot.wait(20)
    for row in METHODS:
        button = section.methods.button(row.name)
        room = button.width() - 50
        assert button.isVisible()
        assert button.toolTip()
        assert button.fontMetrics().horizontalAdvance(row.title) < room
