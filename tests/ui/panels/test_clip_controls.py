"""The fields of maps by sentences: what is shown, what a person asks for, and that nothing is cut."""

import pytest
from PySide6.QtCore import Qt

from sam_inspector.ui.panels.clip_controls import ClipControls, ClipModelRow, ClipView, WeightsView

MODELS = (
    ClipModelRow("vit_l_14_336", "CLIP ViT-L/14-336", "934 MB, MIT."),
    ClipModelRow("vit_b_16", "CLIP ViT-B/16", "351 MB, MIT."),
)
WEIGHTS = WeightsView("CLIP ViT-L/14-336 needs weights: 934 MB.", "Or by hand.", "Fetch (934 MB, MIT)…")


@pytest.fixture
def controls(qtbot):
    controls = ClipControls()
    qtbot.addWidget(controls)
    controls.set_models(MODELS)
    controls.set_view(ClipView("brick", sentences="420 bundled", model="vit_l_14_336"))
    controls.resize(276, 400)
    controls.show()
    return controls


def test_a_name_is_told_once_it_is_typed(controls, qtbot):
    told = []
    controls.name_chosen.connect(told.append)
    controls.name.setFocus()
    controls.name.selectAll()
    qtbot.keyClicks(controls.name, "gear")
    assert told == []
    # What comes in while a person types takes nothing away.
    controls.set_view(ClipView("brick", sentences="12 of your own", model="vit_l_14_336"))
    assert controls.name.text() == "gear"
    qtbot.keyClick(controls.name, Qt.Key.Key_Return)
    assert told == ["gear"]


def test_another_category_brings_its_own_name(controls, qtbot):
    controls.name.setFocus()
    qtbot.keyClicks(controls.name, "x")
    controls.set_view(ClipView("tablet", model="vit_l_14_336"))
    assert controls.name.text() == "tablet"


def test_a_model_is_chosen(controls, qtbot):
    controls.model.setFocus()
    with qtbot.waitSignal(controls.model_chosen) as told:
        qtbot.keyClick(controls.model, Qt.Key.Key_Down)
    assert told.args == ["vit_b_16"]
    assert "934 MB" in controls.model.toolTip()


def test_weights_that_are_missing_are_offered(controls, qtbot):
    assert not controls.fetch.isVisible()
    controls.set_view(ClipView("brick", model="vit_l_14_336", weights=WEIGHTS))
    assert controls.fetch.text() == "Fetch (934 MB, MIT)…"
    assert not controls.cancel.isVisible()
    with qtbot.waitSignal(controls.fetch_requested):
        qtbot.mouseClick(controls.fetch, Qt.MouseButton.LeftButton)
    progress = WeightsView(WEIGHTS.words, WEIGHTS.by_hand, WEIGHTS.fetch, "Fetching, 12 %")
    controls.set_view(ClipView("brick", model="vit_l_14_336", weights=progress))
    assert not controls.fetch.isVisible()
    assert controls.progress.text() == "Fetching, 12 %"
    with qtbot.waitSignal(controls.fetch_cancelled):
        qtbot.mouseClick(controls.cancel, Qt.MouseButton.LeftButton)


def test_silence_takes_no_room(controls):
    assert not controls.name_line.isVisible()
    assert not controls.layers_line.isVisible()
    assert not controls.layers.isVisible()
    assert not controls.drop_layers.isVisible()
    assert not controls.score.isVisible()
    controls.set_score(0.731)
    assert controls.score.text() == "Defect by text 0.73"
    assert "from 0 to 1" in controls.score.toolTip()


@pytest.mark.parametrize("width", [216, 276, 400])
def test_nothing_sticks_out_at_any_dock_width(controls, qtbot, width):
    controls.set_view(
        ClipView(
            "printed circuit board with capacitors",
            name_error="The object's name holds a placeholder {}: those belong in states and templates.",
            sentences="1,234,567 of your own",
            model="vit_l_14_336",
            layers="trained_on_visa_for_fifteen_epochs.safetensors",
            layers_path="/somewhere/trained_on_visa_for_fifteen_epochs.safetensors",
            layers_note="Trained on candle, capsules and 10 others.",
            layers_warning="“candle” was among them: scores of it say nothing about new parts.",
            weights=WEIGHTS,
        )
    )
    controls.resize(width, 600)
    qtbot.wait(20)
    assert controls.width() == width
    for widget in (
        *(controls.name, controls.edit_sentences, controls.model, controls.layers, controls.drop_layers),
        *(controls.open_layers, controls.layers_line, controls.fetch, controls.by_hand),
    ):
        assert widget.mapTo(controls, widget.rect().topRight()).x() < width, widget
    assert controls.layers.toolTip().startswith("/somewhere/")
