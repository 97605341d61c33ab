"""A parameter on one line: its name, what is recommended where another value holds, and its controls."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP


class _Hint(ElidedLabel):
    """What is recommended: as words, or in brackets where there is no room for them."""

    def set_recommended(self, value: str, preset: str) -> None:
        self._short = f"({value})"
        # Without words it still keeps the controls at the right.
        self.setText(f"{preset} {value}" if value else "")
        self.setToolTip(self.text().capitalize())

    def shown_text(self) -> str:
        room = self.contentsRect().width()
        fitting = (words for words in (self.text(), self._short) if self.fontMetrics().horizontalAdvance(words) <= room)
        return next(fitting, "")

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())


class ElidedCombo(QComboBox):
    """A combo box as wide as there is room; the list is as wide as its longest words."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        style = self.style()
        room = style.subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        ).width()
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room - 4)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class ParameterRow(QWidget):
    """A label, what is recommended where that is not what holds, and a control."""

    def __init__(self, title: str, *controls: QWidget, tip: str = "") -> None:
        super().__init__()
        self.label = TonedLabel(title)
        self.hint = _Hint(px=12, tone="muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.label.setToolTip(tip)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GAP // 2)
        line.addWidget(self.label)
        line.addWidget(self.hint, 1)
        for control in controls:
            control.setToolTip(tip)
            control.setAccessibleName(title)
            is_wide = isinstance(control, QComboBox | QLineEdit)
            line.addWidget(control, 1 if is_wide else 0)
            self.hint.setVisible(not is_wide)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def mark(self, is_changed: bool, recommended: str, preset: str = "recommended") -> None:
        """Let the row stand out where its value is not the recommended one, or that of another preset."""
        self.label.set_tone("changed" if is_changed else "text")
        self.hint.set_recommended(recommended if is_changed else "", preset)
