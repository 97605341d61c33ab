"""The strip of passes: cards by mouse, what is grey and when, and room for their words."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage

from sam_inspector.ui.panels.candidate_card import PAD, PICTURE, SMALL_PICTURE
from sam_inspector.ui.panels.mask_strip import MaskStrip
from sam_inspector.ui.panels.passes import PassButton, PassCard

TITLES = ("1 Points", "2 + logits", "3 + box")


def cards(shown=3, caption="IoU"):
    picture = QImage(96, 60, QImage.Format.Format_RGB32)
    picture.fill(QColor(200, 40, 40))
    return [
        PassCard(number, title, picture, caption, f"0.{number}23", f"what pass {number} is", number == shown)
        for number, title in enumerate(TITLES, start=1)
    ]


@pytest.fixture
def masks(qtbot):
    masks = MaskStrip()
    qtbot.addWidget(masks)
    masks.resize(1000, 100)
    masks.show()
    return masks


@pytest.fixture
def strip(masks):
    masks.show_passes(True)
    masks.passes.set_passes(cards())
    return masks.passes


def test_a_click_tells_the_pass_and_the_card_waits_to_be_told(strip, qtbot):
    with qtbot.waitSignal(strip.pass_chosen) as told:
        qtbot.mouseClick(strip.cards[0], Qt.MouseButton.LeftButton)
    assert told.args == [1]
    assert [card.isChecked() for card in strip.cards] == [False, False, True]
    strip.set_passes(cards(shown=1))
    assert [card.isChecked() for card in strip.cards] == [True, False, False]


def test_the_passes_take_the_candidates_place_and_no_more_room(masks):
    hint = masks.sizeHint()
    assert masks.candidates.isVisible()
    masks.show_passes(True)
    assert masks.passes.isVisible()
    assert not masks.candidates.isVisible()
    masks.passes.set_passes(cards())
    assert masks.sizeHint().height() == hint.height()


def words_of(strip, line):
    return [card.lines()[line] for card in strip.cards]


def test_masks_and_numbers_are_grey_each_in_their_time(strip):
    ink = [colour for _, colour, _ in strip.cards[0].lines()]
    strip.set_stale(False, True)
    colours = [colour for _, colour, _ in strip.cards[0].lines()]
    assert colours[:2] == ink[:2]
    assert colours[2] != ink[2]
    strip.set_stale(True, True)
    assert not any(colour in ink for _, colour, _ in strip.cards[0].lines())
    strip.set_stale(False, False)
    assert [colour for _, colour, _ in strip.cards[0].lines()] == ink


@pytest.mark.parametrize("caption", ["IoU", "predicted IoU"])
@pytest.mark.parametrize(("width", "small", "hints"), [(1000, False, True), (760, True, True), (490, True, False)])
def test_every_word_is_in_sight_at_every_width_of_the_window(masks, strip, qtbot, width, small, hints, caption):
    strip.set_passes(cards(caption=caption))
    masks.resize(width, 130)
    qtbot.wait(20)
    assert strip._hints.isVisible() == hints
    for card in strip.cards:
        assert card.width() == (PassButton.SMALL_WIDTH if small else PassButton.FULL_WIDTH)
        assert card.mapTo(strip, card.rect().topRight()).x() <= width
        room = card.width() - PAD - (SMALL_PICTURE if small else PICTURE) - 9 - 4
        for font, _, words in card.lines():
            assert QFontMetrics(font).horizontalAdvance(words) <= room, words
    assert [words for *_, words in words_of(strip, 0)] == list(TITLES)


def test_a_card_says_what_its_pass_was_given(strip):
    assert [card.toolTip() for card in strip.cards] == ["what pass 1 is", "what pass 2 is", "what pass 3 is"]
    assert strip.cards[1].accessibleDescription() == "IoU 0.223"
