"""Whole evaluations in the window, with real mouse and key events and a stand-in for SAM."""

import json
import shutil

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from sam_inspector.engine.finished_run import read_run
from sam_inspector.ui.settings import Settings, load_settings
from tests.fakes import FakeSegmenter
from tests.ui.evaluate.conftest import CTRL


def test_a_run_fills_the_table_with_what_it_writes(evaluate, category, tmp_path):
    view = evaluate(category=category)
    assert view.page.empty.isVisible()
    view.run("b", "bp", out=tmp_path / "run")
    run = read_run(tmp_path / "run")
    shown = view.texts()
    for place, mode in enumerate(("b", "bp"), start=2):
        (row,) = [row for row in run.categories if row["mode"] == mode]
        assert shown[0][place] == f"{row['iou']:.3f} / {row['p_auroc_per_image']:.3f}"
        assert shown[1][place] == shown[0][place]
        assert shown[2][place] == "1 of 1"
    assert shown[0][:2] == ["part", "3"]
    assert view.app.settings.evaluate.unfinished is None
    assert load_settings().evaluate.choices.modes == ("b", "bp")


def test_a_pooled_metric_can_be_shown_and_sorted_by(evaluate, category, tmp_path_factory):
    other = category.parent / "box"
    shutil.copytree(category, other)
    view = evaluate(category=category.parent)
    view.run("naive", "b", out=tmp_path_factory.mktemp("out") / "run")
    metric = view.page.metric_choice
    metric.setFocus()
    metric.setCurrentIndex(metric.findData("aupro"))
    metric.activated.emit(metric.currentIndex())
    values = {(row["category"], row["mode"]): row["aupro"] for row in read_run(view.out).categories}
    first = view.texts()[0]
    assert first[2:] == [f"{values[first[0], mode]:.3f}" for mode in ("naive", "b")]
    header = view.page.table.horizontalHeader()
    for expected in (["box", "part"], ["part", "box"]):
        view.click(header.viewport(), QPoint(header.sectionViewportPosition(0) + 20, 8))
        assert [view.texts()[row][0] for row in (0, 1)] == expected
    assert [row[0] for row in view.texts()[2:]] == ["Mean of categories", "Categories done"]
    assert view.app.settings.evaluate.metric == "aupro"


