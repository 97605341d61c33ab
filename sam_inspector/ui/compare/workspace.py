"""Builds the Compare view and wires it: header, panes, difference, summary, sheets, and what is remembered."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QPointF, Qt, Slot
from PySide6.QtGui import QFont, QGuiApplication

from sam_inspector.models.registry import MODELS
from sam_inspector.models.weights import weights_path
from sam_inspector.ui.canvas.overlays import MaskOverlay
from sam_inspector.ui.compare.controller import CompareController
from sam_inspector.ui.compare.difference_watch import DifferenceWatch
from sam_inspector.ui.compare.header import CELLS
from sam_inspector.ui.compare.layout import LETTERS, CompareLayout, PaneChoice
from sam_inspector.ui.compare.mode_texts import mode_title
from sam_inspector.ui.compare.overview import answer_of, difference_cell, pane_cells, summary_rows
from sam_inspector.ui.compare.page import ComparePage
from sam_inspector.ui.compare.questions import Questions
from sam_inspector.ui.compare.sheet_maker import CLOSING, SheetMaker
from sam_inspector.ui.compare.sheet_values import Sheet
from sam_inspector.ui.compare.summary_rows import SummaryRow, table_rows
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.controls import Controls
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.image_pictures import ImagePictures
from sam_inspector.ui.main_window import MainWindow
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import LayerState, Session
from sam_inspector.ui.settings import CompareSetting, PaneSetting, Settings
from sam_inspector.ui.tuned_models import TunedModels

NAME = "compare"
NO_IMAGE = "This image can't be read."


class CompareWorkspace(QObject):
    """The page with all that keeps it up to date."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        presenter: Presenter,
        pictures: ImagePictures,
        compute: ComputeThread,
        files: FileThread,
        controls: Controls,
        settings: Settings,
        tuned: TunedModels,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._session = session
        self._settings = settings
        self._controls = controls
        self._pictures = pictures
        self._closed_words = ""
        self.page = ComparePage()
        self._tuned = tuned
        self._questions = Questions(session, presenter.automatic, settings)
        layout = _layout_of(settings.compare)
        self.controller = CompareController(
            self.page, session, presenter, compute, self._questions, layout, parent=self
        )
        self._offer_models()
        self.difference = DifferenceWatch(self.page.difference, files, self)
        self.sheets = SheetMaker(self.make_sheet, files, window, self)
        self._connect_page()
        self._connect_window(presenter)
        self.page.set_layers(session.layers)
        self._set_cells()
        self._show_image()

    def _connect_page(self) -> None:
        page, header, controller = self.page, self.page.header, self.controller
        # Later: what is chosen fills the menu anew that it was chosen in.
        for chosen, does in (
            (page.mode_chosen, controller.choose_mode),
            (page.model_chosen, controller.choose_model),
            (page.closed, controller.close_pane),
            (page.difference.chosen, controller.choose_side),
        ):
            chosen.connect(does, Qt.ConnectionType.QueuedConnection)
        page.difference.close_requested.connect(self._close_difference)
        page.summary.close_requested.connect(self._close_summary)
        page.summary.copy_requested.connect(self._copy_table)
        header.add_requested.connect(controller.add_pane)
        header.step_requested.connect(self._controls.step)
        header.shown_toggled.connect(self._toggle)
        header.copy_requested.connect(self.sheets.copy)
        header.save_requested.connect(self._save_sheet)
        page.linked.pointed.connect(self._show_pointed)
        controller.shown.connect(self._conclude)
        controller.pane_closed.connect(self._tell_closed)
        self.sheets.told.connect(self._window.views.banners.show_banner)

    def _connect_window(self, presenter: Presenter) -> None:
        window, session = self._window, self._session
        window.workspace_changed.connect(self._on_workspace)
        self._tuned.changed.connect(self._offer_models)
        presenter.ground_truth_read.connect(self._take_truth)
        session.image_changed.connect(self._show_image)
        session.dataset_changed.connect(self.page.linked.forget_place)
        session.layer_changed.connect(self._show_layers)
        self._controls.overlays_held.connect(self.page.set_overlays_hidden)
        for name, does in (
            ("fit", self._fit),
            ("actual_size", self._zoom_to_actual_size),
            ("zoom_in", self._zoom_in),
            ("zoom_out", self._zoom_out),
        ):
            window.action(name).triggered.connect(does)

    # --- from the window ----------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_workspace(self, name: str) -> None:
        self.controller.set_active(name == NAME)
        self._tell_working()

    @Slot()
    def _offer_models(self) -> None:
        models = (*MODELS.values(), *self._tuned.specs)
        # Whether a file is the right one is seen when it is loaded.
        self.controller.set_models(models, {spec.name for spec in models if not weights_path(spec).is_file()})

    @Slot(object)
    def _take_truth(self, truth: MaskOverlay) -> None:
        self.page.set_truth(truth)

    @Slot()
    def _show_image(self) -> None:
        opened, key = self._session.opened, self._session.current_key
        self.page.header.set_answered(False)
        self.page.header.set_image(key or "", opened.image.description if opened is not None else "")
        self.page.set_image(self._pictures.pyramid, self._pictures.truth, NO_IMAGE if key else "")
        self.difference.forget()

    @Slot(str)
    def _show_layers(self, _name: str) -> None:
        self.page.set_layers(self._session.layers)

    @Slot()
    def _fit(self) -> None:
        if self.controller.is_active:
            self.page.linked.fit()

    @Slot()
    def _zoom_to_actual_size(self) -> None:
        if self.controller.is_active:
            self.page.linked.zoom_to(1.0)

    @Slot()
    def _zoom_in(self) -> None:
        if self.controller.is_active:
            self.page.linked.zoom_in()

    @Slot()
    def _zoom_out(self) -> None:
        if self.controller.is_active:
            self.page.linked.zoom_out()

    @Slot(object)
    def _show_pointed(self, place: QPointF | None) -> None:
        status, opened = self._window.views.status, self._session.opened
        if place is None or opened is None:
            status.set_cursor(None)
            status.set_rgb(None)
            return
        x, y = min(int(place.x()), opened.image.width - 1), min(int(place.y()), opened.image.height - 1)
        red, green, blue = (int(value) for value in opened.image.pixels[y, x])
        status.set_cursor((x, y))
        status.set_rgb((red, green, blue))

    # --- from the page ------------------------------------------------------------------------------------------------

    @Slot(str, bool)
    def _toggle(self, name: str, wanted: bool) -> None:
        if name in dict(self._session.layers):
            self._session.set_layer(name, LayerState(wanted, self._session.layers[name].opacity))
        elif name == "cross":
            self._settings.compare.cross_hair = wanted
            self._set_cells()
        else:
            layout = self.controller.layout
            is_difference = name == "difference"
            self._set_shown(wanted if is_difference else layout.difference, layout.summary if is_difference else wanted)

    @Slot(int, object)
    def _tell_closed(self, place: int, before: CompareLayout) -> None:
        banners = self._window.views.banners
        banners.clear(self._closed_words)
        title = mode_title(before.panes[place].mode, self._session.source.points)
        self._closed_words = f"Closed pane {LETTERS[place]}, {title}."
        banners.show_banner("info", self._closed_words, "Undo", partial(self.controller.bring_back, place, before))

    @Slot()
    def _close_difference(self) -> None:
        self._set_shown(False, self.controller.layout.summary)

    @Slot()
    def _close_summary(self) -> None:
        self._set_shown(self.controller.layout.difference, False)

    def _set_shown(self, difference: bool, summary: bool) -> None:
        layout = self.controller.layout
        self.controller.set_layout(CompareLayout(layout.panes, layout.pair, difference, summary))
        self._set_cells()

    def _set_cells(self) -> None:
        layout, has_cross = self.controller.layout, self._settings.compare.cross_hair
        self.page.header.set_shown(
            dict(zip((name for name, _, _ in CELLS), (layout.difference, layout.summary, has_cross), strict=True))
        )
        self.page.linked.set_has_cross(has_cross)

    # --- what follows from the panes ----------------------------------------------------------------------------------

    @Slot()
    def _conclude(self) -> None:
        """Difference and summary of what the panes show now."""
        self._remember()
        self._tell_working()
        self.page.fit_titles()
        self.page.header.set_answered(all(state.status in ("ready", "failed") for state in self.controller.states))
        opened, layout, states = self._session.opened, self.controller.layout, self.controller.states
        self.page.summary.set_rows(self.rows() if opened is not None else [])
        if opened is not None and layout.difference:
            first, second = (states[place] for place in layout.pair)
            self.difference.show(
                layout.pair,
                (answer_of(first), answer_of(second)),
                (first.status == "computing", second.status == "computing"),
                self._pictures.truth,
                (opened.image.width, opened.image.height),
            )

    def _tell_working(self) -> None:
        states = self.controller.states if self.controller.is_active else []
        is_working = any(state.status == "computing" for state in states)
        self._window.views.status.set_working("Comparing…" if is_working else "")

    def rows(self) -> list[SummaryRow]:
        """The rows of the summary."""
        opened = self._session.opened
        key = opened.key if opened is not None else ""
        return summary_rows(self.controller, self.page.titles(self._session.source.points), key)

    def _remember(self) -> None:
        layout, setting = self.controller.layout, self._settings.compare
        setting.panes = [PaneSetting(mode=pane.mode, model=pane.model) for pane in layout.panes]
        setting.pair = layout.pair
        setting.difference, setting.summary = layout.difference, layout.summary

    @Slot()
    def _copy_table(self) -> None:
        lines = ["\t".join(row) for row in table_rows(self.rows())]
        QGuiApplication.clipboard().setText("\n".join(lines))
        self._window.views.banners.show_banner("info", "The table is on the clipboard.")

    # --- sheets -------------------------------------------------------------------------------------------------------

    @Slot()
    def _save_sheet(self) -> None:
        opened = self._session.opened
        if opened is not None:
            self.sheets.save(opened.sample.path)

    def make_sheet(self) -> Sheet | None:
        """All panes as they are on screen; None without an image."""
        opened, layout = self._session.opened, self.controller.layout
        if opened is None or self._pictures.pyramid is None or not self.controller.states:
            return None
        rows = self.rows()
        cells = pane_cells(self.controller, rows, self._session.source.points)
        if layout.difference and self.difference.found is not None:
            cells.append(difference_cell(layout, self.difference.found))
        view = self.page.panes[0].view
        size = view.viewport().size()
        return Sheet(
            " / ".join(opened.key.split("/")),
            opened.image.description,
            tuple(cells),
            self.page.columns,
            self._pictures.pyramid,
            self._pictures.truth,
            view.viewportTransform(),
            (float(size.width()), float(size.height())),
            dict(self._session.layers),
            tuple(tuple(row) for row in table_rows(rows)) if layout.summary else (),
            CLOSING,
            QFont(self._window.font()),
        )


def _layout_of(setting: CompareSetting) -> CompareLayout:
    panes = [PaneChoice(pane.mode, pane.model) for pane in setting.panes]
    return CompareLayout.checked(panes, setting.pair, difference=setting.difference, summary=setting.summary)
