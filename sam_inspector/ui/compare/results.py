"""What the panes were told about the image on screen."""

from __future__ import annotations

from sam_inspector.ui.compare.answer import PaneAnswer
from sam_inspector.ui.compare.questions import Question


class Results:
    """Answers and refusals by question; a question with other settings is another question."""

    def __init__(self) -> None:
        self._found: list[tuple[Question, PaneAnswer | str]] = []

    def of(self, question: Question) -> PaneAnswer | str | None:
        """The answer, or why there is none; None where it was not asked yet."""
        if question.refused:
            return question.refused
        return next((found for asked, found in self._found if asked == question), None)

    def note(self, question: Question, found: PaneAnswer | str) -> None:
        """Keep what came."""
        self._found.append((question, found))

    def keep_only(self, questions: list[Question]) -> None:
        """Forget what no pane asks any more."""
        self._found = [(asked, found) for asked, found in self._found if asked in questions]

    def forget_failures(self) -> None:
        """What went wrong may be asked again."""
        self._found = [(asked, found) for asked, found in self._found if isinstance(found, PaneAnswer)]

    def forget(self) -> None:
        """Another image is on screen."""
        self._found.clear()
