"""The page uses the room that it has: large pictures, titles that are told apart, words for every number."""

import pytest
from PySide6.QtCore import QSize, Qt

from sam_inspector.ui.evaluate.table_painting import ResultsHeader


def test_the_first_cell_is_chosen_until_a_person_chooses(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", "bp", out=tmp_path / "run")
    assert [key[1].mode for key in view.page.table.chosen()] == ["b"]
    assert view.page.worst.strip.images.entries()
    view.cell(0, 3)
    view.controller.display.show_now()
    assert [key[1].mode for key in view.page.table.chosen()] == ["bp"]


def test_pictures_grow_with_the_height_and_stand_in_rows_where_there_is_room(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    strip = view.page.worst.strip
    found = []
    for height in (150, 240, 500):
        strip.setParent(None)
        strip.setFixedSize(700, height)
        strip.show()
        view.driver.qtbot.wait(50)
        found.append((strip._cards.picture, strip.isWrapping()))
        last = strip.visualRect(strip.images.index(2))
        assert strip.viewport().height() >= strip._cards.card.height() - 4
        assert last.isValid()
    strip.setParent(view.page)
    assert found[0] == (QSize(133, 100), False) or found[0][0].height() in range(90, 110)
    assert found[1][0].height() > found[0][0].height()
    assert not found[1][1]
    assert found[2][1]


def test_the_pictures_in_sight_are_asked_for_in_rows_too(evaluate, category, tmp_path):
    view = evaluate(category=category, size=(1400, 1000))
    view.run("b", out=tmp_path / "run")
    strip = view.page.worst.strip
    assert strip.isWrapping()
    for entry in strip.images.entries():
        view.wait(lambda entry=entry: strip.images.has_picture(entry.key))


def test_modes_that_begin_alike_have_titles_that_differ_in_a_small_window(evaluate, category, tmp_path):
    view = evaluate(category=category, size=(1024, 700))
    view.run("naive", "b", "bp", "bps", out=tmp_path / "run")
    header = view.page.table.horizontalHeader()
    assert isinstance(header, ResultsHeader)
    shown = [[line for line, _ in header.lines_of(section)] for section in range(2, 6)]
    assert len({tuple(lines) for lines in shown}) == 4
    for section, lines in enumerate(shown, start=2):
        for line in lines:
            assert header.fontMetrics().horizontalAdvance(line) <= header.sectionSize(section)
    assert header.height() >= header.sizeHint().height()


def test_the_areas_beneath_curves_say_that_they_are_pooled(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    curves = view.page.curves
    view.wait(lambda: curves.legend._lines)
    pooled = view.controller.run.table.value(("part", view.page.table.chosen()[0][1]), "p_auroc")
    assert curves.legend._lines == [("Box", f"{pooled:.3f}")]
    assert curves.legend._caption == "AUROC, pooled"
    view.wait(lambda: curves.legend.height() >= 2 * curves.legend._height)
    assert curves.header.subtitle.text() == "part", "the mode stands in the legend"


@pytest.mark.parametrize(("width", "words"), [(500, "short"), (900, "long")])
def test_the_colours_are_explained_at_any_width(evaluate, category, tmp_path, width, words):
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    worst = view.page.worst
    worst.setParent(None)
    worst.resize(width, 240)
    worst.show()
    view.driver.qtbot.wait(50)
    key = worst.key
    least = key.fontMetrics().horizontalAdvance("righttoo muchmissed" if words == "short" else "true positive" * 3)
    assert key.isVisible()
    assert key.width() >= least
    worst.setParent(view.page)


def test_data_and_table_count_the_same_images(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.choose_modes("b")
    tree, header = view.choices.tree, view.choices._data_header
    assert (tree.item_named("part").text(1), header.subtitle.text()) == ("3", "anomalous images")
    view.choose_modes("b", "few-shot")
    assert (tree.item_named("part").text(1), header.subtitle.text()) == ("4", "test images")
    view.choices.limit.setValue(2)
    view.choose_modes("b")
    view.wait(lambda: "at most 2 images a category" in view.choices.hint.text())
    assert view.choices.settings._limit_row.label.tone == "changed"
    assert tree.item_named("part").checkState(0) == Qt.CheckState.Checked
