"""The view that tunes SAM in a whole window, with a scripted training: its hints, its course, and what comes of it."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sam_inspector.core.errors import InputError
from sam_inspector.engine import jobs
from sam_inspector.engine.spt.checks import training_file
from sam_inspector.models.registry import DEFAULT_MODEL
from sam_inspector.models.tuned.finding import tuned_folder
from tests.ui.tuned_files import ScriptedTuning, load_by_name, tuned_file

LEFT, NONE, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
TWO_AND_ONE = "2 images to learn from, 1 held out."


class SamDriver:
    """A window in the Tune workspace, and the hands on it."""

    def __init__(self, driver):
        self.driver, self.app, self.wait, self.window = driver, driver.app, driver.wait, driver.window
        self.controller = self.app.workspaces.tune.sam
        self.page = self.controller.page
        self.form, self.foot = self.page.form, self.page.form.foot

    def click(self, widget, at=None, modifiers=NONE):
        QTest.mouseClick(widget, LEFT, modifiers, widget.rect().center() if at is None else at)

    def go_to(self, workspace):
        self.click(self.window.switch.segment(workspace))

    def look(self):
        """Wait until the form was looked at; gives what it says."""
        controller = self.controller
        self.wait(lambda: not controller._look_soon.isActive() and controller._looked is None)
        self.wait(lambda: controller.state == "idle" and controller.standing is not None)
        return self.foot.hint.text().replace("\u200b", "")

    def choose(self, combo, name):
        combo.setFocus()
        while combo.currentData() != name:
            down = combo.findData(name) > combo.currentIndex()
            QTest.keyClick(combo, Qt.Key.Key_Down if down else Qt.Key.Key_Up)
        return self.look()

    def type_into(self, field, words):
        field.setFocus()
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClicks(field, words)
        return self.look()

    def start(self, epochs=2):
        if self.form.epochs.value() != epochs:
            self.form.epochs.setFocus()
            self.form.epochs.selectAll()
            QTest.keyClicks(self.form.epochs, str(epochs))
        self.look()
        self.click(self.foot.start)
        self.wait(lambda: self.controller.state == "running")

    def finish(self):
        self.wait(lambda: self.controller.state not in ("running", "stopping"))
        return self.look()

    def accept(self, key, x, y):
        """Accept the mask of a click in Inspect."""
        self.driver.show(key)
        self.driver.click(x, y)
        self.driver.wait_for_scores()
        self.driver.key(Qt.Key.Key_Return)
        self.wait(lambda: self.driver.session.work.accepted is not None)

    def banners(self):
        return [banner.text for banner in self.page.banners.banners()]

    def models(self):
        combo = self.window.model
        return [combo.itemText(place) for place in range(combo.count()) if combo.itemData(place)]


@pytest.fixture
def tuning(monkeypatch):
    script = ScriptedTuning()
    monkeypatch.setattr(jobs, "train_spt", script)
    return script


@pytest.fixture
def sam(start, tuning):
    def begin(category=None, size=(1280, 860), load=None):
        driver = start(load or load_by_name(), size=size)
        driver.window.switch.segment("tune").click()
        view = SamDriver(driver)
        if category is not None:
            driver.open(category)
            view.wait(lambda: driver.app.presenter.loaded is not None)
            view.look()
        return view

    return begin


@pytest.fixture
def two_parts(tmp_path):
    """Two categories: bolts with four marked images, nuts with two; a good image in each."""
    rng = np.random.default_rng(3)
    root = tmp_path / "two parts"
    for name, count in (("bolt", 4), ("nut", 2)):
        for folder in ("train/good", "test/dent", "test/good", "ground_truth/dent"):
            (root / name / folder).mkdir(parents=True)
        for number in range(count):
            mask = np.zeros((60, 80), np.uint8)
            mask[10:30, 20 + number : 50] = 255
            Image.fromarray(rng.integers(60, 120, (60, 80, 3), np.uint8)).save(
                root / name / f"test/dent/{number:03}.png"
            )
            Image.fromarray(mask).save(root / name / f"ground_truth/dent/{number:03}_mask.png")
        for split in ("train", "test"):
            Image.fromarray(rng.integers(60, 120, (60, 80, 3), np.uint8)).save(root / name / split / "good/000.png")
    return root


# --- what can be tuned ------------------------------------------------------------------------------------------------


def test_it_is_the_first_view_and_says_what_will_be_done(sam, category):
    view = sam()
    assert not view.form.isVisible()
    view.driver.open(category)
    view.wait(lambda: view.app.presenter.loaded is not None)
    assert view.look() == TWO_AND_ONE
    assert view.page.isVisible()
    assert view.form.name.text() == "part"
    assert view.form.model.text() == "MobileSAM"
    assert not view.form.categories.isVisible(), "of a single category there is nothing to choose"
    assert view.foot.start.isEnabled()
    assert not view.foot.anew.isVisible()


def test_what_is_held_out_follows_the_choice(sam, two_parts):
    view = sam(two_parts)
    form = view.form
    assert view.look() == "4 images to learn from, 2 held out."
    assert [row.text(1) for row in form.categories._rows()] == ["4", "2"]
    assert view.choose(form.holdout.kind, "category") == "2 images to learn from, 4 held out."
    assert view.choose(form.holdout.category, "nut") == "4 images to learn from, 2 held out."
    assert form.choices().settings.holdout.categories == ("nut",)
    assert view.choose(form.holdout.kind, "fold") == "3 images to learn from, 3 held out."
    assert view.choose(form.holdout.kind, "none") == "6 images to learn from, none held out."
    view.choose(form.holdout.kind, "share")
    form.holdout.share.setFocus()
    form.holdout.share.selectAll()
    QTest.keyClicks(form.holdout.share, "50")
    assert view.look() == "3 images to learn from, 3 held out."


def test_a_category_that_is_left_out_is_neither_learnt_from_nor_held_out(sam, two_parts, tuning):
    view = sam(two_parts)
    rows = view.form.categories
    for row in rows._rows():
        place = rows.visualItemRect(row)
        view.click(rows.viewport(), place.topLeft() + _tick(place))
        if row is rows._rows()[0]:
            assert view.look() == "1 image to learn from, 1 held out."
            assert [view.form.holdout.category.itemText(0), view.form.holdout.category.count()] == ["nut", 1]
    assert view.look() == "Tick a category whose images are to be learnt from."
    assert view.foot.hint.tone == "changed"
    assert not view.foot.start.isEnabled()


def _tick(place):
    return QPoint(10, place.height() // 2)


def test_without_a_marked_image_it_says_what_to_do(sam, category):
    for mask in (category / "ground_truth/dent").iterdir():
        mask.unlink()
    view = sam(category)
    assert view.look() == "No image is marked: put masks in ground_truth, or accept masks in Inspect."
    assert view.foot.hint.tone == "changed"
    assert not view.foot.start.isEnabled()


def test_accepted_masks_are_learnt_from_instead_of_the_ground_truth(sam, category, tuning):
    view = sam(category)
    assert view.choose(view.form.images, "accepted").startswith("You accepted no mask yet")
    view.go_to("inspect")
    view.accept("test/dent/000.png", 60, 45)
    view.go_to("tune")
    assert view.look() == "Only one image is marked: mark another to judge on, or hold out none."
    view.go_to("inspect")
    view.accept("test/good/000.png", 100, 80)
    accepted = view.driver.session.work.accepted
    view.go_to("tune")
    assert view.look() == "1 image to learn from, 1 held out."
    view.start()
    by_name = {sample.path.parent.name: sample for sample in tuning.works[0].samples}
    assert set(by_name) == {"dent", "good"}
    assert (by_name["good"].mask == accepted).all()
    assert by_name["good"].mask_path is None
    assert by_name["dent"].mask is not None, "it counts before the ground truth that lies there too"
    view.click(view.foot.cancel)
    view.finish()


def test_those_selected_in_the_list_are_taken(sam, category, tuning):
    view = sam(category)
    assert view.choose(view.form.images, "selected").startswith("Select several images")
    view.go_to("inspect")
    rows = view.driver.views.images.view
    keys = view.driver.views.images.visible_keys()
    for key, modifiers in (("test/dent/000.png", NONE), ("test/dent/002.png", CTRL), ("test/good/000.png", CTRL)):
        place = rows.visualRect(rows.model().index(keys.index(key), 0)).center()
        view.click(rows.viewport(), place, modifiers)
    view.go_to("tune")
    assert view.look() == "1 image to learn from, 1 held out."
    view.start()
    assert [sample.path.name for sample in tuning.works[0].samples] == ["000.png", "002.png"]
    view.click(view.foot.cancel)
    view.finish()


def test_a_name_is_safe_for_a_file(sam, category):
    view = sam(category)
    view.type_into(view.form.name, "../my: defects*")
    assert view.form.name.text() == "my defects"
    assert view.controller.standing.out == tuned_folder() / "my defects.safetensors"
    assert view.type_into(view.form.name, "") == "Give the tuned model a name."
    assert not view.foot.start.isEnabled()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("sam2_tiny_onnx", "SAM 2 tiny (ONNX) can't be tuned"),
        ("mobile_sam+other", "MobileSAM + other is tuned already"),
    ],
)
def test_a_model_that_cannot_be_tuned_is_told(sam, category, model, words):
    tuned_file("other")
    view = sam(category)
    view.app.controls.model.choose(model)
    view.wait(lambda: view.app.presenter.loaded.name == model)
    assert view.look().startswith(words)
    assert view.foot.hint.tone == "changed"
    assert not view.foot.start.isEnabled()


def test_a_name_that_is_taken_is_told_and_can_be_used_or_begun_anew(sam, category, tuning):
    tuned_file("part", epochs=4)
    view = sam(category)
    assert view.look() == "There is a tuned model “part” already: choose another name, or start anew."
    assert not view.foot.start.isVisible()
    assert not view.foot.go_on.isVisible()
    assert view.foot.use.isEnabled()
    assert view.page.held_out.header.subtitle.text() == "box 0.790, point 0.641"
    assert view.page.run_bar.what.text() == "box 0.645 → 0.790, point 0.340 → 0.641, epoch 4 of 4 kept"
    view.click(view.foot.anew)
    view.wait(lambda: view.controller.state == "running")
    assert not tuning.works[0].resume
    assert [file.name for file in tuned_folder().iterdir() if " until " in file.name]
    tuning.let(20)
    view.finish()
    assert len(list(tuned_folder().iterdir())) == 2
    view.type_into(view.form.name, "another")
    assert view.look() == TWO_AND_ONE
    assert view.foot.start.isVisible()


def test_a_damaged_file_is_told_and_can_be_begun_anew(sam, category, tuning):
    file = tuned_file("part")
    file.write_bytes(b"nothing")
    view = sam(category)
    assert view.look() == "The tuned model “part” is damaged: start anew, or choose another name."
    assert not view.foot.use.isVisible()
    view.click(view.foot.anew)
    view.wait(lambda: view.controller.state == "running")
    tuning.let(20)
    view.finish()
    assert view.foot.use.isVisible()


# --- how it goes ------------------------------------------------------------------------------------------------------


def test_a_tuning_shows_loss_held_out_scores_and_masks(sam, category, tuning):
    view = sam(category)
    page = view.page
    assert page.loss.empty.isVisible()
    assert page.held_out.empty.isVisible()
    assert page.cards.empty.isVisible()
    view.start(epochs=3)
    work = tuning.works[0]
    assert (work.model, work.settings.epochs, work.resume, work.datasets) == ("mobile_sam", 3, False, ("part",))
    assert work.out == tuned_folder() / "part.safetensors"
    view.wait(lambda: page.run_bar.figures.text() == "loss 0.5000, 2 min left")
    assert not view.form._fields.isEnabled()
    tuning.let(2)
    view.wait(lambda: page.cards.header.subtitle.text() == "after epoch 2" and len(page.cards.cards) == 3)
    assert page.run_bar.what.text() == "Epoch 3 of 3"
    assert page.loss.header.subtitle.text() == "0.5000 after 2 epochs"
    assert page.loss.chart.item_count() == 1
    assert page.held_out.header.subtitle.text() == "box 0.760, point 0.585"
    assert page.held_out.chart.item_count() == 5  # two dashed lines, the mark of the kept epoch, two curves
    assert not page.held_out.empty.isVisible()
    card = next(iter(page.cards.cards.values()))
    assert [(title, iou) for title, iou, _ in card.columns] == [("SAM before", 0.61), ("Draft", 0.7), ("Refined", 0.91)]
    assert not any(picture.isNull() for *_, picture in card.columns)
    tuning.let(1)
    assert view.finish() == "MobileSAM + part is in the list of models now."
    assert page.run_bar.title.text() == "Tuned"
    assert len(page.cards.cards) == 3, "what came of it stays in sight"


def test_without_a_draft_a_card_has_two_masks(sam, category, tuning):
    tuning.has_drafts = False
    view = sam(category)
    view.choose(view.form.variant, "lora")
    view.start()
    tuning.let(2)
    view.finish()
    view.wait(lambda: len(view.page.cards.cards) == 3)
    assert tuning.works[0].settings.variant == "lora"
    card = next(iter(view.page.cards.cards.values()))
    assert [title for title, *_ in card.columns] == ["SAM before", "Tuned"]


def test_without_held_out_images_it_says_that_nothing_is_judged(sam, category, tuning):
    view = sam(category)
    view.choose(view.form.holdout.kind, "none")
    view.start()
    tuning.let(2)
    view.finish()
    assert view.page.held_out.empty.text().startswith("No image is held out")
    assert view.page.held_out.empty.isVisible()
    assert view.page.run_bar.what.text() == "epoch 2 of 2 kept"


def test_what_was_cancelled_goes_on(sam, category, tuning):
    view = sam(category)
    view.start(epochs=3)
    tuning.let(1)
    view.wait(lambda: view.page.loss._losses)
    view.click(view.foot.cancel)
    assert view.finish() == "1 of 3 epochs of “part” are done: go on, or start anew."
    assert view.page.run_bar.title.text() == "Not finished"
    assert view.foot.anew.isVisible()
    assert view.foot.use.isVisible()
    view.click(view.foot.go_on)
    view.wait(lambda: view.controller.state == "running")
    assert tuning.works[-1].resume
    tuning.let(2)
    assert view.finish() == "MobileSAM + part is in the list of models now."
    assert len(view.page.loss._losses) == 3
    assert not training_file(tuned_folder() / "part.safetensors").exists()


def test_starting_anew_keeps_what_could_have_gone_on(sam, category, tuning):
    file = tuned_file("part", epochs=1)
    file.with_name("part.safetensors.training").write_bytes(file.read_bytes())
    view = sam(category)
    assert view.look() == "1 of 12 epochs of “part” are done: go on, or start anew."
    view.click(view.foot.anew)
    view.wait(lambda: view.controller.state == "running")
    aside = sorted(each.name for each in tuned_folder().iterdir())
    assert len(aside) == 2
    assert aside[1] == f"{aside[0]}.training"
    assert " until " in aside[0]
    view.click(view.foot.cancel)
    view.finish()


def test_remarks_and_errors_are_banners(sam, category, tuning):
    tuning.remarks = ("dent/000.png marks nothing and was left out.",)
    tuning.error = InputError("The loss is no number any more: try a lower learning rate.")
    view = sam(category)
    view.start()
    view.wait(lambda: view.banners() == list(tuning.remarks))
    tuning.let(1)
    view.finish()
    assert view.banners() == ["The loss is no number any more: try a lower learning rate.", *tuning.remarks]
    assert view.foot.start.isEnabled(), "it can be tried again"


def test_it_goes_on_out_of_sight_and_its_end_is_told(sam, category, tuning):
    view = sam(category)
    view.start()
    view.go_to("inspect")
    view.driver.click(60, 45)
    view.driver.wait_for_scores()
    assert view.controller.state == "running"
    tuning.let(2)
    view.wait(lambda: view.controller.state not in ("running", "stopping"))
    assert "“part” is tuned, and in the list of models: see Tune (F6)." in view.driver.banners()


def test_another_dataset_that_was_opened_meanwhile_is_taken_up_at_the_end(sam, category, two_parts, tuning):
    view = sam(category)
    view.start()
    view.driver.app.presenter.open_path(two_parts)
    view.wait(lambda: view.driver.session.dataset.root == two_parts)
    assert view.form.name.text() == "part"
    tuning.let(2)
    assert view.finish() == "4 images to learn from, 2 held out."
    assert view.form.name.text() == "two parts"
    assert not view.page.cards.cards, "they are of another model"


def test_nothing_is_cut_in_a_small_window(sam, category):
    view = sam(category, size=(1024, 700))
    assert view.form.width() >= view.form.minimumSizeHint().width()
    assert view.foot.start.height() >= view.foot.start.sizeHint().height()
    view.click(view.form.fold.line)
    QTest.qWait(50)
    fields = view.form._fields
    assert fields.width() >= fields.minimumSizeHint().width()


def test_parameters_that_are_changed_are_counted_where_they_are_folded(sam, category):
    view = sam(category)
    parameters = view.form.parameters
    view.click(view.form.fold.line)
    view.choose(parameters.preset, "faithful")
    view.click(parameters.sigmoid, _tick(parameters.sigmoid.rect()))
    assert view.form.fold.line.remark == "2 changed"
    settings = view.form.choices().settings
    assert (settings.preset, settings.draft_sigmoid, settings.rate) == ("faithful", True, None)


# --- what comes of it -------------------------------------------------------------------------------------------------


def test_a_tuned_model_is_in_the_list_and_is_used(sam, category, tuning):
    load = load_by_name()
    view = sam(category, load=load)
    assert "MobileSAM + part" not in view.models()
    view.start()
    tuning.let(2)
    view.finish()
    view.wait(lambda: "MobileSAM + part" in view.models())
    view.click(view.foot.use)
    assert view.window.workspace == "inspect"
    view.wait(lambda: view.app.presenter.loaded.name == "mobile_sam+part")
    assert view.window.model.currentText() == "MobileSAM + part"
    assert view.app.settings.model == "mobile_sam+part"
    view.driver.click(60, 45)
    view.driver.wait_for_scores()
    assert load.made["mobile_sam+part"].decoded


def test_a_model_in_use_that_is_tuned_anew_is_loaded_again(sam, category, tuning):
    load = load_by_name()
    tuned_file("part")
    view = sam(category, load=load)
    view.click(view.foot.use)
    view.wait(lambda: view.app.presenter.loaded.name == "mobile_sam+part")
    first = load.made["mobile_sam+part"]
    view.app.controls.model.choose(DEFAULT_MODEL)
    view.wait(lambda: view.app.presenter.loaded.name == DEFAULT_MODEL)
    view.go_to("tune")
    view.look()
    view.click(view.foot.anew)
    view.wait(lambda: view.controller.state == "running")
    tuning.let(1)
    view.wait(lambda: view.page.loss._losses)
    view.app.controls.model.choose("mobile_sam+part")
    view.wait(lambda: load.made["mobile_sam+part"] is not first)
    second = load.made["mobile_sam+part"]
    tuning.let(20)
    view.finish()
    view.wait(lambda: load.made["mobile_sam+part"] is not second)
