"""The Tune view in a whole window, with a stand-in for SAM: training, stopping, going on, and what it says."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sam_inspector.anomaly.simplenet import recipe as recipe_module
from sam_inspector.anomaly.simplenet.checkpoint import load_simplenet, save_simplenet
from sam_inspector.anomaly.simplenet.manifest import read_simplenet_manifest
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.ui.tune.choices import TuneChoices, networks_folder
from sam_inspector.ui.tune.loss_chart import value_axis
from tests.fakes import FakeSegmenter, loader

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def small_recipe(monkeypatch):
    """Enough for a stub of six values a cell."""
    small = replace(RECIPES["recommended"], hidden=16, tokens_a_step=64, least_steps=2)
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", small)


@pytest.fixture
def normal(category):
    """Three normal images to learn from."""
    folder = category / "train/good"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(5)
    for number in range(3):
        Image.fromarray(rng.integers(60, 120, (120, 160, 3), np.uint8)).save(folder / f"{number:03}.png")
    return folder


class TuneDriver:
    """A window in the Tune workspace, and the hands on it."""

    def __init__(self, driver):
        self.driver, self.app, self.wait = driver, driver.app, driver.wait
        self.controller = self.app.workspaces.tune
        self.page = self.controller.page
        self.form = self.page.form

    def click(self, widget):
        QTest.mouseClick(widget, LEFT)

    def look(self):
        self.wait(lambda: self.controller.state == "idle" and self.controller.standing is not None)
        return self.form.hint.text()

    def set_epochs(self, number):
        self.form.epochs.setFocus()
        self.form.epochs.selectAll()
        QTest.keyClicks(self.form.epochs, str(number))
        self.wait(lambda: self.controller.standing.choices.epochs == number)
        return self.look()

    def finish(self):
        self.wait(lambda: self.controller.state not in ("running", "stopping"), 60_000)
        return self.look()

    def banners(self):
        return [banner.text for banner in self.page.banners.banners()]


@pytest.fixture
def tune(start):
    def begin(category=None, segmenter=None, size=(1280, 860)):
        driver = start(loader(segmenter or FakeSegmenter()), size=size)
        driver.window.switch.segment("tune").click()
        tune = TuneDriver(driver)
        tune.click(tune.page.switches["sam"].segment("train"))
        if category is not None:
            driver.open(category)
            tune.wait(lambda: driver.app.presenter.loaded is not None)
            tune.look()
        return tune

    return begin


def test_without_a_dataset_it_offers_to_open_one(tune, category, normal, monkeypatch):
    view = tune()
    assert not view.form.isVisible()
    monkeypatch.setattr("sam_inspector.ui.controls.QFileDialog.getExistingDirectory", lambda *_, **__: str(category))
    view.click(view.page.open)
    view.wait(view.form.isVisible)
    assert view.form.choices().category == "part"


def test_a_network_is_trained_with_curve_and_maps(tune, category, normal):
    view = tune(category)
    assert view.form.hint.text() == "3 normal images, 160 epochs."
    view.set_epochs(4)
    view.click(view.form.start)
    assert view.controller.state == "running"
    assert view.form.cancel.isVisible()
    assert not view.form.start.isVisible()
    said = view.finish()
    assert said == "Trained already: 4 epochs. More epochs go on from there."
    (file,) = networks_folder().iterdir()
    made = read_simplenet_manifest(file)
    assert (made.epochs_done, made.category, len(made.images)) == (4, "part", 3)
    assert view.page.loss.header.subtitle.text() == f"{made.losses[-1]:.4f} after 4 epochs"
    assert view.page.loss.chart.item_count() == 1
    view.wait(lambda: view.page.previews.pictures() == 4)  # three dents and a good one; the broken image has none
    assert view.page.run_bar.title.text() == "Trained"
    assert view.banners() == ["Left out of the preview: " + text for text in _broken(category)]


def _broken(category):
    from sam_inspector.core.errors import ImageReadError
    from sam_inspector.data.images import read_image

    try:
        read_image(category / "test/dent/broken.png")
    except ImageReadError as error:
        return [str(error)]
    return []


def test_what_was_cancelled_goes_on_from_the_last_whole_epoch(tune, category, normal):
    (category / "test/dent/broken.png").unlink()
    view = tune(category)
    view.set_epochs(300)
    view.click(view.form.start)
    view.wait(lambda: len(view.page.loss._losses) >= 2)
    view.click(view.form.cancel)
    said = view.finish()
    (file,) = networks_folder().iterdir()
    done = read_simplenet_manifest(file).losses
    assert 2 <= len(done) < 300
    assert said == f"{len(done)} of 300 epochs are done, with 3 normal images."
    assert view.page.run_bar.title.text() == "Cancelled"
    assert view.form.go_on.isVisible()
    assert view.form.anew.isVisible()
    view.set_epochs(len(done) + 2)
    view.click(view.form.go_on)
    view.finish()
    assert read_simplenet_manifest(file).losses[: len(done)] == done
    assert read_simplenet_manifest(file).epochs_done == len(done) + 2


def test_starting_anew_keeps_the_network_that_is_there_under_another_name(tune, category, normal):
    view = tune(category)
    view.set_epochs(2)
    view.click(view.form.start)
    view.finish()
    view.click(view.form.anew)
    view.wait(lambda: view.controller.state == "running")
    view.finish()
    names = sorted(file.name for file in networks_folder().iterdir())
    assert len(names) == 2
    assert sum(" until " in name for name in names) == 1


def test_a_damaged_network_is_told_and_can_be_trained_anew(tune, category, normal):
    choices = TuneChoices(category="part", model="mobile_sam")
    networks_folder().mkdir(parents=True)
    choices.file(networks_folder(), "part").write_bytes(b"nothing")
    view = tune(category)
    assert "is damaged" in view.form.hint.text().replace("\u200b", "")
    assert view.form.hint.tone == "changed"
    assert not view.form.go_on.isVisible()
    view.form.epochs.setValue(1)
    view.look()
    view.click(view.form.anew)
    view.wait(lambda: view.controller.state == "running")
    view.finish()
    assert read_simplenet_manifest(choices.file(networks_folder(), "part")).epochs_done == 1


def test_a_category_without_normal_images_says_what_to_do(tune, category):
    view = tune(category)
    assert view.form.hint.text().replace("\u200b", "") == (
        "The category part has no normal images to learn from: put some in train/good."
    )
    assert not view.form.start.isEnabled()


def test_faithful_takes_the_published_backbone_and_tells_what_is_missing(tune, category, normal):
    view = tune(category)
    view.form.preset.setFocus()
    QTest.keyClick(view.form.preset, Qt.Key.Key_Down)
    assert view.form.choices().backbone == "wide_resnet50_2"
    view.wait(lambda: view.form.hint.tone == "changed")
    assert "models get wide_resnet50_2" in view.form.hint.text()
    assert not view.form.start.isEnabled()


def test_clicks_are_answered_while_it_trains(tune, category, normal):
    view = tune(category)
    view.set_epochs(2000)
    view.click(view.form.start)
    view.wait(lambda: len(view.page.loss._losses) >= 1)
    view.driver.window.switch.segment("inspect").click()
    view.driver.click(60, 45)
    view.driver.wait_for_scores()
    assert view.controller.state == "running"
    view.driver.window.switch.segment("tune").click()
    view.click(view.form.cancel)
    view.finish()


def test_a_training_that_ends_out_of_sight_is_told(tune, category, normal):
    view = tune(category)
    view.set_epochs(3)
    view.click(view.form.start)
    view.driver.window.switch.segment("inspect").click()
    view.wait(lambda: view.controller.state not in ("running", "stopping"), 60_000)
    assert "SimpleNet for part is trained: see Tune (F6)." in view.driver.banners()


def test_nothing_is_cut_in_a_small_window(tune, category, normal):
    view = tune(category, size=(1024, 700))
    assert view.form.width() >= view.form.minimumSizeHint().width()
    assert view.form.start.height() >= view.form.start.sizeHint().height()


def test_a_trained_network_makes_the_maps_in_inspect(tune, category, normal):
    view = tune(category)
    view.set_epochs(4)
    view.click(view.form.start)
    view.finish()
    view.click(view.form.use)
    assert view.driver.window.workspace == "inspect"
    view.wait(lambda: view.app.presenter.automatic.anomaly_map is not None)
    assert view.app.presenter.automatic.method == "simplenet"
    assert len(list(networks_folder().iterdir())) == 1, "no other one was trained"


def test_a_network_that_was_trained_on_is_loaded_again(tune, category, normal):
    view = tune(category)
    automatic = view.app.presenter.automatic
    maps = []
    for epochs, button in ((2, view.form.start), (6, view.form.go_on)):
        view.driver.window.switch.segment("tune").click()
        view.look()
        view.set_epochs(epochs)
        view.click(button)
        view.finish()
        before = automatic.anomaly_map
        view.click(view.form.use)
        view.wait(lambda: automatic.anomaly_map is not None and automatic.anomaly_map is not before)  # noqa: B023
        maps.append(automatic.anomaly_map.values)
    assert (maps[0] != maps[1]).any()


def test_a_training_stopped_after_its_last_epoch_is_not_finished(tune, category, normal):
    view = tune(category)
    view.set_epochs(2)
    view.click(view.form.start)
    view.finish()
    (file,) = networks_folder().iterdir()
    saved = load_simplenet(file)
    save_simplenet(file, replace(saved, manifest=replace(saved.manifest, held_out=False)))
    view.form.changed.emit()
    assert view.look() == "All epochs are done; what normal images score is still to be found out."
    assert view.form.go_on.isVisible()
    view.click(view.form.go_on)
    assert view.finish().startswith("Trained already")
    assert read_simplenet_manifest(file).held_out


def test_each_training_has_a_file_of_its_own(tmp_path):
    one = TuneChoices(category="a/b", model="mobile_sam")
    assert one.file(tmp_path, "root").name == "root a-b sam mobile_sam recommended seed 0.safetensors"
    others = [replace(one, seed=1), replace(one, paper_protocol=True), replace(one, backbone="mobilenet_v2")]
    assert len({choices.file(tmp_path, "root") for choices in (one, *others)}) == 4
    assert replace(one, epochs=5).file(tmp_path, "root") == one.file(tmp_path, "root")


@pytest.mark.parametrize(("highest", "end"), [(0.83, 1.0), (0.05, 0.05), (0.0, 1.0), (float("nan"), 1.0), (7.3, 8.0)])
def test_the_axis_holds_the_highest_value_and_ends_at_a_round_number(highest, end):
    top, ticks = value_axis(highest)
    assert top == pytest.approx(end)
    assert ticks[0] == (0.0, ticks[0][1])
    assert ticks[-1][0] == pytest.approx(top)
    assert len({text for _, text in ticks}) == len(ticks)
