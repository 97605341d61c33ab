"""The window: menus, tool bar, docks around the canvas. It arranges; what things do is connected elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QWidget,
)

from sam_inspector.ui.actions import ACTIONS, BREAKS, MENUS, make_actions
from sam_inspector.ui.arranging import column_of, scrolling
from sam_inspector.ui.banner import BannerArea
from sam_inspector.ui.banner_place import BannerPlace
from sam_inspector.ui.canvas.view import Canvas
from sam_inspector.ui.image_header import ImageHeader
from sam_inspector.ui.panels.images import ImagesPanel
from sam_inspector.ui.panels.layers import LayersPanel
from sam_inspector.ui.panels.mask_strip import MaskStrip
from sam_inspector.ui.panels.parameter_row import ElidedCombo
from sam_inspector.ui.panels.prompts import PromptsPanel
from sam_inspector.ui.panels.results import ResultsPanel
from sam_inspector.ui.panels.segmented import SegmentedControl
from sam_inspector.ui.settings import WindowState
from sam_inspector.ui.status import StatusBar
from sam_inspector.ui.tool_lights import ToolLights
from sam_inspector.ui.views import Views
from sam_inspector.ui.welcome import WelcomePage

SMALLEST = QSize(1024, 700)
USUAL = QSize(1440, 900)
LEAST_CHOICE_PX = 110
LOW_WINDOW_PX = {"hand": 860, "gt": 860, "auto": 1000}
"""Below this height, for each source of prompts, prompts and layers share a place as tabs, so that none is cut."""
IMAGES_PX, RIGHT_PX = 252, 320
SHARES = {
    "hand": {"prompts": 300, "layers": 215, "results": 340},
    "gt": {"prompts": 430, "layers": 215, "results": 210},
    "auto": {"prompts": 330, "layers": 360, "results": 165},
}
"""Heights of the panels at the right for each source of prompts, in pixels of a window of usual size."""
PANELS_VERSION = 1
WORKSPACES = (
    ("inspect", "Inspect", "One image (F4)", ("images", "prompts", "layers", "results")),
    ("compare", "Compare", "One image under several modes and models (C)", ("images",)),
    ("evaluate", "Evaluate", "Whole datasets (F5)", ()),
    ("tune", "Tune", "Train networks on your own images (F6)", ()),
)
WITHOUT_IMAGE = ("evaluate", "tune")
"""Workspaces that show none of the image that is open."""
"""Name, title, tooltip, and the docks that are shown beside it."""


class MainWindow(QMainWindow):
    """The frame around all views."""

    closing = Signal()
    files_dropped = Signal(list)
    """Paths dropped anywhere on the window"""
    workspace_changed = Signal(str)
    """Name of the workspace on screen"""

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.setWindowTitle("SAM Inspector")
        self.setMinimumSize(SMALLEST)
        self.resize(USUAL)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        self.actions_by_name = make_actions(self)
        self._tools = ToolLights(self.actions_by_name["tool_pan"])
        self.views = Views(
            canvas=Canvas(),
            header=ImageHeader(self.actions_by_name),
            masks=MaskStrip(),
            images=ImagesPanel(),
            prompts=PromptsPanel(),
            layers=LayersPanel(),
            results=ResultsPanel(),
            status=StatusBar(),
            banners=BannerArea(),
            welcome=WelcomePage(),
        )
        self.model = ElidedCombo()
        self.device = ElidedCombo()
        self.recent = QMenu("Recent folders", self)
        self.workspace = "inspect"
        self.switch = SegmentedControl([row[:3] for row in WORKSPACES], can_shrink=False)
        self._pages: dict[str, QWidget] = {}
        self._makers: dict[str, Callable[[], QWidget]] = {}
        self._has_dataset = False
        self._central = self._make_central()
        self._docks = self._make_docks()
        self._shown_docks = list(self._docks.values())
        self._left = WindowState()
        self._is_low: bool | None = None
        self._arranged_by_user = False
        self._source = "hand"
        self._make_menus()
        self._make_tool_bar()
        self.setStatusBar(self.views.status)
        self.reset_layout()

    # --- pages ---------------------------------------------------------------------------------------------------

    def show_workspace(self, has_dataset: bool) -> None:
        """Show the image, or the welcome page while nothing is open."""
        self._has_dataset = has_dataset
        self._show_page()

    def add_workspace(self, name: str, make: Callable[[], QWidget]) -> None:
        """Fill one of `WORKSPACES`, which can be chosen from then on; `make` gives its page when it is chosen first."""
        self._makers[name] = make
        self.switch.segment(name).setEnabled(True)
        self.actions_by_name[f"workspace_{name}"].setEnabled(True)

    def set_workspace(self, name: str) -> None:
        """Show another workspace; the session stays as it is."""
        if name == self.workspace or (name not in self._pages and name not in self._makers):
            return
        if name in self._makers:
            self._pages[name] = self._makers[name]()
            self._central.addWidget(self._pages[name])
            del self._makers[name]
        self.workspace = name
        self._show_page()
        self.workspace_changed.emit(name)

    def _note_shown(self) -> None:
        self._shown_docks = [dock for dock in self._docks.values() if not dock.isHidden()]

    @property
    def is_inspecting(self) -> bool:
        """Whether an image is on screen, with its panels."""
        return self._central.currentWidget() is self._pages["inspect"]

    @property
    def can_edit(self) -> bool:
        """Whether prompts can be worked on: elsewhere nobody would see what becomes of them."""
        return self.workspace == "inspect"

    @property
    def shows_no_image(self) -> bool:
        """Whether the image that the session has open is out of sight, so that keys must not change it."""
        return self.workspace in WITHOUT_IMAGE

    def _show_page(self) -> None:
        was_inspecting = self.is_inspecting
        has_page = self._has_dataset or self.shows_no_image
        self.switch.set_choice(self.workspace)
        self.actions_by_name[f"workspace_{self.workspace}"].setChecked(True)
        if was_inspecting and not (has_page and self.workspace == "inspect"):
            # A panel that the user closed stays closed when the others come back.
            self._note_shown()
            self._left = self.state()
        self._central.setCurrentWidget(self._pages[self.workspace] if has_page else self.views.welcome)
        self._banners.place.setVisible(not self.shows_no_image)  # of a run its own page tells
        # A pane that moves when a banner goes is not where the hand is about to click.
        self._banners.set_over(has_page and self.workspace == "compare")
        self._tools.set_lit(self.can_edit)
        kept = {name: docks for name, _, _, docks in WORKSPACES}[self.workspace] if has_page else ()
        for name, dock in self._docks.items():
            dock.setVisible(name in kept and dock in self._shown_docks)
        if self.is_inspecting:
            self._arrange_right()
            if not self._arranged_by_user:
                QTimer.singleShot(0, self, self._share_heights)
            self.views.canvas.setFocus()
        elif has_page:
            self._pages[self.workspace].setFocus()

    def _make_central(self) -> QStackedWidget:
        views = self.views
        image = column_of(views.header, views.canvas, views.masks, stretched=views.canvas)
        pages = QStackedWidget()
        pages.addWidget(views.welcome)
        pages.addWidget(image)
        self._pages["inspect"] = image
        for name, _, _, _ in WORKSPACES[1:]:  # until there is something to show
            self.switch.segment(name).setEnabled(False)
            self.actions_by_name[f"workspace_{name}"].setEnabled(False)
        self.switch.chosen.connect(self.set_workspace)
        for name, _, _, _ in WORKSPACES:
            self.actions_by_name[f"workspace_{name}"].triggered.connect(partial(self.set_workspace, name))
        # Over whatever is on screen: what went wrong is not told behind it.
        self._banners = BannerPlace(views.banners, pages)
        self.setCentralWidget(self._banners)
        return pages

    # --- docks ---------------------------------------------------------------------------------------------------

    def _make_docks(self) -> dict[str, QDockWidget]:
        views = self.views
        rows = (
            ("images", "Images", views.images, views.images.header, False),
            ("prompts", "Prompts", views.prompts, views.prompts.header, True),
            ("layers", "Layers", views.layers, views.layers.header, False),
            ("results", "Results", views.results, views.results.header, True),
        )
        docks = {}
        for name, title, panel, header, scrolls in rows:
            dock = QDockWidget(title, self)
            dock.setObjectName(name)
            # The panel's own header is the handle; a second title above it would say the same.
            dock.setTitleBarWidget(header)
            dock.setWidget(scrolling(panel) if scrolls else panel)
            dock.topLevelChanged.connect(self._note_moved)
            dock.toggleViewAction().triggered.connect(self._note_arranged)
            docks[name] = dock
        return docks

    @Slot(bool)
    def _note_moved(self, floating: bool) -> None:
        """Only a user makes a panel float, if only for as long as it is dragged."""
        self._arranged_by_user = self._arranged_by_user or floating

    @Slot()
    def _note_arranged(self) -> None:
        self._arranged_by_user = True

    def reset_layout(self) -> None:
        """Put the panels where they are at the first start."""
        self._arranged_by_user = False
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self._docks["images"])
        for name in ("prompts", "layers", "results"):
            self._docks[name].setFloating(False)
            self._docks[name].show()
        self._docks["images"].setFloating(False)
        self._docks["images"].show()
        self._is_low = None
        self._arrange_right()
        self.resizeDocks([self._docks["images"]], [IMAGES_PX], Qt.Orientation.Horizontal)
        self.resizeDocks([self._docks["prompts"]], [RIGHT_PX], Qt.Orientation.Horizontal)

    def _arrange_right(self) -> None:
        """One below the other where there is room, else as tabs; not once the user has moved them."""
        is_low = self.height() < LOW_WINDOW_PX[self._source]
        if self._arranged_by_user or is_low == self._is_low:
            return
        self._is_low = is_low
        area = Qt.DockWidgetArea.RightDockWidgetArea
        prompts, layers, results = (self._docks[name] for name in ("prompts", "layers", "results"))
        for dock in (prompts, layers, results):
            self.removeDockWidget(dock)
            self.addDockWidget(area, dock)
            dock.setVisible(True)
        if is_low:
            self.tabifyDockWidget(prompts, layers)
            prompts.raise_()
        self.resizeDocks([prompts], [RIGHT_PX], Qt.Orientation.Horizontal)
        QTimer.singleShot(0, self, self._share_heights)

    def _share_heights(self) -> None:
        """Qt distributes heights once the docks are laid out, so this comes after."""
        names = ("prompts", "results") if self._is_low else ("prompts", "layers", "results")
        docks = [self._docks[name] for name in names]
        shares = dict(SHARES[self._source])
        if self._is_low:
            shares["prompts"] += shares["layers"] // 4  # which has no place of its own now
        self.resizeDocks(docks, [shares[name] for name in names], Qt.Orientation.Vertical)

    def make_room_for(self, source: str) -> None:
        """What makes prompts takes more room than a list of them; a layout that the user made is left alone."""
        if source != self._source:
            self._source = source
            if not self._arranged_by_user:
                self._arrange_right()
                QTimer.singleShot(0, self, self._share_heights)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rearrange the panels for the new height."""
        super().resizeEvent(event)
        if self.is_inspecting:
            self._arrange_right()

    # --- menus and tool bar ----------------------------------------------------------------------------------------

    def _make_menus(self) -> None:
        for title in MENUS:
            menu = self.menuBar().addMenu(title)
            menu.setToolTipsVisible(True)
            for row in ACTIONS:
                if row.menu != title:
                    continue
                if row.name in BREAKS.get(title, ()):
                    menu.addSeparator()
                if row.name == "recent":
                    menu.addMenu(self.recent)
                else:
                    menu.addAction(self.actions_by_name[row.name])
            if title == "View":
                self._add_view_menus(menu)

    def _add_view_menus(self, menu: QMenu) -> None:
        theme = menu.addMenu("Theme")
        for row in ACTIONS:
            if row.menu == "Theme":
                theme.addAction(self.actions_by_name[row.name])
        panels = menu.addMenu("Panels")
        for dock in self._docks.values():
            panels.addAction(dock.toggleViewAction())

    def _make_tool_bar(self) -> None:
        bar = QToolBar("Tools")
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        start = QWidget()
        start.setFixedWidth(8)
        bar.addWidget(start)
        bar.addWidget(self.switch)
        for name in (
            None,
            "open_folder",
            None,
            "undo",
            "redo",
            None,
            "tool_pan",
            "tool_positive",
            "tool_negative",
            "tool_box",
        ):
            if name is None:
                bar.addSeparator()
            else:
                bar.addAction(self.actions_by_name[name])
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(space)
        for title, combo, tip in (
            ("Model", self.model, "The model that makes masks"),
            ("Device", self.device, "Where it computes"),
        ):
            label = QLabel(title)
            label.setContentsMargins(12, 0, 4, 0)
            bar.addWidget(label)
            combo.setToolTip(tip)
            combo.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            combo.setSizeAdjustPolicy(ElidedCombo.SizeAdjustPolicy.AdjustToContents)
            combo.setMinimumWidth(LEAST_CHOICE_PX)  # a long title is cut before the next choice goes
            bar.addWidget(combo)
        end = QWidget()
        end.setFixedWidth(8)
        bar.addWidget(end)
        self.addToolBar(bar)

    # --- state -------------------------------------------------------------------------------------------------------

    def state(self) -> WindowState:
        """Where window and panels are."""
        geometry = bytes(self.saveGeometry().toHex().data()).decode()
        if not self.is_inspecting:
            return self._left.model_copy(update={"geometry": geometry})  # panels are hidden elsewhere
        panels = bytes(self.saveState(PANELS_VERSION).toHex().data()).decode()
        return WindowState(geometry=geometry, panels=panels, moved=self._arranged_by_user, low=self._is_low)

    def restore(self, state: WindowState) -> None:
        """Put window and panels back; what does not fit this screen Qt corrects."""
        if state.geometry:
            self.restoreGeometry(QByteArray.fromHex(state.geometry.encode()))
        if state.panels and self.restoreState(QByteArray.fromHex(state.panels.encode()), PANELS_VERSION):
            self._arranged_by_user, self._is_low = state.moved, state.low
            self._note_shown()
            self._left = state

    def action(self, name: str) -> QAction:
        """One of the actions."""
        return self.actions_by_name[name]

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files from the file browser."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.files_dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell everybody; nothing is asked, for all work is saved."""
        self.closing.emit()
        super().closeEvent(event)
