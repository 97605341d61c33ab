"""The images panel: rows, filters, lazily made pictures, and speed with 20,000 rows."""

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMenu

from sam_inspector.ui.panels.image_list_model import THUMBNAIL_PX, THUMBNAILS_KEPT, ImageListModel
from sam_inspector.ui.panels.image_rows import ImageListing, second_line, tooltip, verdict_word
from sam_inspector.ui.panels.images import ImageRow, ImagesPanel, RowState

MANY = 20_000


def row(number, split="test", defect="crack", category=""):
    key = f"{split}/{defect}/{number:05}.png"
    return ImageRow(key, f"{defect}/{number:05}.png", split, defect, category, Path("/data") / key, defect != "good")


def some_rows():
    rows = [row(number) for number in range(5)]
    rows += [row(number, defect="hole") for number in range(3)]
    return rows + [row(number, split="train", defect="good") for number in range(4)]


@pytest.fixture
def panel(qtbot):
    panel = ImagesPanel()
    qtbot.addWidget(panel)
    panel.resize(256, 600)
    panel.show()
    panel.set_dataset("hazelnut", ImageListing.of(some_rows()))
    return panel


def pick(panel, facet, value, qtbot):
    """Choose an entry of a filter by keyboard, as a person would."""
    combo = panel.combos[facet]
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(combo.findData(value)):
        qtbot.keyClick(combo, Qt.Key.Key_Down)


def test_a_click_on_a_row_tells_its_key_once(panel, qtbot):
    index = panel.view.model().index(2)
    with qtbot.waitSignal(panel.selected) as told:
        qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=panel.view.visualRect(index).center())
    assert told.args == ["test/crack/00002.png"]
    with qtbot.assertNotEmitted(panel.selected, wait=20):
        qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=panel.view.visualRect(index).center())


def test_set_current_tells_nobody_and_shows_the_row(panel, qtbot):
    panel.resize(256, 300)
    with qtbot.assertNotEmitted(panel.selected, wait=20):
        panel.set_current("train/good/00003.png")
    assert panel.current_key() == "train/good/00003.png"
    shown = panel.view.visualRect(panel.view.currentIndex())
    assert panel.view.viewport().rect().intersects(shown)


def test_next_and_previous_respect_the_filters(panel, qtbot):
    panel.set_current("test/crack/00004.png")
    assert panel.next_key() == "test/hole/00000.png"
    pick(panel, "defect", "crack", qtbot)
    assert panel.next_key() is None
    assert panel.previous_key() == "test/crack/00003.png"
    # From an image that is filtered out: its neighbours among those shown.
    panel.set_current("test/hole/00001.png")
    assert panel.previous_key() == "test/crack/00004.png"
    assert panel.next_key() is None


def test_without_a_current_image_next_is_the_first(panel):
    assert panel.next_key() == "test/crack/00000.png"
    assert panel.previous_key() == "train/good/00003.png"


def test_filters_offer_only_what_exists(panel, qtbot):
    offered = [panel.combos["defect"].itemData(place) for place in range(panel.combos["defect"].count())]
    assert offered == ["", "crack", "good", "hole"]
    assert not panel.combos["category"].isVisible()
    pick(panel, "split", "test", qtbot)
    offered = [panel.combos["defect"].itemData(place) for place in range(panel.combos["defect"].count())]
    assert offered == ["", "crack", "hole"]
    pick(panel, "split", "train", qtbot)
    assert not panel.combos["defect"].isVisible()
    assert panel.visible_keys() == [f"train/good/{number:05}.png" for number in range(4)]


def test_filters_survive_another_dataset_where_their_value_exists(panel, qtbot):
    pick(panel, "defect", "hole", qtbot)
    panel.set_dataset("leather", ImageListing.of(some_rows()[4:]))
    assert len(panel.visible_keys()) == 3
    panel.set_dataset("grid", ImageListing.of([row(0), row(1, defect="glue")]))
    assert len(panel.visible_keys()) == 2
    assert panel.combos["defect"].currentData() == ""


def test_typing_filters_and_an_empty_result_offers_a_way_back(panel, qtbot):
    panel.search.setFocus()
    with qtbot.waitSignal(panel.filter_changed):
        qtbot.keyClicks(panel.search, "HOLE 2")
    assert panel.visible_keys() == ["test/hole/00002.png"]
    with qtbot.waitSignal(panel.filter_changed):
        qtbot.keyClicks(panel.search, "zzz")
    assert panel.visible_keys() == []
    button = panel._no_match.button
    assert panel._no_match.label.text() == "No image matches."
    assert button.isVisible()
    with qtbot.waitSignal(panel.filter_changed):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(panel.visible_keys()) == 12
    assert panel.search.text() == ""


