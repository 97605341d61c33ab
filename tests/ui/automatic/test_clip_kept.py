"""What the window remembers of CLIP between runs, and what it says while CLIP can make nothing."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from sam_inspector.anomaly.clip_adapter import ClipAdapter
from sam_inspector.anomaly.clip_adapter_file import save_adapter
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.ui.settings import ClipSetting, Settings, load_settings
from tests.fakes import FakeSegmenter, loader
from tests.tiny_clip import manifest, tiny_clip
from tests.ui.automatic_driver import SPOT, Recorded

TEXTS = TextPrompts(("{}", "good {}"), ("broken {}",), ("a photo of a {}.",))


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    """A folder of weights without any."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(folder))
    return folder


@pytest.fixture
def begin(start, textile, no_weights):
    """Open the window at a defective image."""

    def opened(settings=None):
        driver = start(loader(FakeSegmenter(cell=8)), settings=settings, load_clip=lambda *_, **__: tiny_clip())
        auto = Recorded(driver)
        driver.app.presenter.open_path(textile, SPOT)
        driver.wait(lambda: driver.session.opened is not None and auto.automatic.has_model)
        return auto

    return opened


@pytest.fixture
def layers(tmp_path):
    path = tmp_path / "own.safetensors"
    save_adapter(path, ClipAdapter(4, 64, 48), replace(manifest(tiny_clip()), categories=("grid",)))
    return path


def close(auto):
    auto.driver.window.close()
    auto.driver.app.close()


# --- between runs ---------------------------------------------------------------------------------------


def test_all_that_was_chosen_is_there_again(begin, layers):
    auto = begin()
    auto.automatic.choose_method("cascade")
    auto.automatic.choose_map("clip")
    clip = auto.automatic.clip
    clip.set_name("textile", "woven cloth")
    clip.set_name("metal_nut", "hex nut")
    clip.choose_model("vit_b_16")
    clip.set_texts(TEXTS)
    clip.open_adapter(layers)
    close(auto)
    kept = load_settings()
    assert kept.clip.names == {"textile": "woven cloth", "metal_nut": "hex nut"}
    again = begin(kept)
    clip, controls = again.automatic.clip, again.driver.views.prompts.automatic.clip
    assert (again.automatic.method, again.automatic.map_method) == ("cascade", "clip")
    assert (clip.name_of("textile"), clip.name_of("metal_nut")) == ("woven cloth", "hex nut")
    assert (clip.model, clip.texts, clip.adapter) == ("vit_b_16", TEXTS, layers)
    assert controls.name.text() == "woven cloth"
    assert controls.model.currentText() == "CLIP ViT-B/16"
    assert controls.layers.text() == "own.safetensors"
    assert not again.troubles


def test_a_window_in_which_nothing_was_chosen_keeps_nothing(begin):
    close(begin())
    kept = load_settings()
    assert (kept.clip, kept.automatic_method, kept.automatic_map) == (ClipSetting(), "few-shot", None)


def test_weights_of_the_users_own_are_kept_and_named(begin, tmp_path):
    file = tmp_path / "own.pt"
    file.write_bytes(b"stands in")
    auto = begin()
    auto.automatic.clip.choose_model(f"ViT-B-32@{file}")
    close(auto)
    again = begin(load_settings())
    controls = again.driver.views.prompts.automatic.clip
    assert again.automatic.clip.model == f"ViT-B-32@{file}"
    assert controls.model.currentText() == "ViT-B-32 (own.pt)"
    again.automatic.clip.choose_model("vit_b_16")
    assert controls.model.currentText() == "CLIP ViT-B/16"
    assert controls.model.findData(f"ViT-B-32@{file}") >= 0, "it can be gone back to"


