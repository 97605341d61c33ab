"""What the program is, its version and licence, and whose work it stands on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from sam_inspector import __version__
from sam_inspector.ui.panels.buttons import PlainButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN

CREDITS = (
    ("Segment Anything", "Kirillov et al., Meta AI, 2023", "Apache-2.0"),
    ("MobileSAM", "Zhang et al., Kyung Hee University, 2023", "Apache-2.0"),
    ("TinyViT", "Wu et al., Microsoft, 2022", "MIT"),
    ("Qt for Python", "The Qt Company", "LGPL-3.0"),
    ("PyTorch", "The PyTorch authors", "BSD-3-Clause"),
    ("timm", "Ross Wightman", "Apache-2.0"),
    ("pyqtgraph", "The pyqtgraph developers", "MIT"),
    ("OpenCV", "The OpenCV team", "Apache-2.0"),
    ("scikit-learn", "The scikit-learn developers", "BSD-3-Clause"),
    ("Phosphor icons", "Phosphor, through qtawesome", "MIT"),
)
"""Name, by whom, licence."""


class AboutDialog(QDialog):
    """Non-modal; the text can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About SAM Inspector")
        self.setModal(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        column.addWidget(TonedLabel("SAM Inspector", px=20, bold=True))
        version = TonedLabel(f"Version {__version__}, Apache License 2.0", tone="muted")
        column.addWidget(version)
        words = TonedLabel(
            "Segments visual defects with SAM from clicks, boxes or a ground truth, and scores every mask as it "
            "appears. Images never leave this computer.",
            wrap=True,
        )
        column.addWidget(words)
        column.addSpacing(GAP)
        column.addWidget(TonedLabel("Models and libraries", bold=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * MARGIN)
        grid.setVerticalSpacing(4)
        for row, (name, authors, licence) in enumerate(CREDITS):
            grid.addWidget(TonedLabel(name), row, 0)
            grid.addWidget(TonedLabel(authors, tone="muted"), row, 1)
            grid.addWidget(TonedLabel(licence, tone="muted"), row, 2)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addStretch(1)
        self.close_button = PlainButton("Close")
        self.close_button.clicked.connect(self.close)
        column.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