def test_the_clear_button_shows_only_while_something_is_filtered(panel, qtbot):
    assert not panel._clear_button.isVisible()
    pick(panel, "split", "train", qtbot)
    assert panel._clear_button.isVisible()
    assert "4 of 12" in panel._clear_button.toolTip()
    qtbot.mouseClick(panel._clear_button, Qt.MouseButton.LeftButton)
    assert len(panel.visible_keys()) == 12
    assert not panel._clear_button.isVisible()


def test_footer_counts_decisions_and_averages_scores(panel, qtbot):
    panel.set_row_state("test/crack/00000.png", RowState("defect", 0.7))
    panel.set_row_state("test/crack/00001.png", RowState("good", 0.9))
    panel.set_row_state("test/crack/00002.png", RowState(None, None, None, True))
    panel.set_row_state("no/such.png", RowState("good"))
    qtbot.waitUntil(lambda: panel._decided.text() == "2 of 12 decided")
    assert panel._mean.text() == "mean IoU 0.80"


def test_only_rows_in_sight_ask_for_pictures(qtbot):
    panel = ImagesPanel()
    qtbot.addWidget(panel)
    asked = []
    panel.thumbnail_needed.connect(asked.append)
    panel.resize(256, 400)
    panel.set_dataset("many", ImageListing.of([row(number) for number in range(2000)]))
    panel.show()
    qtbot.waitUntil(lambda: bool(asked))
    assert asked[0] == row(0).path
    assert len(asked) < 20
    first = len(asked)
    panel.view.scrollToBottom()
    qtbot.waitUntil(lambda: row(1999).path in asked)
    assert len(asked) - first < 20
    # What was not answered is asked for again when it comes back into sight; what was answered is not.
    panel.set_thumbnail(row(0).path, QImage(40, 30, QImage.Format.Format_RGB32))
    asked.clear()
    panel.view.scrollToTop()
    qtbot.waitUntil(lambda: row(1).path in asked)
    assert row(0).path not in asked


def test_pictures_are_shrunk_drawn_and_bounded_in_number(panel, qtbot):
    rows = [row(number) for number in range(THUMBNAILS_KEPT + 5)]
    panel.set_dataset("many", ImageListing.of(rows))
    picture = QImage(400, 200, QImage.Format.Format_RGB32)
    picture.fill(QColor(200, 30, 30))
    for each in reversed(rows):
        panel.set_thumbnail(each.path, picture)
    model = panel.view.model()
    assert not model.has_thumbnail(rows[-1].path)
    assert model.has_thumbnail(rows[0].path)
    kept = model.index(0).data(ImageListModel.THUMBNAIL)
    assert (kept.width(), kept.height()) == (THUMBNAIL_PX, THUMBNAIL_PX // 2)
    # Letter-boxed: the picture in the middle of its place, nothing of it above.
    shot = panel.view.viewport().grab().toImage()
    middle = panel.view.visualRect(model.index(0)).center().y()
    assert shot.pixelColor(36, middle).red() > 180
    assert shot.pixelColor(36, middle - 18).red() < 250
    assert shot.pixelColor(36, middle - 18) != shot.pixelColor(36, middle)


def test_words_and_tooltips():
    sample = row(7)
    assert verdict_word(RowState()) == "Not decided"
    assert verdict_word(RowState("defect")) == "Defect"
    assert verdict_word(RowState("good", error="x")) == "Can't be read"
    told = tooltip(sample, RowState("unsure", 0.8434, None, True))
    assert sample.key in told
    assert "0.843" in told
    assert "kept" in told
    assert "truncated" in tooltip(sample, RowState(error="The file is truncated."))
    assert "No ground truth" in tooltip(row(1, defect="good"), RowState())


def test_long_names_lose_their_middle_and_keep_the_score(panel, qtbot):
    long = ImageRow("a", "x" * 300 + "/00.png", "test", "crack", "", Path("/a.png"), True)
    panel.set_dataset("long", ImageListing.of([long]))
    panel.set_row_state("a", RowState("defect", 0.5))
    panel.resize(240, 300)
    model = panel.view.model()
    assert panel.view.sizeHintForColumn(0) <= 240
    assert panel.view.horizontalScrollBar().maximum() == 0
    assert model.index(0).data(Qt.ItemDataRole.ToolTipRole).startswith("a")
    assert not panel.view.viewport().grab().isNull()


def test_context_menu_reveals_and_copies(panel, qtbot):
    place = panel.view.visualRect(panel.view.model().index(1)).center()

    def open_menu():
        viewport = panel.view.viewport()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place))
        QApplication.sendEvent(viewport, event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        return menu

    menu = open_menu()
    with qtbot.waitSignal(panel.reveal_requested) as told:
        qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[0]).center())
    assert told.args == [row(1).path]
    menu = open_menu()
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[1]).center())
    assert QGuiApplication.clipboard().text() == str(row(1).path)