def test_files_that_are_gone_are_a_sentence_each_and_stay_chosen(begin, layers, tmp_path):
    model = f"ViT-B-32@{tmp_path / 'gone.pt'}"
    layers.unlink()
    settings = Settings(clip=ClipSetting(model=model, layers=str(layers)), source="auto", automatic_method="clip")
    auto = begin(settings)
    controls = auto.driver.views.prompts.automatic.clip
    auto.driver.wait(lambda: controls.weights_words.isVisibleTo(auto.driver.window))
    assert controls.weights_words.text().startswith(f"There is no file {tmp_path / 'gone.pt'} any more: choose")
    assert not controls.fetch.isVisibleTo(auto.driver.window)
    assert controls.layers_line.text().count(".") == 1 + str(layers).count(".")
    assert f"no adapter for CLIP {layers}" in controls.layers_line.text()
    assert not auto.titles, "nothing was tried with them"
    close(auto)
    kept = load_settings()
    assert (kept.clip.model, kept.clip.layers) == (model, str(layers))
    again = begin(kept)
    again.driver.views.prompts.automatic.clip.drop_layers.click()
    close(again)
    assert load_settings().clip.layers == ""


def test_settings_that_make_no_sense_leave_what_comes_with_the_program(begin):
    texts = {"normal": ["{}"], "abnormal": ["no place"], "templates": ["a {}."]}
    auto = begin(Settings.model_validate({"clip": {"model": "no such model", "sentences": texts}}))
    assert auto.automatic.clip.model == "vit_l_14_336"
    assert auto.automatic.clip.is_bundled


# --- a mask that is not CLIP's --------------------------------------------------------------------------


def notice(auto):
    shown = auto.driver.views.canvas._notice
    return shown.text() if shown.isVisibleTo(auto.driver.window) else ""


def test_without_weights_the_mask_before_is_said_to_be_no_mask_of_clip(begin):
    auto = begin()
    auto.turn_on()
    auto.driver.wait_for_scores()
    assert notice(auto) == ""
    auto.automatic.choose_method("clip")
    assert notice(auto) == "This mask: few-shot, not CLIP"
    words = auto.driver.views.prompts.automatic.clip.weights_words
    assert "Until then the mask shown is the one made before: few-shot." in words.text()
    assert words.tone == "changed"
    auto.driver.key(Qt.Key.Key_Escape)
    assert notice(auto) == ""
    assert "Until then" not in words.text()
    auto.driver.session.undo_group.undo()
    assert notice(auto) == "This mask: few-shot, not CLIP"
    auto.automatic.choose_method("few-shot")
    auto.wait_for_map()
    assert notice(auto) == ""


def test_prompts_by_hand_and_accepted_masks_are_named_too(begin):
    auto = begin(Settings(automatic_method="clip"))
    auto.driver.click(20, 20)
    auto.driver.wait_for_scores()
    assert notice(auto) == "", "CLIP is not asked for"
    auto.driver.window.action("source_auto").trigger()
    assert notice(auto) == "This mask: by hand, not CLIP"
    assert auto.driver.session.accept_region()
    assert notice(auto) == "This mask: accepted before, not CLIP"
    auto.driver.window.action("source_hand").trigger()
    assert notice(auto) == ""


def test_once_clip_has_made_its_own_the_notice_goes(begin, no_weights):
    auto = begin()
    auto.automatic.clip.set_texts(TEXTS)
    auto.turn_on()
    auto.driver.wait_for_scores()
    auto.automatic.choose_method("clip")
    assert notice(auto)
    (no_weights / "ViT-L-14-336px.pt").write_bytes(b"stands in")
    auto.automatic.refresh()
    auto.driver.wait(lambda: {item.source for item in auto.prompts.items} == {"clip"})
    assert notice(auto) == ""


def test_choosing_another_method_leaves_the_image_its_room(begin):
    auto = begin()
    auto.driver.window.resize(1024, 700)
    auto.turn_on()
    auto.driver.wait_for_scores()
    before = auto.driver.views.canvas.width()
    auto.automatic.choose_method("clip")
    auto.driver.qtbot.wait(100)
    assert auto.driver.views.canvas.width() == before
