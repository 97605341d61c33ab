"""Maps by sentences in the whole window: real threads, a tiny CLIP of random weights."""

import threading
import time
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QFileDialog

from sam_inspector.anomaly.clip_adapter import ClipAdapter
from sam_inspector.anomaly.clip_adapter_file import save_adapter
from sam_inspector.core.errors import Cancelled, WeightsError
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.data.text_prompts import default_text_prompts, write_text_prompts
from sam_inspector.engine import requests as rq
from sam_inspector.models.weights import weights_path
from tests.fakes import loader
from tests.tiny_clip import SIZE, manifest, tiny_clip
from tests.ui.automatic_driver import GOOD, SPOT, TWO_SPOTS, Recorded

TEXTS = TextPrompts(("{}", "good {}"), ("broken {}",), ("a photo of a {}.",))


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A folder of weights with a file for CLIP; the tiny one does not look into it."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(folder))
    (folder / "ViT-L-14-336px.pt").write_bytes(b"stands in")
    return folder


@pytest.fixture
def clip(start, segmenter, textile, weights):
    """The window with a defective image on screen, few sentences, and automatic prompts still off."""
    driver = start(loader(segmenter), load_clip=lambda *_, **__: tiny_clip())
    recorded = Recorded(driver)
    recorded.read = []
    driver.app.compute.replied.connect(
        lambda reply: recorded.read.append(reply.work.settings) if isinstance(reply, rq.ClipReady) else None
    )
    recorded.automatic.clip.set_texts(TEXTS)
    driver.app.presenter.open_path(textile, SPOT)
    driver.wait(lambda: driver.session.opened is not None and recorded.automatic.has_model)
    return recorded


@pytest.fixture
def controls(clip):
    return clip.driver.views.prompts.automatic.clip


def choose(auto, method):
    methods = auto.driver.views.prompts.automatic.methods
    for _ in range(1 + (not methods.is_open)):
        methods.button(methods.mode().name if not methods.is_open else method).click()


def turn_on(auto):
    choose(auto, "clip")
    auto.driver.window.action("source_auto").trigger()
    auto.wait_for_map()


def type_name(controls, name):
    controls.name.setText(name)
    controls.name.editingFinished.emit()


def test_sentences_about_the_category_make_map_prompts_and_mask(clip, controls):
    turn_on(clip)
    clip.driver.wait_for_scores()
    assert [settings.object_name for settings in clip.read] == ["textile"]
    assert set(clip.titles) == {"Read sentences with CLIP"}
    assert {item.source for item in clip.prompts.items} == {"clip"}
    assert clip.prompts.items[0].box is not None
    text_score = clip.automatic.text_score
    assert 0 < text_score < 1
    assert controls.score.text() == f"Defect by text {text_score:.2f}"
    assert controls.score.isVisibleTo(clip.driver.window)
    assert controls.name.text() == "textile"
    assert not clip.ready, "no references were asked for"
    assert not clip.driver.views.prompts.automatic.references.isVisible()


def test_without_references_the_threshold_is_a_share_of_the_peak_and_is_called_so(clip):
    turn_on(clip)
    values = clip.automatic.anomaly_map.values
    assert clip.automatic.calibration is None
    assert clip.automatic.threshold == pytest.approx(max(0.3, 0.8 * float(values.max())))
    section = clip.driver.views.prompts.automatic
    assert section.parameters.policy.currentText() == "Share of the peak"
    assert section.parameters.changed_rows() == ()
    assert clip.histogram.share.text() == "No references to compare with"
    clip.histogram.spin.setValue(0.1)
    assert clip.histogram.reset.text() == "Share of the peak"
    section.parameters.most.setValue(3)
    assert clip.automatic.prompting.policy == "ref_calibrated", "an edit elsewhere must not choose the policy"


def test_few_shot_and_clip_keep_a_threshold_each(clip):
    turn_on(clip)
    clip.automatic.set_threshold(0.12)
    choose(clip, "few-shot")
    clip.driver.wait(lambda: clip.automatic.anomaly_map is not None and clip.automatic.calibration is not None)
    assert not clip.automatic.is_threshold_by_hand
    clip.driver.wait(lambda: {item.source for item in clip.prompts.items} == {"few-shot"})
    choose(clip, "clip")
    clip.driver.wait(lambda: clip.automatic.anomaly_map is not None and clip.automatic.calibration is None)
    assert clip.automatic.threshold == 0.12
    assert len(clip.read) == len(clip.ready) == 1, "what is ready stays ready"


def test_the_next_image_needs_no_second_reading(clip):
    turn_on(clip)
    clip.driver.show(GOOD)
    clip.wait_for_map()
    assert len(clip.read) == 1
    assert clip.driver.views.prompts.automatic.clip.score.isVisibleTo(clip.driver.window)


