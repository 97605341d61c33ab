"""The sheet: everything on one light picture, copied or saved without holding the window up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from sam_inspector.ui import theme
from sam_inspector.ui.compare.sheet import GAP, HEADING, LINE, MARGIN, RATIO, TITLE, draw_sheet
from sam_inspector.ui.compare.sheet_values import signs_of
from sam_inspector.ui.session import LayerState
from tests.fakes import FakeSegmenter, loader
from tests.ui.compare_driving import CompareDriver


def pixels(image):
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def part(drawn, sheet, column, row=0):
    """The picture of a cell of a sheet without shares under it."""
    width, height = sheet.size
    x, y = MARGIN + column * (width + GAP), MARGIN + HEADING + row * (TITLE + height + GAP) + TITLE
    rows, columns = (
        slice(round(first * RATIO), round((first + size) * RATIO)) for first, size in ((y, height), (x, width))
    )
    return drawn[rows, columns]


def share_near(area, colour, within=40):
    found = QColor(colour)
    wanted = np.array([found.red(), found.green(), found.blue()])
    return float((np.abs(area - wanted).max(-1) < within).mean())


def test_it_is_light_and_shows_each_pane_with_its_mask(compare):
    theme.apply_theme(QGuiApplication.instance(), "dark")
    sheet = compare.workspace.make_sheet()
    only_panes = replace(sheet, cells=sheet.cells[:2])
    drawn = pixels(draw_sheet(only_panes))
    theme.apply_theme(QGuiApplication.instance(), "system")
    assert (drawn[:4] == 255).all()
    assert (drawn[:, :4] == 255).all()
    box, naive = part(drawn, only_panes, 0), part(drawn, only_panes, 1)
    tint = np.array([86, 180, 233]) - np.array([90, 90, 90])
    assert (naive @ tint).mean() > (box @ tint).mean() + 2000, "the whole image is mask in the second"
    assert share_near(drawn[: round((MARGIN + 20) * RATIO)], "#1B1D20") > 0.001, "the file's name"


def test_it_shows_the_difference_and_the_table(compare):
    sheet = compare.workspace.make_sheet()
    assert [cell.title for cell in sheet.cells] == ["Box · MobileSAM", "Naive · MobileSAM", "Difference of A and B"]
    assert (sheet.cells[0].is_best, sheet.cells[1].is_best) == (True, False)
    assert sheet.heading == "test / dent / 000.png"
    assert sheet.table[0][:5] == ("Pane", "Mode", "Model", "Prompts", "IoU")
    assert [row[:4] for row in sheet.table[1:]] == [
        ("A", "Box", "MobileSAM", "1 box"),
        ("B", "Naive", "MobileSAM", "1 box"),
    ]
    drawn = pixels(draw_sheet(sheet))
    assert share_near(drawn, theme.TRUE_POSITIVE, 60) > 0.001
    assert share_near(drawn, theme.WARNING, 60) > 0.01, "only A is right nearly everywhere"


def test_it_explains_what_is_shown_and_nothing_else(compare):
    sheet = compare.workspace.make_sheet()
    assert [name for name, _ in signs_of(sheet)] == ["mask", "gt", "box", "plus", "minus"]
    layers = {**sheet.layers, "errors": LayerState(True, 0.6), "gt": LayerState(False, 1.0)}
    assert [name for name, _ in signs_of(replace(sheet, layers=layers))][:4] == ["right", "extra", "missed", "box"]
    assert [name for name, _ in signs_of(replace(sheet, truth=None))][:2] == ["mask", "box"]


def test_a_pane_that_failed_says_so_on_the_sheet_too(compare):
    compare.choose_mode("B", "Few-shot")
    compare.wait_for_panes()
    sheet = compare.workspace.make_sheet()
    assert "no normal images" in sheet.cells[1].note
    assert sheet.table[2][4] == "–"
    draw_sheet(sheet)


def test_it_is_copied(compare):
    compare.press(compare.page.header.copy)
    compare.driver.wait(lambda: compare.driver.views.banners.banners())
    image = QGuiApplication.clipboard().image()
    assert image.width() > 1000
    assert compare.driver.views.banners.banners()[0].text == "The sheet is on the clipboard."
    QGuiApplication.clipboard().clear()


@pytest.mark.parametrize("name", ["sheet.png", "sheet"])
def test_it_is_saved_as_png(compare, tmp_path, monkeypatch, name):
    asked = []

    def ask(_parent, _title, start, _filter):
        asked.append(start)
        return str(tmp_path / name), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    compare.press(compare.page.header.save)
    file = tmp_path / "sheet.png"
    compare.driver.wait(lambda: compare.driver.views.banners.banners())
    assert asked[0].endswith("000-compare.png")
    dataset = compare.driver.session.dataset.root
    assert not Path(asked[0]).is_relative_to(dataset), "there it would be one of its images"
    compare.press(compare.page.header.save)
    assert Path(asked[1]).parent == tmp_path, "the folder used last"
    assert QImage(str(file)).width() > 1000
    assert str(file) in compare.driver.views.banners.banners()[0].text


def test_what_can_t_be_saved_is_told(compare, tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "taken" / "sheet.png"), ""))
    compare.press(compare.page.header.save)
    compare.driver.wait(lambda: compare.driver.views.banners.banners())
    assert "can't be written" in compare.driver.views.banners.banners()[0].text


def test_the_table_is_copied_as_columns(compare):
    compare.page.summary.copy_requested.emit()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:5] == ["Pane", "Mode", "Model", "Prompts", "IoU"]
    assert lines[1].split("\t")[4] == "1.000"
    assert len(lines) == 3
    QGuiApplication.clipboard().clear()


def test_without_an_image_there_is_no_sheet(compare):
    compare.driver.app.presenter.select("test/dent/broken.png")
    compare.driver.wait(lambda: compare.driver.session.opened is None)
    assert compare.workspace.make_sheet() is None
    compare.key(Qt.Key.Key_C)
    assert not compare.page.header.save.isEnabled()


def test_a_sheet_waits_until_all_panes_have_answered(start, category):
    driver = start(loader(FakeSegmenter(embed_seconds=0.5, decode_seconds=0.2)))
    compare = CompareDriver(driver)
    driver.open(category)
    compare.enter()
    driver.wait(lambda: "computing" in compare.states)
    buttons = (compare.page.header.copy, compare.page.header.save)
    assert not any(button.isEnabled() for button in buttons)
    assert all("once all panes have answered" in button.toolTip() for button in buttons)
    compare.wait_for_panes()
    assert all(button.isEnabled() for button in buttons)
    assert not any("once" in button.toolTip() for button in buttons)


def test_the_mean_of_the_table_says_of_how_many_images(compare):
    compare.key(Qt.Key.Key_D)
    compare.wait_for_image("test/dent/001.png")
    assert "Mean IoU of 2 images" in compare.workspace.make_sheet().table[0]


def test_a_long_title_takes_a_line_of_its_own(compare):
    sheet = compare.workspace.make_sheet()
    cells = tuple(replace(cell, difference=None, letter=cell.letter or "C") for cell in sheet.cells)
    short = draw_sheet(replace(sheet, cells=cells))
    long = replace(
        sheet, cells=(replace(cells[0], title="Box + 1 point with a name · " + "MobileSAM " * 5), *cells[1:])
    )
    width, height = sheet.size
    narrow = replace(long, size=(min(width, 400.0), height))
    assert draw_sheet(narrow).height() >= short.height() + 2 * round(LINE)