def test_a_cell_shows_its_worst_images_and_an_image_opens_with_its_prompts(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", "bps", out=tmp_path / "run")
    view.cell(0, 3)
    strip = view.page.worst.strip
    entries = strip.images.entries()
    assert [entry.row.mode for entry in entries] == ["bps"] * 3
    ious = [entry.row.iou for entry in entries]
    assert ious == sorted(ious)
    view.wait(lambda: strip.images.has_picture(entries[0].key))
    assert not strip.images.index(0).data(strip.images.PICTURE).isNull()
    look = view.look_at()
    assert view.page.look.isVisible()
    assert f"IoU {entries[0].row.iou:.3f}" in view.page.look.info.text()
    session = view.driver.session
    assert not session.work.prompts, "looking at it changes nothing"
    view.click(view.page.look.edit)
    view.wait(lambda: session.opened is not None and session.work.prompts)
    assert view.driver.window.workspace == "inspect"
    assert session.opened.sample.relative_path == entries[0].row.path
    (item,) = [
        item
        for item in json.loads((tmp_path / "run/prompts.json").read_text())["items"]
        if (item["path"], item["mode"]) == (entries[0].row.path, "bps")
    ]
    assert len(session.work.prompts) == len(look.prompts) == len(item["prompts"])
    assert session.work.prompts.items[0].source == "gt"
    assert "Box + 20 points" in session.undo_group.undoText()
    view.driver.window.action("undo").trigger()
    assert not session.work.prompts


def test_ctrl_click_adds_a_second_cell_to_the_charts(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", "bp", "bps", out=tmp_path / "run")
    view.cell(0, 2)
    view.cell(0, 3, CTRL)
    assert [key[1].mode for key in view.page.table.chosen()] == ["bp", "b"]
    view.cell(0, 4, CTRL)
    assert [key[1].mode for key in view.page.table.chosen()] == ["bps", "bp"], "the oldest gives way"
    view.click(view.page.images.tabs.segment("pair"))
    chart = view.page.images.chart
    assert chart.isVisible()
    assert chart.item_count() == 2
    view.cell(0, 2)
    assert "second cell" in view.page.images.sentence.text()
    view.click(view.page.images.tabs.segment("size"))
    dots = chart._dots[0]
    view.wait(lambda: chart.dot_at(chart.view_position(dots.x[1], dots.y[1])) is not None)
    view.click(chart.viewport(), chart.view_position(dots.x[1], dots.y[1]).toPoint())
    view.wait(lambda: view.controller.looker.look_on_screen is not None)
    assert view.controller.looker.look_on_screen.at.image.row is dots.rows[1]


def test_curves_of_a_complete_category_are_drawn(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    curve = {"x": [0.0, 0.5, 1.0], "y": [0.0, 0.9, 1.0]}
    entry = {"category": "part", "mode": "b", "roc": curve, "pr": curve, "pro": curve}
    (tmp_path / "run/curves.json").write_text(json.dumps({"schema": "sam-inspector/curves/1", "curves": [entry]}))
    view.cell(0, 2)
    view.wait(lambda: view.page.curves.chart.item_count() == 1)
    assert view.page.curves.chart.isVisible()
    view.click(view.page.curves.tabs.segment("pro"))
    assert view.page.curves.chart.item_count() == 1


def test_a_run_can_be_paused_gone_on_with_and_cancelled(evaluate, category, tmp_path):
    view = evaluate(category=category, segmenter=FakeSegmenter(embed_seconds=0.4))
    view.start("b", out=tmp_path / "run")
    view.wait(lambda: view.controller.state == "running" and view.controller.run.done >= 1)
    assert not view.choices.modes["b"].isEnabled()
    view.click(view.choices.pause)
    assert view.choices.go_on.isVisible()
    view.driver.qtbot.wait(900)  # the step it is in is finished
    done = view.controller.run.done
    view.driver.qtbot.wait(600)
    assert view.controller.run.done == done < 3
    view.click(view.choices.go_on)
    view.click(view.choices.cancel)
    view.wait(lambda: view.controller.state == "stopped")
    assert view.app.settings.evaluate.unfinished is not None
    assert view.choices.go_on.isVisible()
    assert view.choices.modes["b"].isEnabled()
    view.click(view.choices.go_on)
    view.finish()
    assert len(read_run(tmp_path / "run").rows) == 3
    assert view.texts()[2][2] == "1 of 1"


def test_closing_the_window_keeps_the_run_and_the_next_start_offers_to_go_on(evaluate, category, tmp_path):
    view = evaluate(category=category, segmenter=FakeSegmenter(embed_seconds=0.4))
    view.start("b", out=tmp_path / "run")
    view.wait(lambda: view.controller.run is not None and view.controller.run.done >= 1)
    view.driver.window.close()
    view.app.close()
    finished = len(read_run(tmp_path / "run").rows)
    assert 1 <= finished < 3, "what was finished is in the folder when the window is gone"
    again = evaluate(settings=load_settings())
    (banner,) = again.page.banners.banners()
    assert "“run” was not finished" in banner.text
    again.click(banner.button)
    again.finish()
    assert len(read_run(tmp_path / "run").rows) == 3
    assert not (tmp_path / "run/.progress").exists()
    assert again.texts()[2][2] == "1 of 1"
    again.cell(0, 2)
    assert len(again.page.worst.strip.images.entries()) == 3, "those of the first sitting are there too"


def test_an_earlier_run_is_opened_from_its_folder(evaluate, category, tmp_path, monkeypatch):
    first = evaluate(category=category)
    first.run("b", "bp", out=tmp_path / "run")
    shown = first.texts()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "run"))
    view = evaluate()
    view.click(view.page.open_run)
    view.wait(lambda: view.controller.run is not None)
    assert view.texts() == shown
    view.cell(0, 2)
    entries = view.page.worst.strip.images.entries()
    view.wait(lambda: view.page.worst.strip.images.has_picture(entries[0].key))
    look = view.look_at()
    assert look.at.image is entries[0]
    assert not look.notes
    view.click(view.page.look.edit)
    session = view.driver.session
    view.wait(lambda: session.opened is not None and session.work.prompts)
    assert session.opened.sample.relative_path == entries[0].row.path


def test_a_folder_without_a_run_is_told_on_the_page(evaluate, tmp_path):
    view = evaluate()
    view.controller.open_run(tmp_path)
    view.wait(view.sentences)
    assert "There are no results" in view.sentences()[0]
    assert view.driver.banners() == []


def test_what_can_not_be_evaluated_is_told_before_it_begins(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.choose_modes()
    view.wait(lambda: view.choices.hint.text().startswith("Choose a mode"))
    assert not view.choices.start.isEnabled()
    view.choose_modes("few-shot")  # the category has no normal images to compare with
    view.wait(lambda: "no normal images" in view.problem())
    assert not view.choices.start.isEnabled()
    assert not view.sentences(), "it is told once"
    view.choose_modes("b")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/notes.txt").write_text("mine")
    view.type_folder(tmp_path / "other")
    view.wait(lambda: "other files" in view.problem())
    assert "--out" not in view.problem()
    assert not view.choices.start.isEnabled()
    assert view.driver.banners() == [], "what belongs to this page is not told elsewhere"


def test_a_second_run_into_the_same_folder_is_refused(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    assert view.choices.out.text() == "", "the next run has a folder of its own"
    view.type_folder(tmp_path / "run")
    view.wait(lambda: "There is a run in" in view.problem())
    assert not view.choices.start.isEnabled()


def test_failed_images_are_counted_and_listed_with_their_sentence(evaluate, category, tmp_path):
    (category / "ground_truth/dent/001_mask.png").write_bytes(b"no mask at all")
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    link = view.page.worst.failed_link
    assert link.text() == "1 failed"
    view.click(link)
    assert view.page.worst.failed.isVisible()
    assert "test/dent/001.png" in view.page.worst.failed.item(0).text()
    view.cell(0, 2)
    assert len(view.page.worst.strip.images.entries()) == 2


def test_keys_move_in_the_table_and_leave_the_image_alone(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", "bp", out=tmp_path / "run")
    session, window = view.driver.session, view.driver.window
    key = session.current_key
    view.cell(0, 2)
    table = view.page.table
    for pressed in (Qt.Key.Key_D, Qt.Key.Key_S, Qt.Key.Key_Right):
        QTest.keyClick(table, pressed)
    assert session.current_key == key
    assert session.work.verdict is None, "nobody sees the image that it would be for"
    assert table.chosen()[0][1].mode == "bp"
    QTest.keyClick(table, Qt.Key.Key_C)
    assert window.workspace == "compare"


def test_the_table_is_copied_as_text_and_as_html(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", "bp", out=tmp_path / "run")
    view.click(view.page.copy)
    mime = QGuiApplication.clipboard().mimeData()
    lines = mime.text().splitlines()
    assert lines[0].startswith("IoU / P-AUROC per image; ")
    assert lines[1] == "Category\tImages\tBox\tBox + 1 point"
    assert lines[2].split("\t") == view.texts()[0]
    assert mime.html().count("<tr>") == 4


def test_a_folder_is_added_by_dialog_and_remembered(evaluate, category, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(category))
    view = evaluate()
    assert view.choices.no_data.isVisible()
    view.click(view.choices.no_data.button)
    view.wait(view.choices.tree.datasets)
    assert view.choices.tree.item_named("part").text(1) == "3"
    again = evaluate(settings=Settings(evaluate=view.app.settings.evaluate))
    again.wait(again.choices.tree.datasets)
    assert again.choices.choices().roots == (str(category),)


def test_the_report_is_written_by_whoever_was_passed_in(evaluate, category, tmp_path, monkeypatch):
    view = evaluate(category=category)
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    display = view.controller.display
    display._report = None
    view.run("b", out=tmp_path / "run")
    assert not view.page.report.isEnabled()
    assert view.page.report.toolTip()
    display._report = lambda out: out / "report.html"
    display.show_now()
    view.click(view.page.report)
    view.wait(lambda: opened)
    assert opened == [str(tmp_path / "run/report.html")]
    assert view.page.report.isEnabled()
    (banner,) = view.page.banners.banners()
    assert banner.text == "Report written to run/report.html."
    view.click(banner.button)
    assert opened[1:] == [str(tmp_path / "run")]


def test_clicks_in_inspect_are_answered_while_a_run_goes_on(evaluate, category, tmp_path):
    segmenter = FakeSegmenter(embed_seconds=0.3)
    view = evaluate(category=category, segmenter=segmenter)
    view.driver.window.set_workspace("inspect")
    view.driver.click(60, 45)
    view.driver.wait_for_scores()
    view.driver.window.set_workspace("evaluate")
    view.start("b", "bp", out=tmp_path / "run")
    view.wait(lambda: view.controller.state == "running")
    QTest.keyClick(view.driver.window, Qt.Key.Key_F4)
    view.driver.click(50, 40)
    view.driver.wait(lambda: not view.driver.session.scores_are_current)
    view.driver.wait_for_scores()
    assert view.controller.state == "running"
    view.finish()


def test_two_categories_of_one_name_are_refused(evaluate, category, tmp_path):
    other = tmp_path / "elsewhere/part"
    shutil.copytree(category, other)
    view = evaluate(category=category)
    view.controller.wishes.add_folder(other)
    view.wait(lambda: len(view.choices.tree.datasets()) == 2)
    view.choose_modes("b")
    view.wait(lambda: "would be mixed" in view.problem())
    assert "--out" not in view.problem()


@pytest.mark.parametrize("size", [(1024, 700), (1920, 1200)])
def test_nothing_is_cut_at_any_size(evaluate, category, tmp_path, size):
    view = evaluate(category=category, size=size)
    view.run("b", "bp", out=tmp_path / "run")
    view.cell(0, 2)
    page = view.page
    assert (view.driver.window.width(), view.driver.window.height()) == size
    buttons = (view.choices.start, page.copy, page.report, page.metric_choice)
    for widget in (*buttons, page.worst.strip, page.images, page.curves):
        assert widget.isVisible()
        corner = widget.mapTo(view.driver.window, widget.rect().bottomRight())
        assert view.driver.window.rect().contains(corner), widget
    assert view.choices.start.width() >= view.choices.start.minimumSizeHint().width()
