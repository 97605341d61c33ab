"""Every action of the window: one table with name, words, key and icon; menus, tool bar and cheat sheet read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from sam_inspector.ui import icons


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action.

    Attributes
    ----------
    keys
        Shortcuts in Qt's portable text. A key without Ctrl or a function key stays out of text fields.
    group
        Actions of one group exclude each other.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    icon: str = ""
    checkable: bool = False
    group: str = ""


ACTIONS: tuple[ActionRow, ...] = (
    ActionRow("open_folder", "File", "Open folder…", ("Ctrl+O",), "Open a folder of images or a dataset", "folder"),
    ActionRow("open_image", "File", "Open image…", ("Ctrl+Shift+O",), "Open one image"),
    ActionRow("open_samples", "File", "Open the samples", (), "Open the images that come with the program"),
    ActionRow("recent", "File", "Recent folders", (), ""),
    ActionRow("open_ground_truth", "File", "Open ground truth…", ("Ctrl+G",), "Score this image against a mask file"),
    ActionRow("open_map", "File", "Open anomaly map…", ("Ctrl+M",), "Lay a map file over this image"),
    ActionRow(
        "load_prompts", "File", "Load prompt set…", ("Ctrl+L",), "Load prompts for this dataset from a JSON file"
    ),
    ActionRow("export_prompts", "File", "Export prompt set…", ("Ctrl+E",), "Save all prompts as a JSON file"),
    ActionRow("export_masks", "File", "Export accepted masks…", ("Ctrl+Shift+E",), "Save all accepted masks as PNG"),
    ActionRow("quit", "File", "Quit", ("Ctrl+Q",), "Close the window; all work is saved"),
    ActionRow("undo", "Edit", "Undo", ("Ctrl+Z",), "Take back the last edit on this image", "undo"),
    ActionRow("redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Do the edit again", "redo"),
    ActionRow("remove_last", "Edit", "Remove last prompt", ("Backspace",), "Remove the point or box made last"),
    ActionRow(
        "delete_selected", "Edit", "Delete selected prompt", ("Del",), "Delete the prompt selected on the canvas"
    ),
    ActionRow("clear", "Edit", "Clear prompts", ("Esc",), "Give up a drag, else remove the prompts being worked on"),
    ActionRow("workspace_inspect", "View", "Inspect", ("F4",), "One image", checkable=True, group="workspace"),
    ActionRow(
        "workspace_compare",
        "View",
        "Compare",
        ("C",),
        "One image under several modes and models",
        checkable=True,
        group="workspace",
    ),
    ActionRow("workspace_evaluate", "View", "Evaluate", ("F5",), "Whole datasets", checkable=True, group="workspace"),
    ActionRow(
        "workspace_tune", "View", "Tune", ("F6",), "Train networks on your images", checkable=True, group="workspace"
    ),
    ActionRow("fit", "View", "Fit", ("F",), "Show the whole image", "fit"),
    ActionRow("actual_size", "View", "1:1", ("Ctrl+1",), "One image pixel on one screen pixel"),
    ActionRow("zoom_in", "View", "Zoom in", ("+", "="), "Zoom in", "zoom-in"),
    ActionRow("zoom_out", "View", "Zoom out", ("-",), "Zoom out", "zoom-out"),
    ActionRow("show_gt", "View", "Ground truth", ("G",), "Show the ground truth", checkable=True),
    ActionRow("show_errors", "View", "Error view", ("X",), "Show what is right, too much and missed", checkable=True),
    ActionRow("show_map", "View", "Anomaly map", ("M",), "Show the anomaly map", checkable=True),
    ActionRow("show_mask", "View", "Mask", ("K",), "Show the mask", checkable=True),
    ActionRow("less_opaque", "View", "Less opaque", ("[",), "Make the mask, map and errors fainter"),
    ActionRow("more_opaque", "View", "More opaque", ("]",), "Make the mask, map and errors stronger"),
    ActionRow("theme_system", "Theme", "Like the system", (), "", checkable=True, group="theme"),
    ActionRow("theme_light", "Theme", "Light", (), "", checkable=True, group="theme"),
    ActionRow("theme_dark", "Theme", "Dark", (), "", checkable=True, group="theme"),
    ActionRow("reset_layout", "View", "Reset layout", (), "Put the panels back where they were"),
    ActionRow("tool_pan", "Prompt", "Pan", ("V",), "Drag the image", "pan", True, "tool"),
    ActionRow(
        "tool_positive",
        "Prompt",
        "Positive point",
        ("P",),
        "Click what belongs to the defect",
        "positive",
        True,
        "tool",
    ),
    ActionRow(
        "tool_negative",
        "Prompt",
        "Negative point",
        ("N",),
        "Click what does not belong to it",
        "negative",
        True,
        "tool",
    ),
    ActionRow("tool_box", "Prompt", "Box", ("B",), "Drag a box around the defect", "box", True, "tool"),
    ActionRow("source_hand", "Prompt", "By hand", (), "Make prompts yourself", checkable=True, group="source"),
    ActionRow(
        "source_gt", "Prompt", "From ground truth", (), "Make prompts from the mask", checkable=True, group="source"
    ),
    ActionRow(
        "source_auto",
        "Prompt",
        "Automatic",
        (),
        "Make prompts from an anomaly map, compared with normal images",
        checkable=True,
        group="source",
    ),
    ActionRow("toggle_auto", "Prompt", "Automatic on or off", ("T",), "Switch between automatic prompts and your own"),
    ActionRow("candidate_0", "Prompt", "Single mask", ("0",), "Take SAM's single mask"),
    ActionRow(
        "candidate_1",
        "Prompt",
        "Candidate 1",
        ("1",),
        "Take the first of SAM's three masks, or show the first of three passes",
    ),
    ActionRow(
        "candidate_2",
        "Prompt",
        "Candidate 2",
        ("2",),
        "Take the second of SAM's three masks, or show the second of three passes",
    ),
    ActionRow(
        "candidate_3",
        "Prompt",
        "Candidate 3",
        ("3",),
        "Take the third of SAM's three masks, or show the third of three passes",
    ),
    ActionRow(
        "refine",
        "Prompt",
        "Refine from the last mask",
        (),
        "A further click starts from the mask before it",
        checkable=True,
    ),
    ActionRow("accept", "Prompt", "Accept region", ("Return", "Enter"), "Keep this mask and begin the next region"),
    ActionRow("discard_accepted", "Prompt", "Discard accepted mask", (), "Remove the regions accepted on this image"),
    ActionRow("next", "Review", "Next image", ("D", "Right", "Down"), "Go to the next image"),
    ActionRow("previous", "Review", "Previous image", ("A", "Left", "Up"), "Go to the previous image"),
    ActionRow("verdict_defect", "Review", "Verdict: defect", ("W",), "Mark as defect, then go on"),
    ActionRow("verdict_good", "Review", "Verdict: good", ("S",), "Mark as good, then go on"),
    ActionRow("verdict_unsure", "Review", "Verdict: unsure", ("U",), "Mark as unsure, then go on"),
    ActionRow("verdict_none", "Review", "Withdraw verdict", (), "Mark as not decided"),
    ActionRow(
        "encode_all", "Tools", "Encode all images", (), "Encode every image of the list, so that each answers at once"
    ),
    ActionRow("clear_cache", "Tools", "Clear embedding cache", (), "Forget all encoded images"),
    ActionRow(
        "show_weights_folder", "Tools", "Show weights folder", (), "Open the folder that holds the models' weights"
    ),
    ActionRow("shortcuts", "Help", "Keyboard shortcuts", ("?", "F1"), "All keys on one page", "help"),
    ActionRow("about", "Help", "About SAM Inspector", (), "Version, licences and sources"),
)
"""In menu order."""

BREAKS = {
    "File": ("open_ground_truth", "load_prompts", "quit"),
    "Edit": ("remove_last",),
    "View": ("fit", "show_gt", "less_opaque", "reset_layout"),
    "Prompt": ("source_hand", "candidate_0", "accept"),
    "Review": ("verdict_defect",),
    "Tools": ("clear_cache",),
}
"""A separator stands before each of these."""

MENUS = ("File", "Edit", "View", "Prompt", "Review", "Tools", "Help")


def tooltip(row: ActionRow) -> str:
    """What the action does, with its first key."""
    tip = row.tip or row.text
    if not row.keys:
        return tip
    return f"{tip} ({QKeySequence(row.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)})"


def make_actions(window: QMainWindow) -> dict[str, QAction]:
    """Build all actions on the window.

    Keys with Ctrl, and function keys, are shortcuts of Qt. The bare letters are not: Qt would take them out of text
    fields, so `BareKeys` sends them only when no text is being typed.
    """
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for row in ACTIONS:
        action = QAction(row.text, window)
        action.setObjectName(row.name)
        action.setIconText(row.text)
        action.setToolTip(tooltip(row))
        action.setStatusTip(row.tip)
        action.setCheckable(row.checkable)
        if row.icon:
            action.setIcon(icons.icon(row.icon))
        strong = [key for key in row.keys if _is_strong(key)]
        if strong:
            action.setShortcuts([QKeySequence(key) for key in strong])
        elif row.keys:
            # The key is shown in the menu although BareKeys handles it.
            action.setText(f"{row.text}\t{QKeySequence(row.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)}")
        if row.group:
            group = groups.setdefault(row.group, QActionGroup(window))
            group.addAction(action)
        window.addAction(action)
        actions[row.name] = action
    return actions


def _key_of(text: str) -> Qt.Key:
    """The key of a shortcut of one key; Qt's stubs do not know that a sequence can be indexed."""
    sequence: Any = QKeySequence(text)
    key: Qt.Key = sequence[0].key()
    return key