def test_no_dataset_says_so_and_offers_to_open_one(qtbot):
    panel = ImagesPanel()
    qtbot.addWidget(panel)
    panel.resize(256, 400)
    panel.show()
    assert not panel.search.isVisible()
    with qtbot.waitSignal(panel.open_requested):
        qtbot.mouseClick(panel._no_dataset.button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(panel.open_requested):
        qtbot.mouseClick(panel._open_button, Qt.MouseButton.LeftButton)


def test_letters_stay_the_windows_shortcuts(panel, qtbot):
    panel.set_current("test/crack/00001.png")
    panel.view.setFocus()
    with qtbot.assertNotEmitted(panel.selected, wait=20):
        qtbot.keyClicks(panel.view, "h")


def test_twenty_thousand_rows_are_quick(qtbot):
    panel = ImagesPanel()
    qtbot.addWidget(panel)
    panel.resize(256, 800)
    panel.show()
    rows = [row(number, defect=("crack", "hole", "good")[number % 3]) for number in range(MANY)]
    listing = ImageListing.of(rows)  # as it comes from the file thread
    times = {}

    def measure(name, work):
        start = time.thread_time()  # whatever else the machine has to do meanwhile
        work()
        QApplication.processEvents()
        times[name] = time.thread_time() - start

    measure("set", lambda: panel.set_dataset("many", listing))
    measure("states", lambda: [panel.set_row_state(each.key, RowState("defect", 0.5)) for each in rows])
    panel.search.setText("hole 19")
    measure("filter", panel._apply_filter)
    assert 0 < len(panel.visible_keys()) < MANY
    panel.search.setText("")
    measure("unfilter", panel._apply_filter)
    measure("next", lambda: [panel.set_current(panel.next_key()) for _ in range(50)])
    measure("scroll", lambda: [panel.view.verticalScrollBar().setValue(value * 5000) for value in range(20)])
    measure("paint", lambda: panel.view.viewport().grab())
    print("\n20,000 rows:", ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in times.items()))
    assert times["set"] < 1.0
    assert times["filter"] < 0.2
    assert times["unfilter"] < 0.2


def test_the_context_menu_needs_a_row(panel, qtbot):
    panel._show_menu(QPoint(20, -5))
    assert QApplication.activePopupWidget() is None


def test_second_line_tells_apart_what_the_name_does_not():
    row = ImageRow("gear/train/good/000.jpg", "good/000.jpg", "train", "good", "gear", Path("x.jpg"), False)
    plain = ImageRow("test/good/000.jpg", "good/000.jpg", "test", "good", "", Path("x.jpg"), False)
    assert second_line(row, RowState()) == "gear · train"
    assert second_line(row, RowState(verdict="good")) == "Good · gear · train"
    assert second_line(plain, RowState()) == "Not decided"


def test_home_and_end_lead_to_the_first_and_last_image(panel, qtbot):
    panel.resize(256, 300)
    panel.set_current("test/crack/00002.png")
    panel.view.setFocus()
    with qtbot.waitSignal(panel.selected) as told:
        qtbot.keyClick(panel.view, Qt.Key.Key_End)
    assert told.args == ["train/good/00003.png"]
    last = panel.view.visualRect(panel.view.currentIndex())
    assert panel.view.viewport().rect().contains(last)
    with qtbot.waitSignal(panel.selected) as told:
        qtbot.keyClick(panel.view, Qt.Key.Key_Home)
    assert told.args == ["test/crack/00000.png"]


def test_rows_are_as_high_as_their_letters_need(panel):
    before = panel.view.visualRect(panel.view.model().index(0)).height()
    font = panel.view.font()
    font.setPixelSize(48)
    panel.view.setFont(font)
    assert panel.view.visualRect(panel.view.model().index(0)).height() > before


def test_tab_leaves_the_list(panel, qtbot):
    panel.view.setFocus()
    panel.set_current("test/crack/00002.png")
    qtbot.keyClick(panel.view, Qt.Key.Key_Tab)
    assert panel.current_key() == "test/crack/00002.png"
    assert not panel.view.hasFocus()