def test_another_name_is_read_and_kept_for_the_category(clip, controls):
    turn_on(clip)
    before = clip.automatic.anomaly_map
    type_name(controls, "woven cloth")
    assert clip.state == "Reading 3 sentences about “woven cloth”…"
    clip.driver.wait(lambda: clip.automatic.anomaly_map is not before)
    clip.driver.show(TWO_SPOTS)
    clip.wait_for_map()
    assert controls.name.text() == "woven cloth"
    assert [settings.object_name for settings in clip.read] == ["textile", "woven cloth"]


def test_a_name_that_cannot_be_used_is_a_sentence_beneath_its_field(clip, controls):
    turn_on(clip)
    before = clip.automatic.anomaly_map
    type_name(controls, "nut {}")
    assert "holds a placeholder" in controls.name_line.text()
    assert controls.name_line.tone == "changed"
    assert controls.name.text() == "nut {}"
    assert clip.state == "Name the object to see a map."
    assert clip.automatic.anomaly_map is before
    type_name(controls, "гайка")
    assert "has learnt English names" in controls.name_line.text()
    assert controls.name_line.tone == "muted"
    clip.driver.wait(lambda: len(clip.read) == 2)


def test_a_cancelled_reading_waits_until_it_is_chosen_again(start, segmenter, textile, weights):
    gate = threading.Event()

    def slow(*_, **__):
        gate.wait(20)
        return tiny_clip()

    driver = start(loader(segmenter), load_clip=slow)
    auto = Recorded(driver)
    auto.automatic.clip.set_texts(TEXTS)
    driver.app.presenter.open_path(textile, SPOT)
    driver.wait(lambda: driver.session.opened is not None and auto.automatic.has_model)
    choose(auto, "clip")
    driver.window.action("source_auto").trigger()
    driver.wait(lambda: auto.titles)
    driver.views.status.jobs.cancel.click()
    gate.set()
    driver.wait(lambda: "cancelled" in auto.ended)
    assert "choose CLIP to start it again" in auto.state
    driver.views.prompts.automatic.method_chosen.emit("clip")
    auto.wait_for_map()


# --- sentences ------------------------------------------------------------------------------------------


def sentences(clip, controls):
    controls.edit_sentences.click()
    return next(widget for widget in clip.driver.window.children() if hasattr(widget, "fields"))


def test_sentences_are_edited_checked_and_used(clip, controls):
    turn_on(clip)
    dialog = sentences(clip, controls)
    assert not dialog.isModal()
    assert dialog.texts() == TEXTS
    assert not dialog.apply_button.isEnabled()
    dialog.fields["abnormal"].setPlainText("broken {}\n\nworn")
    assert "“worn” has no placeholder" in dialog.message.text()
    assert not dialog.apply_button.isEnabled()
    assert not dialog.save_button.isEnabled()
    dialog.fields["abnormal"].setPlainText("broken {}\n\n  worn {} ")
    dialog.apply_button.click()
    expected = replace(TEXTS, abnormal=("broken {}", "worn {}"))
    assert clip.automatic.clip.texts == expected
    clip.driver.wait(lambda: clip.read[-1].texts == expected)
    assert controls.sentences.text() == "4 of your own"
    assert dialog.message.text().startswith("In use")
    dialog.reset_button.click()
    assert dialog.texts() == default_text_prompts()
    assert clip.automatic.clip.texts == expected, "until it is applied"
    dialog.close()


def test_sentences_are_saved_and_opened(clip, controls, tmp_path, monkeypatch):
    dialog = sentences(clip, controls)
    file, broken = tmp_path / "own.json", tmp_path / "broken.json"
    broken.write_text('{"schema": "another"}', encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(file), ""))
    dialog.save_button.click()
    write_text_prompts(tmp_path / "same.json", TEXTS)
    assert file.read_bytes() == (tmp_path / "same.json").read_bytes()
    dialog.fields["normal"].setPlainText("fine {}")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(broken), ""))
    dialog.open_button.click()
    assert "is not a list of text prompts of this version" in dialog.message.text()
    assert dialog.fields["normal"].toPlainText() == "fine {}"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(file), ""))
    dialog.open_button.click()
    assert dialog.texts() == TEXTS
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(file / "in a file.json"), ""))
    dialog.save_button.click()
    assert dialog.message.tone == "changed"
    dialog.close()


# --- trained layers -------------------------------------------------------------------------------------


def layers(tmp_path, categories):
    path = tmp_path / "own.safetensors"
    save_adapter(path, ClipAdapter(4, 64, 48), replace(manifest(tiny_clip()), categories=categories))
    return path


