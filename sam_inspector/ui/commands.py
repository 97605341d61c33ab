"""The undoable edits. One command is one thing a person did, told in words they understand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

from sam_inspector.core.work import ImageWork

if TYPE_CHECKING:
    from sam_inspector.ui.session import Session

MERGING_ID = 1


class SetWork(QUndoCommand):
    """Replace the work on one image; edits with the same merge key (one drag) become one step.

    Nothing but the frozen values before and after is kept: masks are derived from them and asked for again.
    """

    def __init__(
        self,
        session: Session,
        image_id: str,
        before: ImageWork,
        after: ImageWork,
        text: str,
        merge_key: object = None,
    ) -> None:
        super().__init__(text)
        self._session = session
        self._image_id = image_id
        self._before = before
        self._after = after
        self._merge_key = merge_key

    def id(self) -> int:
        """Tell Qt which commands may be merged."""
        return MERGING_ID if self._merge_key is not None else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take the end of a drag's next step as one's own."""
        if not isinstance(other, SetWork) or other._merge_key != self._merge_key:
            return False
        self._after = other._after
        if self._after.prompts == self._before.prompts:
            self.setObsolete(True)  # a drag that was given up leaves nothing to undo
        return True

    def redo(self) -> None:
        """Do it."""
        self._session.apply_work(self._image_id, self._after)

    def undo(self) -> None:
        """Take it back."""
        self._session.apply_work(self._image_id, self._before)
