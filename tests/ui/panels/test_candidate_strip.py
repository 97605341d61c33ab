"""The candidate strip: cards by mouse, what is grey while stale, and room."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

from sam_inspector.ui.panels.candidate_card import CandidateButton
from sam_inspector.ui.panels.candidates import CandidateCard, CandidateStrip


def cards(chosen=2, count=4):
    made = []
    for place in range(count):
        index = (2, 1, 3, 0)[place]
        picture = QImage(96, 60, QImage.Format.Format_RGB32)
        picture.fill(QColor(200, 40, 40))
        title = f"Candidate {place + 1}" if index else "Single mask"
        iou = 0.96 - place / 100
        made.append(CandidateCard(index, title, str(place + 1 if index else 0), picture, iou, index == chosen))
    return made


@pytest.fixture
def strip(qtbot):
    strip = CandidateStrip()
    qtbot.addWidget(strip)
    strip.resize(1000, 100)
    strip.show()
    return strip


def test_empty_it_says_what_to_do(strip):
    assert strip.empty.isVisible()
    assert strip.empty.text() == "Click the defect, or drag a box around it."
    strip.set_candidates(cards())
    assert not strip.empty.isVisible()
    strip.set_candidates([])
    assert strip.empty.isVisible()
    assert not strip.cards


def test_a_click_tells_the_decoders_index_and_the_card_waits_to_be_told(strip, qtbot):
    strip.set_candidates(cards(chosen=2))
    assert [card.isChecked() for card in strip.cards] == [True, False, False, False]
    with qtbot.waitSignal(strip.candidate_chosen) as told:
        qtbot.mouseClick(strip.cards[3], Qt.MouseButton.LeftButton)
    assert told.args == [0]
    assert [card.isChecked() for card in strip.cards] == [True, False, False, False]
    strip.set_candidates(cards(chosen=0))
    assert [card.isChecked() for card in strip.cards] == [False, False, False, True]


def test_the_chosen_card_has_the_accents_border(strip):
    strip.set_candidates(cards(chosen=2))
    chosen, other = (card.grab().toImage().pixelColor(1, card.height() // 2) for card in strip.cards[:2])
    assert chosen.blue() > chosen.red() + 80
    assert abs(other.blue() - other.red()) < 40


def test_stale_cards_are_greyed_and_come_back(strip):
    strip.set_candidates(cards())
    middle = strip.cards[0].rect().center()
    middle.setX(38)
    fresh = strip.cards[0].grab().toImage().pixelColor(middle)
    strip.set_stale(True)
    stale = strip.cards[0].grab().toImage().pixelColor(middle)
    strip.set_stale(False)
    again = strip.cards[0].grab().toImage().pixelColor(middle)
    assert fresh.saturation() > stale.saturation() + 60
    assert fresh == again


def test_cards_are_kept_when_only_their_contents_change(strip):
    strip.set_candidates(cards())
    before = list(strip.cards)
    strip.set_candidates(cards(chosen=1))
    assert strip.cards == before
    strip.set_candidates(cards(count=1))
    assert strip.cards == before[:1]


def test_options_tell_what_a_person_chose(strip, qtbot):
    with qtbot.waitSignal(strip.refine_toggled) as told:
        qtbot.mouseClick(strip.refine, Qt.MouseButton.LeftButton, pos=strip.refine.rect().center() * 0.2)
    assert told.args == [False]
    with qtbot.waitSignal(strip.sort_toggled) as told:
        qtbot.mouseClick(strip.sort, Qt.MouseButton.LeftButton, pos=strip.sort.rect().center() * 0.2)
    assert told.args == [False]
    with qtbot.assertNotEmitted(strip.refine_toggled), qtbot.assertNotEmitted(strip.sort_toggled):
        strip.set_refine(True)
        strip.set_sort(True)
    assert strip.refine.isChecked()
    assert strip.sort.isChecked()


@pytest.mark.parametrize(("width", "small"), [(1010, False), (800, True), (520, True)])
def test_all_cards_are_in_sight_at_every_width_of_the_window(strip, qtbot, width, small):
    strip.set_candidates(cards())
    strip.resize(width, 130)
    qtbot.wait(20)
    assert strip.cards[0].width() == (CandidateButton.SMALL_WIDTH if small else CandidateButton.FULL_WIDTH)
    for widget in (*strip.cards, strip.refine, strip.sort):
        right = widget.mapTo(strip, widget.rect().topRight()).x()
        assert right <= width, widget
    assert strip._scroll.horizontalScrollBar().maximum() == 0


def test_a_card_names_key_and_estimate(strip):
    strip.set_candidates(cards())
    assert "0.960" in strip.cards[0].toolTip()
    assert strip.cards[3].text() == "Single mask"


@pytest.mark.parametrize(("estimate", "shown"), [(1.003, "1.00"), (-0.02, "0.00"), (0.962, "0.96")])
def test_an_estimate_is_shown_as_an_iou_and_the_tooltip_has_it_raw(strip, estimate, shown):
    strip.set_candidates([replace(card, predicted_iou=estimate) for card in cards(count=1)])
    (card,) = strip.cards
    assert card.lines()[-1][2] == shown
    assert card.accessibleDescription() == f"predicted IoU {shown}"
    assert f"{estimate:.3f}" in card.toolTip()