def test_trained_layers_change_the_map_and_warn_of_their_own_category(clip, controls, tmp_path, monkeypatch):
    turn_on(clip)
    before = clip.automatic.anomaly_map
    path = layers(tmp_path, ("Textile", "grid"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(path), ""))
    controls.open_layers.click()
    assert controls.layers.text() == "own.safetensors"
    assert controls.layers_line.text().startswith("Trained on Textile, grid. “textile” was among them")
    assert controls.layers_line.tone == "changed"
    clip.driver.wait(lambda: clip.automatic.anomaly_map is not None and clip.automatic.anomaly_map is not before)
    assert (clip.read[-1].adapter, clip.read[-1].image_size) == (path, SIZE)
    controls.drop_layers.click()
    clip.driver.wait(lambda: clip.read[-1].adapter is None)
    assert not controls.layers_line.isVisibleTo(clip.driver.window)


def test_a_file_that_holds_no_layers_changes_nothing(clip, controls, tmp_path, monkeypatch):
    path = layers(tmp_path, ("grid",))
    clip.automatic.clip.open_adapter(path)
    (tmp_path / "photo.safetensors").write_bytes(b"no layers")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(tmp_path / "photo.safetensors"), ""))
    controls.open_layers.click()
    assert "damaged or none at all" in controls.layers_line.text()
    assert clip.automatic.clip.adapter == path
    assert controls.layers.text() == "own.safetensors"


# --- weights --------------------------------------------------------------------------------------------


class Get:
    """A download that goes on until it is let go or given up."""

    def __init__(self, error=None):
        self.asked, self.error, self.gate = [], error, threading.Event()

    def __call__(self, spec, *, report, cancelled):
        self.asked.append(spec.name)
        report(0.25, "Fetching")
        while not self.gate.is_set():
            if cancelled():
                raise Cancelled("given up")
            time.sleep(0.005)
        if self.error is not None:
            raise self.error
        weights_path(spec).write_bytes(b"stands in")


@pytest.fixture
def bare(clip, weights):
    """CLIP chosen without its weights."""
    (weights / "ViT-L-14-336px.pt").unlink()
    choose(clip, "clip")
    clip.driver.window.action("source_auto").trigger()
    return clip


def fetching(auto, get, controls):
    auto.automatic.weights._get = get
    controls.fetch.click()
    auto.driver.wait(lambda: auto.driver.views.status.jobs.shown() is not None and controls.progress.text() != "")
    auto.driver.wait(lambda: "25 %" in controls.progress.text())


def test_weights_are_fetched_only_when_a_person_says_so(bare, controls):
    assert controls.fetch.text() == "Fetch (934 MB, MIT)…"
    assert "934 MB, licence MIT" in controls.weights_words.text()
    assert "sam-inspector models get vit_l_14_336" in controls.by_hand.text()
    bare.driver.qtbot.wait(300)
    assert not bare.titles
    assert not bare.troubles
    get = Get()
    fetching(bare, get, controls)
    assert get.asked == ["vit_l_14_336"]
    job = bare.driver.views.status.jobs.shown()
    assert (job.title, job.fraction) == ("Fetch CLIP ViT-L/14-336", 0.25)
    bare.driver.click(20, 20)
    bare.driver.wait_for_scores()
    bare.driver.session.edit_prompts(type(bare.prompts)(), "clear")
    get.gate.set()
    bare.wait_for_map()
    assert bare.driver.views.status.jobs.shown() is None
    assert not controls.fetch.isVisible()


def test_fetching_is_given_up_by_the_cross_or_the_link(bare, controls):
    for give_up in (bare.driver.views.status.jobs.cancel.click, controls.cancel.click):
        fetching(bare, Get(), controls)
        give_up()
        bare.driver.wait(lambda: not bare.automatic.weights.fetching)
        assert controls.fetch.isVisibleTo(bare.driver.window)
        assert bare.driver.views.status.jobs.shown() is None
    assert not bare.troubles


def test_a_fetch_that_fails_says_why_and_can_be_tried_again(bare, controls):
    get = Get(WeightsError("There is no network: put the file there by hand."))
    get.gate.set()
    bare.automatic.weights._get = get
    controls.fetch.click()
    bare.driver.wait(lambda: bare.troubles)
    assert bare.troubles == ["There is no network: put the file there by hand."]
    assert controls.fetch.isVisibleTo(bare.driver.window)


def test_closing_the_window_ends_a_fetch(bare, controls):
    fetching(bare, Get(), controls)
    bare.driver.window.close()
    bare.driver.app.close()
