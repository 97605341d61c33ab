"""The whole window and its files: what is opened, kept, exported, and what is told when a file is bad."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.prompt_files import read_prompt_set
from sam_inspector.ui.session import PromptSource
from sam_inspector.ui.settings import Settings, load_settings
from tests.fakes import FakeSegmenter, loader

FIRST, SECOND, THIRD, GOOD, BROKEN = (
    "test/dent/000.png",
    "test/dent/001.png",
    "test/dent/002.png",
    "test/good/000.png",
    "test/dent/broken.png",
)
SHIFT_CTRL = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def test_work_is_back_when_the_folder_is_opened_again(start, category):
    driver = start(loader(FakeSegmenter()))
    driver.open(category)
    driver.click(50, 40)
    driver.wait_for_scores()
    driver.key(Qt.Key.Key_Return)
    driver.click(90, 90)
    driver.key(Qt.Key.Key_W)
    driver.wait(lambda: driver.session.opened.key == SECOND)
    accepted = driver.session._works
    driver.window.close()
    again = start(loader(FakeSegmenter()))
    again.open(category)
    assert again.session.work.verdict == "defect"
    assert again.session.work.prompts.point_count == 1
    assert len(accepted) == 2
    again.wait_for_scores()
    assert again.session.segmentation.mask[40, 50], "the accepted region"
    assert again.session.segmentation.mask[90, 90], "the one being worked on"


def test_an_unreadable_image_is_told_and_passed(driver, category):
    driver.open(category)
    driver.click(50, 40)
    driver.app.presenter.select(BROKEN)
    driver.wait(lambda: driver.session.opened is None)
    assert any("broken.png" in text for text in driver.banners())
    assert driver.session.segmentation is None
    driver.show(FIRST)
    assert driver.session.work.prompts.point_count == 1
    assert not any("broken.png" in text for text in driver.banners())


def test_an_image_without_ground_truth_says_so(driver, category):
    driver.open(category)
    driver.show(GOOD)
    driver.click(50, 40)
    driver.wait_for_scores()
    assert driver.session.scores.iou is None
    assert driver.session.scores.mask_area > 0
    assert driver.views.results.iou.text() == "–"


def test_a_ground_truth_of_another_size_is_refused_and_the_rest_stays(driver, category):
    Image.fromarray(np.zeros((50, 50), np.uint8)).save(category / "ground_truth/dent/000_mask.png")
    driver.open(category)
    assert "50 × 50" in driver.session.opened.ground_truth_problem
    driver.click(50, 40)
    driver.wait_for_scores()
    assert driver.session.scores.mask_area > 0


def test_a_ground_truth_can_be_opened_later(driver, category, tmp_path):
    driver.open(category)
    driver.show(GOOD)
    driver.click(50, 40)
    driver.wait_for_scores()
    mask = np.zeros((120, 160), np.uint8)
    mask[30:51, 40:61] = 1
    Image.fromarray(mask).save(tmp_path / "mine.png")
    driver.app.presenter.read_ground_truth(tmp_path / "mine.png")
    driver.wait(lambda: driver.session.scores is not None and driver.session.scores.iou is not None)
    assert driver.session.scores.gt_area == 21 * 21


def test_a_map_can_be_laid_over(driver, category, tmp_path):
    driver.open(category)
    values = np.linspace(0, 1, 120 * 160, dtype=np.float32).reshape(120, 160)
    np.save(tmp_path / "map.npy", values)
    driver.app.presenter.read_map(tmp_path / "map.npy")
    driver.wait(lambda: driver.session.anomaly_map is not None)
    driver.views.canvas.cursor_moved.emit((10, 119))
    assert float(driver.views.status.cells["map"].value) == pytest.approx(values[119, 10], abs=1e-3)
    driver.show(SECOND)
    assert driver.session.anomaly_map is None


def test_an_empty_folder_is_told_and_what_is_open_stays(driver, category, tmp_path):
    driver.open(category)
    (tmp_path / "empty").mkdir()
    driver.app.presenter.open_path(tmp_path / "empty")
    driver.wait(lambda: any("empty" in text for text in driver.banners()))
    assert driver.session.dataset.root == category


def test_files_that_are_no_images_are_listed(driver, category, tmp_path):
    folder = tmp_path / "plain"
    folder.mkdir()
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(folder / "a.png")
    (folder / "movie.mp4").write_bytes(b"x")
    driver.open(folder)
    assert any("movie.mp4" in text for text in driver.banners())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_agrees_everywhere(driver, segmenter, tmp_path, orientation):
    """What is seen at a pixel is what the model gets, what is scored and what is exported."""
    folder = tmp_path / "turned"
    (folder / "masks").mkdir(parents=True)
    upright = np.zeros((80, 120, 3), np.uint8)
    upright[10:30, 70:100] = 255
    image = Image.fromarray(upright)
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # PIL's transpose that undoes each orientation
    if orientation > 1:
        image = image.transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(folder / "a.png", exif=exif)
    mask = (upright[..., 0] > 0).astype(np.uint8) * 255
    Image.fromarray(mask).save(folder / "masks/a.png")
    driver.open(folder)
    assert driver.session.opened.image.pixels.shape == (80, 120, 3)
    np.testing.assert_array_equal(driver.session.opened.image.pixels, upright)
    driver.session.set_tool("box")
    driver.drag((70, 10), (99, 29))
    driver.wait_for_scores()
    assert driver.session.scores.iou > 0.8  # the stand-in's grid is coarse
    driver.key(Qt.Key.Key_Return)
    driver.app.presenter.export_masks(tmp_path / "out")
    driver.wait(lambda: any("written" in text for text in driver.banners()))
    exported = np.array(Image.open(next((tmp_path / "out").rglob("*.png")))) > 0
    assert (exported & (mask > 0)).sum() / (exported | (mask > 0)).sum() > 0.8


def test_prompt_sets_go_out_and_come_back(driver, category, tmp_path):
    driver.open(category)
    driver.click(50, 40)
    driver.click(60, 42, Qt.MouseButton.RightButton)
    driver.show(SECOND)
    driver.session.set_tool("box")
    driver.drag((41, 30), (79, 59))
    file = tmp_path / "mine.json"
    driver.app.presenter.export_prompts(file)
    driver.wait(lambda: any("mine.json" in text for text in driver.banners()))
    prompt_set = read_prompt_set(file)
    assert [item.path for item in prompt_set.items] == [FIRST, SECOND]
    kept = driver.session.work.prompts
    driver.window.action("clear").trigger()
    assert not driver.session.work.prompts
    driver.app.presenter.load_prompts(file)
    driver.wait(lambda: driver.session.work.prompts == kept)
    driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not driver.session.work.prompts, "loading can be undone"


def test_a_prompt_set_of_other_images_changes_nothing(driver, category, tmp_path):
    driver.open(category)
    driver.click(50, 40)
    file = tmp_path / "mine.json"
    driver.app.presenter.export_prompts(file)
    driver.wait(file.exists)
    file.write_text(file.read_text().replace('"image_id": "', '"image_id": "00'))
    driver.app.presenter.load_prompts(file)
    driver.wait(lambda: any("hash" in text for text in driver.banners()))
    assert driver.session.work.prompts.point_count == 1


def test_exported_masks_are_the_accepted_ones(driver, category, tmp_path):
    driver.open(category)
    driver.click(50, 40)
    driver.wait_for_scores()
    driver.key(Qt.Key.Key_Return)
    mask = driver.session.work.accepted
    driver.app.presenter.export_masks(tmp_path / "out")
    driver.wait(lambda: any("1 mask written" in text for text in driver.banners()))
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "out/part/dent/000.png")) > 0, mask)


def test_a_read_only_folder_keeps_work_elsewhere_and_says_so(start, category, monkeypatch):
    from sam_inspector.data import review_store
    from sam_inspector.data.review_database import NotWritableError

    real = review_store.open_database

    def refuse(path, root):
        if path.is_relative_to(category):
            raise NotWritableError
        return real(path, root)

    monkeypatch.setattr(review_store, "open_database", refuse)
    driver = start(loader(FakeSegmenter()))
    driver.open(category)
    assert any("can't be written" in text for text in driver.banners())
    driver.click(50, 40)
    driver.window.close()
    again = start(loader(FakeSegmenter()))
    again.open(category)
    assert again.session.work.prompts.point_count == 1


def test_a_full_disk_is_told_and_nothing_is_lost(start, driver, category, monkeypatch):
    from sam_inspector.core.errors import StoreError
    from sam_inspector.data.review_store import ReviewStore

    driver.open(category)
    full = True
    real = ReviewStore.save_work

    def save(self, *arguments):
        if full:
            raise StoreError("The work can't be saved: the disk is full.")
        real(self, *arguments)

    monkeypatch.setattr(ReviewStore, "save_work", save)
    driver.click(50, 40)
    driver.wait(lambda: any("disk is full" in text for text in driver.banners()))
    assert driver.session.work.prompts.point_count == 1
    driver.show(SECOND)
    driver.wait(lambda: driver.app.presenter.saver.has_unsaved_work)
    full = False
    driver.window.close()
    again = start(loader(FakeSegmenter()))
    again.open(category)
    assert again.session.work.prompts.point_count == 1


def test_choices_survive_a_restart(start, category):
    driver = start(loader(FakeSegmenter()))
    driver.open(category)
    driver.show(SECOND)
    driver.session.set_source(PromptSource("gt", "bps", "recommended", 7))
    driver.key(Qt.Key.Key_X)
    driver.window.close()
    settings = load_settings()
    assert (settings.source, settings.gt_mode, settings.gt_points) == ("gt", "bps", 7)
    assert settings.layers["errors"].visible
    assert settings.recent == [str(category)]
    assert settings.last_image == SECOND
    again = start(loader(FakeSegmenter()), settings=settings)
    assert again.session.source.points == 7
    assert again.session.layers["errors"].visible


def test_damaged_settings_do_no_harm(own_home, monkeypatch):
    from sam_inspector.ui.settings import settings_path

    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text('{"version": 1, "theme": "purple"')
    assert load_settings() == Settings()


def test_datasets_with_several_categories_keep_images_apart(driver, category, tmp_path):
    import shutil

    root = tmp_path / "many"
    root.mkdir()
    for name in ("one", "two"):
        shutil.copytree(category, root / name)
    Image.fromarray(np.full((120, 160, 3), 7, np.uint8)).save(root / "two/test/dent/000.png")
    driver.open(root)
    assert len(open_dataset(root).categories) == 2
    driver.show("two/test/dent/000.png")
    driver.click(50, 40)
    driver.show("one/test/dent/000.png")
    assert not driver.session.work.prompts


def test_opening_another_folder_at_once_does_not_overtake_the_save(start, category, tmp_path):
    import shutil

    other = tmp_path / "other"
    shutil.copytree(category, other)
    driver = start(loader(FakeSegmenter()))
    driver.open(category)
    driver.click(50, 40)
    driver.app.presenter.open_path(other)
    driver.wait(lambda: driver.session.dataset.root == other and driver.session.opened is not None)
    assert not driver.session.work.prompts
    driver.app.presenter.open_path(category)
    driver.wait(lambda: driver.session.dataset.root == category and driver.session.opened is not None)
    assert driver.session.work.prompts.point_count == 1