def _is_strong(key: str) -> bool:
    return key.startswith("Ctrl") or (len(key) > 1 and key[0] == "F" and key[1:].isdigit())


MOUSE = (
    ("Positive point", "Click"),
    ("Negative point", "Right-click, Alt-click"),
    ("Box", "Ctrl-drag"),
    ("Move or resize a prompt", "Drag it"),
    ("Zoom at the cursor", "Wheel"),
    ("Pan", "Space-drag, Middle-drag"),
    ("Fit (pan tool)", "Double-click"),
    ("Hide all overlays", "Hold O"),
)
"""Gestures on the canvas, with the point tool."""


def shortcut_rows() -> list[tuple[str, list[tuple[str, str]]]]:
    """The cheat sheet: menu, then action and keys."""
    sheet = []
    for menu in MENUS:
        rows = [
            (
                row.text,
                ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in row.keys),
            )
            for row in ACTIONS
            if row.menu == menu and row.keys
        ]
        if rows:
            sheet.append((menu, rows))
    return [*sheet, ("On the image", list(MOUSE))]


NO_IMAGE = "shows_no_image"
"""A window's property: whether the image that keys are for is out of sight."""
TEXT_FIELDS = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QComboBox)


class BareKeys(QObject):
    """Sends single keys to their actions, except while text is typed, in a menu or in a dialog.

    Parameters
    ----------
    overlays_held
        Called with True while the key that hides all overlays is held, with False when it is let go.
    """

    HOLD_KEY = Qt.Key.Key_O

    def __init__(
        self, window: QMainWindow, actions: Mapping[str, QAction], overlays_held: Callable[[bool], None]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._overlays_held = overlays_held
        self._by_key = {_key_of(key): actions[row.name] for row in ACTIONS for key in row.keys if not _is_strong(key)}
        # Elsewhere an image would get verdicts and prompts that nobody sees.
        self._everywhere = [actions[row.name] for row in ACTIONS if row.menu in ("View", "Help")]
        # Keys come to the widget with the focus. A filter on the application would be asked about every event there is.
        QApplication.instance().focusChanged.connect(self._follow_focus)
        window.installEventFilter(self)
        self._follow_focus(None, QApplication.focusWidget())

    @Slot(QWidget, QWidget)
    def _follow_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None and before is not self._window:
            before.removeEventFilter(self)
        if now is not None:
            now.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a key press that belongs to the window."""
        if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) or not isinstance(event, QKeyEvent):
            return False
        if not self._is_ours() or watched is not (QApplication.focusWidget() or self._window):
            # A key that closed a list or a menu goes on to the widgets behind it; it has done its work.
            return False
        if event.key() == self.HOLD_KEY and not event.modifiers():
            if not event.isAutoRepeat():
                self._overlays_held(event.type() == QEvent.Type.KeyPress)
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        plain = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        action = self._by_key.get(Qt.Key(event.key()))
        if action is None or plain or (action not in self._everywhere and getattr(self._window, NO_IMAGE, False)):
            return False
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and event.text().isalpha():
            return False
        if action.isEnabled():
            action.trigger()
        return True

    def _is_ours(self) -> bool:
        focus = QApplication.focusWidget()
        if QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None:
            return False
        if focus is not None and focus.window() is not self._window:
            return False
        return self._window.isActiveWindow() and not isinstance(focus, TEXT_FIELDS)
