"""Cheat sheet and about: complete, not modal, nothing cut."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea

from sam_inspector import __version__
from sam_inspector.ui.dialogs.about import CREDITS, AboutDialog
from sam_inspector.ui.dialogs.shortcuts import ShortcutsDialog, _halves, _Keys
from sam_inspector.ui.panels.labels import TonedLabel

ROWS = [
    ("File", [("Open folder…", "Ctrl+O"), ("Quit", "Ctrl+Q")]),
    ("Prompt", [("Positive point", "P"), ("Accept region", "Return, Enter"), ("Box", "B")]),
    ("View", [("Fit", "F")]),
]


def test_the_cheat_sheet_shows_every_action_with_every_key(qtbot):
    dialog = ShortcutsDialog(ROWS)
    qtbot.addWidget(dialog)
    dialog.show()
    words = {label.text() for label in dialog.findChildren(TonedLabel)}
    assert words == {"File", "Prompt", "View"} | {name for _, actions in ROWS for name, _ in actions}
    keys = sorted(key for widget in dialog.findChildren(_Keys) for key in widget._keys)
    assert keys == sorted(["Ctrl+O", "Ctrl+Q", "P", "Return", "Enter", "B", "F"])
    assert not dialog.isModal()
    assert dialog.findChild(QScrollArea).horizontalScrollBar().maximum() == 0


def test_columns_are_balanced_and_none_is_lost():
    left, right = _halves(ROWS)
    assert [*left, *right] == ROWS
    assert left
    assert right
    assert _halves([]) == ([], [])


def test_escape_closes_the_cheat_sheet(qtbot):
    dialog = ShortcutsDialog(ROWS)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_about_names_version_and_credits(qtbot):
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    words = [label.text() for label in dialog.findChildren(TonedLabel)]
    assert any(__version__ in text for text in words)
    assert all(name in words and licence in words for name, _, licence in CREDITS)
    for label in dialog.findChildren(TonedLabel):
        if not label.wordWrap():
            assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())
    qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
