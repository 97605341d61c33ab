"""The canvas: the layered view with tools. It turns gestures into intents and holds no truth.

A double click fits the view in the pan tool and anywhere outside the image. With a point tool it makes one point, not
two and a jump of the view.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QWidget

from sam_inspector.core.geometry import view_to_pixel
from sam_inspector.core.prompts import Point, PromptPart, Prompts
from sam_inspector.ui.canvas.cursors import handle_cursor, tool_cursor
from sam_inspector.ui.canvas.hit_testing import Hit, hit_test
from sam_inspector.ui.canvas.layered_view import LAYERS, LayeredView
from sam_inspector.ui.canvas.overlays import ErrorOverlay, MapOverlay, MaskOverlay
from sam_inspector.ui.canvas.point_notes import PointNotes
from sam_inspector.ui.canvas.prompt_items import new_parts
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.canvas.tools import CLICK_BELOW_PX, TOOLS, Drag, Edit, Press, Scene, delete_edit

__all__ = ["LAYERS", "Canvas", "ErrorOverlay", "ImagePyramid", "MapOverlay", "MaskOverlay"]

PROMPT_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)


class Canvas(LayeredView):
    """Shows what it is given and tells what the person wants.

    Signals
    -------
    edit_requested
        New prompts, a sentence for undo, and a key that is the same for all edits of one drag, else None.
    cursor_moved
        `(x, y)` of the pixel under the pointer, or None outside the image.
    files_dropped
        Paths of files and folders that were dropped.
    activated_prompt
        Index of the prompt that was clicked, changed or made.
    """

    edit_requested = Signal(object, str, object)
    cursor_moved = Signal(object)
    files_dropped = Signal(list)
    activated_prompt = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Canvas")
        self._tool_name = "positive"
        self._busy = False
        self._space_held = False
        self._press: Press | None = None
        self._press_at = QPointF()
        self._drag: Drag | None = None
        self._drag_began = False
        self._last_edit: Edit | None = None
        self._notes = PointNotes(self._prompts_item)
        self._show_cursor(None)

    # --- setters ------------------------------------------------------------------------------------------------------

    def set_image(self, pyramid: ImagePyramid | None) -> None:
        """Show another image or none; a drag on the old one is dropped."""
        if pyramid is None or pyramid is not self._image_item.pyramid:
            self._forget_press()
            self._prompts_item.selected = self._prompts_item.hovered = None
        super().set_image(pyramid)
        self._show_cursor(None)

    def set_prompts(self, prompts: Prompts, accepted: Prompts, pending: bool) -> None:
        """Show prompts; a selected part that is gone is no longer selected."""
        super().set_prompts(prompts, accepted, pending)
        self._prompts_item.selected = self.selected_part
        self._notes.show(prompts, self._prompts_item.hovered)

    def set_point_notes(self, notes: Mapping[tuple[Point, int], str]) -> None:
        """What to say of points when the pointer rests on them, by place and label."""
        self._notes.notes = notes

    def set_tool(self, name: str) -> None:
        """Choose what the pointer does: a name of `tools.TOOLS`."""
        if name not in TOOLS:
            raise KeyError(name)
        self.cancel_drag()
        self._tool_name = name
        self._show_cursor(None)

    @property
    def tool(self) -> str:
        """The name of the tool in use."""
        return self._tool_name

    def set_busy(self, busy: bool) -> None:
        """Put a small ring at the pointer while the image is encoded."""
        self._busy = busy
        self._show_cursor(None)

    # --- selection ----------------------------------------------------------------------------------------------------

    @property
    def selected_part(self) -> PromptPart | None:
        """The point or box that is selected, if it is still there."""
        part = self._prompts_item.selected
        return part if part is not None and _exists(self._prompts_item.prompts, part) else None

    def delete_selected(self) -> bool:
        """Ask for the selected part to be deleted; False when nothing is selected."""
        part = self.selected_part
        if part is None or self._drag_began:
            return False
        self._select(None)
        self._request(delete_edit(self._prompts_item.prompts, part))
        return True

    def cancel_drag(self) -> bool:
        """Give up the drag in progress and take back what it did; False when there is none."""
        drag, began = self._drag, self._drag_began
        last = self._last_edit
        was_down = self._press is not None or self.is_panning
        self._forget_press()
        if drag is not None and began and last is not None:
            taken_back = drag.cancel()
            if taken_back is not None:
                self._request(taken_back)
        self._show_cursor(None)
        return was_down

    def _select(self, part: PromptPart | None) -> None:
        self._prompts_item.selected = part
        self.viewport().update()

    # --- pointer ------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag; which of them shows when the pointer moves."""
        event.accept()
        if not self.has_content or self._press is not None or self.is_panning:
            return
        at = event.position()
        if event.button() == Qt.MouseButton.MiddleButton or (
            event.button() == Qt.MouseButton.LeftButton and self._space_held
        ):
            self._begin_pan(at)
        elif event.button() in PROMPT_BUTTONS:
            modifiers = event.modifiers()
            self._press = Press(
                self._pixel(at),
                "left" if event.button() == Qt.MouseButton.LeftButton else "right",
                alt=bool(modifiers & Qt.KeyboardModifier.AltModifier),
                ctrl=bool(modifiers & Qt.KeyboardModifier.ControlModifier),
                hit=self._hit(at),
            )
            self._press_at = at
            self._drag = TOOLS[self._tool_name].begin_drag(self._press, self._scene_value())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or show what is under the pointer."""
        event.accept()
        at = event.position()
        self._tell_cursor(at)
        if self.is_panning:
            self.continue_pan(at)
        elif self._press is None:
            self._hover(at)
        else:
            self._continue_press(at)

    def _continue_press(self, at: QPointF) -> None:
        press = self._press
        if press is None:
            return
        if not self._drag_began:
            moved = at - self._press_at
            if moved.x() ** 2 + moved.y() ** 2 < CLICK_BELOW_PX**2:
                return
            if self._drag is None:
                if TOOLS[self._tool_name].pans and press.button == "left":
                    self._press = None
                    self._begin_pan(self._press_at)
                    self.continue_pan(at)
                return
            self._drag_began = True
            if press.hit is not None:
                self._select(press.hit.part)
        if self._drag is not None:
            edit = self._drag.move(self._pixel(at))
            self._prompts_item.rubber_band = self._drag.rubber_band
            if edit is not None:
                self._request(edit)
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish a drag, or click."""
        event.accept()
        at = event.position()
        if self.is_panning:
            if not event.buttons():
                self.end_pan()
                self._hover(at)
            return
        press, drag, began = self._press, self._drag, self._drag_began
        if press is None or _button(press) != event.button():
            return
        moved = at - self._press_at
        was_click = not began and moved.x() ** 2 + moved.y() ** 2 < CLICK_BELOW_PX**2
        edit = drag.finish(self._pixel(at)) if drag is not None and not was_click else None
        last = self._last_edit
        self._forget_press()
        if was_click:
            self._click(press)
        elif edit is not None and (last is None or edit.prompts != last.prompts):
            self._finish(edit)
        elif edit is not None:
            self._announce(edit)
        self._hover(at)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit, where no prompt could be meant."""
        outside = not self._scene_value().contains(self._pixel(event.position()))
        if event.button() == Qt.MouseButton.LeftButton and (outside or TOOLS[self._tool_name].pans):
            super().mouseDoubleClickEvent(event)
        elif self._hit(event.position()) is None and self._tool_name == "box":
            self.mousePressEvent(event)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is nowhere."""
        super().leaveEvent(event)
        self.cursor_moved.emit(None)
        if self._prompts_item.hovered is not None:
            self._prompts_item.hovered = None
            self.viewport().update()

    def _click(self, press: Press) -> None:
        if press.hit is not None:
            self._select(press.hit.part)
            self.activated_prompt.emit(press.hit.part.item)
            return
        self._select(None)
        edit = TOOLS[self._tool_name].click(press, self._scene_value())
        if edit is not None:
            self._finish(edit)

    def _finish(self, edit: Edit) -> None:
        before = self._prompts_item.prompts
        self._select(edit.select)
        self._request(edit)
        self._last_edit = None
        if edit.select is not None:
            self._announce(edit)
            return
        changed = new_parts(before, edit.prompts)
        if changed:
            self.activated_prompt.emit(min(part.item for part in changed))

    def _announce(self, edit: Edit) -> None:
        if edit.select is not None:
            self.activated_prompt.emit(edit.select.item)

    def _request(self, edit: Edit) -> None:
        """Ask for an edit; a step of a drag that changes nothing is not worth one."""
        if self._last_edit is not None and edit.prompts == self._last_edit.prompts:
            return
        if edit.merge_key is not None and self._drag_began:
            self._last_edit = edit
        self.edit_requested.emit(edit.prompts, edit.sentence, edit.merge_key)

    def _begin_pan(self, at: QPointF) -> None:
        self.begin_pan(at)
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def _forget_press(self) -> None:
        self._press = self._drag = self._last_edit = None
        self._drag_began = False
        self._prompts_item.rubber_band = None
        self.end_pan()
        self.viewport().update()

    # --- what is under the pointer ------------------------------------------------------------------------------------

    def _pixel(self, at: QPointF) -> Point:
        place = self.scene_point(at)
        return view_to_pixel(place.x(), place.y())

    def _scene_value(self) -> Scene:
        pyramid = self._image_item.pyramid
        width, height = (pyramid.width, pyramid.height) if pyramid is not None else (0, 0)
        return Scene(self._prompts_item.prompts, width, height)

    def _hit(self, at: QPointF) -> Hit | None:
        if not self._prompts_item.isVisible():
            return None
        item, scale = self._prompts_item, self.transform().m11()
        return hit_test(item.prompts, self._pixel(at), scale, self.selected_part, item.sizes)

    def _hover(self, at: QPointF) -> None:
        hit = None if self._space_held else self._hit(at)
        part = hit.part if hit is not None else None
        if part != self._prompts_item.hovered:
            self._prompts_item.hovered = part
            self.viewport().update()
        self._notes.show(self._prompts_item.prompts, part)
        self._show_cursor(hit)

    def _tell_cursor(self, at: QPointF) -> None:
        if not self.has_content:
            return
        place = self.scene_point(at)
        inside = self._content.contains(place) and place.x() < self._content.right()
        inside = inside and place.y() < self._content.bottom()
        self.cursor_moved.emit((int(place.x()), int(place.y())) if inside else None)

    def _show_cursor(self, hit: Hit | None) -> None:
        if not self.has_content:
            self.viewport().unsetCursor()
        elif self._space_held:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif hit is not None:
            self.viewport().setCursor(handle_cursor(hit.handle))
        else:
            self.viewport().setCursor(tool_cursor(self._tool_name, busy=self._busy, ratio=self.devicePixelRatioF()))

    # --- keys and dropped files ---------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space lends the hand, Escape gives up a drag; all other keys are the window's."""
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space_held = True
                self._show_cursor(None)
            event.accept()
        elif event.key() == Qt.Key.Key_Escape and self.cancel_drag():
            event.accept()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space gives the hand back."""
        if event.key() != Qt.Key.Key_Space:
            event.ignore()
        elif not event.isAutoRepeat():
            self._space_held = False
            self._show_cursor(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key let go elsewhere is not heard of."""
        super().focusOutEvent(event)
        self._space_held = False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """They may be dropped anywhere."""
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell which."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


def _button(press: Press) -> Qt.MouseButton:
    return Qt.MouseButton.LeftButton if press.button == "left" else Qt.MouseButton.RightButton


def _exists(prompts: Prompts, part: PromptPart) -> bool:
    if part.item >= len(prompts.items):
        return False
    item = prompts.items[part.item]
    return item.box is not None if part.point is None else part.point < len(item.points)
