"""A run on the page: its table, the images and charts of the chosen cells, its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication

from sam_inspector.engine.image_rows import ImageRow
from sam_inspector.ui.evaluate import earlier_runs as er, tasks
from sam_inspector.ui.evaluate.chart_data import worst_rows
from sam_inspector.ui.evaluate.chart_panels import ChosenCell
from sam_inspector.ui.evaluate.choice_panel import RunState
from sam_inspector.ui.evaluate.page import NO_REPORT_TIP, REPORT_TIP, EvaluatePage
from sam_inspector.ui.evaluate.run import Run
from sam_inspector.ui.evaluate.running_table import CellKey
from sam_inspector.ui.evaluate.table_text import table_as_mime
from sam_inspector.ui.evaluate.words import IOU_AND_AUROC, metrics_in
from sam_inspector.ui.evaluate.worst_strip import WorstImage
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.panels.jobs import time_left
from sam_inspector.ui.settings import Settings

TABLE_MS, DETAILS_MS = 100, 1500
"""How often the table, and the strip and charts, follow a run at most."""
CURVES_AGAIN_MS = 4000
STRIP_MOST = 300


class RunDisplay(QObject):
    """Fills the page from a run, and follows what is chosen in its table.

    Parameters
    ----------
    report
        As for `EvaluateController`.
    """

    image_opened = Signal(object)
    """`WorstImage`: a person wants to see it on the canvas"""

    def __init__(
        self,
        page: EvaluatePage,
        files: FileThread,
        settings: Settings,
        report: Callable[[Path], Path] | None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._files = files
        self._settings = settings
        self._report = report
        self._is_reporting = False
        self._has_chosen_metric = self._has_chosen = False
        self._state: RunState = "idle"
        self.run: Run | None = None
        self._curves: dict[str, er.Curves] = {}
        self._asked_curves: set[str] = set()
        self._table_timer = QTimer(self, singleShot=True, interval=TABLE_MS)
        self._details_timer = QTimer(self, singleShot=True, interval=DETAILS_MS)
        self._curves_timer = QTimer(self, singleShot=True, interval=CURVES_AGAIN_MS)
        self._table_timer.timeout.connect(self._show_table)
        self._details_timer.timeout.connect(self._show_details)
        self._curves_timer.timeout.connect(self._forget_missing_curves)
        files.done.connect(self._on_file_done)
        files.failed.connect(self._on_file_failed)
        page.metric_chosen.connect(self._choose_metric)
        page.copy_requested.connect(self._copy)
        page.report_requested.connect(self._write_report)
        page.table.cells_chosen.connect(self._on_chosen)
        page.worst.opened.connect(self.image_opened)
        page.worst.picture_needed.connect(self._draw)
        for panel in (page.curves, page.images):
            panel.dot_clicked.connect(self._open_dot)
        page.set_metrics(metrics_in(()), settings.evaluate.metric)
        page.results.set_metric(page.metric_choice.currentData())
        self._enable_report()

    def show_nothing(self) -> None:
        """There is no run to show."""
        self.run = None
        self._page.set_has_table(False)

    def show_run(self, run: Run) -> None:
        """Show another run."""
        self.run = run
        self._has_chosen_metric = self._has_chosen = False
        self._curves.clear()
        self._asked_curves.clear()
        page = self._page
        page.worst.strip.forget_pictures()
        page.worst.show_cell()
        page.results.set_table(run.table)
        page.set_subtitle(run.title, "\n".join((run.title, *map(str, run.outs.values()))))
        page.set_has_table(True)
        page.worst.points = run.choices.points
        self._take_metric(self._settings.evaluate.metric)
        self.show_now()
        page.table.fit_columns()
        page.fit_table()

    def show_soon(self) -> None:
        """The run went on; what is on screen follows some ten times a second at most."""
        if not self._table_timer.isActive():
            self._table_timer.start()

    def show_now(self) -> None:
        """The run stands still: show all of it."""
        self._asked_curves.clear()
        self._show_table()
        self._fall_back()
        self._show_details()

    # --- the page ------------------------------------------------------------------------------------------------

    @Slot()
    def _show_table(self) -> None:
        run, page = self.run, self._page
        if run is None:
            return
        page.results.refresh(run.table.take_changed())
        page.set_metrics(self._metrics(run), page.results.metric)
        if run.table.is_running:
            self.show_progress()
            if not self._details_timer.isActive():
                self._details_timer.start()

    def _metrics(self, run: Run) -> tuple[str, ...]:
        return metrics_in([dict.fromkeys(run.table.pooled_names, 0.0)])

    def _take_metric(self, metric: str) -> None:
        """Show a metric where the run has it."""
        run = self.run
        if run is None:
            return
        names = self._metrics(run)
        self._page.results.set_metric(metric if metric in names else IOU_AND_AUROC)
        self._page.set_metrics(names, self._page.results.metric)

    def _fall_back(self) -> None:
        """A metric of an earlier run that this one has nowhere would show dashes only."""
        run = self.run
        if run is None or run.table.is_running or self._has_chosen_metric:
            return
        if not run.table.has_values(self._page.results.first_metric) and run.table.has_values("iou"):
            self._take_metric(IOU_AND_AUROC)

    def show_progress(self, state: RunState | None = None) -> None:
        """How far the run is, or what there is of it; `state` where that changed."""
        run, bar = self.run, self._page.run_bar
        self._state = state or self._state
        bar.setVisible(run is not None)
        if run is None:
            return
        if self._state in ("running", "paused"):
            paused = self._state == "paused"
            share = run.done / run.total if run.total else 0.0
            left = "" if paused else time_left(run.seconds_left())
            figures = ", ".join(part for part in (f"{run.done:,} of {run.total:,} images", left) if part)
            bar.set_progress("Paused" if paused else "Evaluating", run.what(), share, figures, paused=paused)
        else:
            bar.set_rest(*run.how_it_stands(), str(run.folder))

    @Slot()
    def _show_details(self) -> None:
        """The strip, the charts and the failed images; of the chosen cells only."""
        run = self.run
        if run is None:
            return
        failed = [WorstImage(model, row) for model, row in run.table.failures()] if run.table.failed_count() else []
        self._page.worst.set_failed(failed)
        self._enable_report()
        self._choose_first()
        chosen = self._page.table.chosen()
        if chosen:
            category, column = chosen[0]
            cell = run.table.cell(chosen[0])
            images = [WorstImage(column.model, row) for row in worst_rows(cell, STRIP_MOST)]
            title = f"{category}, {self._column_title(chosen[0])}"
            self._page.worst.set_images(title, images, len(cell.rows) - cell.failed)
        else:
            self._page.worst.set_images("", (), 0)
        self._show_charts()

    def _choose_first(self) -> None:
        """The first cell that has images, until a person chooses: an empty page shows nobody what it is for."""
        run = self.run
        if run is None or self._has_chosen:
            return
        keys = ((name, column) for name in run.table.plans for column in run.table.columns)
        first = next((key for key in keys if run.table.cell(key).rows), None)
        if first is not None:
            self._has_chosen = True
            self._page.table.choose(first)

    def _show_charts(self) -> None:
        run = self.run
        if run is None:
            return
        cells = [self._chosen_cell(run, key) for key in self._page.table.chosen()]
        self._page.curves.set_chosen(cells)
        self._page.images.set_chosen(cells)

    def _chosen_cell(self, run: Run, key: CellKey) -> ChosenCell:
        category, column = key
        complete = run.table.state(key) == "done"
        known = self._curves.get(column.model, {})
        found = {kind: known.get((category, column.mode, kind)) for kind in er.CURVE_KINDS}
        curves = {kind: curve for kind, curve in found.items() if curve is not None}
        if complete and not curves and column.model not in self._asked_curves:
            self._asked_curves.add(column.model)
            self._files.submit(er.ReadCurves(run.outs[column.model]))
        areas = {name: run.table.value(key, name) for name in ("p_auroc", "ap", "aupro")}
        return ChosenCell(key, self._column_title(key), run.table.cell(key), complete, curves, areas)

    def _column_title(self, key: CellKey) -> str:
        return self._page.results.column_title(key[1]).replace("\n", ", ")

    @Slot()
    def _forget_missing_curves(self) -> None:
        """While a run goes on, more curves may have come since they were read."""
        if self.run is not None and self.run.table.is_running:
            self._asked_curves.clear()

    # --- what a person does --------------------------------------------------------------------------------------

    @Slot(object)
    def _on_chosen(self, keys: Sequence[CellKey]) -> None:
        self._has_chosen = True
        self._page.worst.show_cell()
        self._show_details()

    @Slot(str)
    def _choose_metric(self, metric: str) -> None:
        self._settings.evaluate.metric = metric
        self._has_chosen_metric = True
        self._page.results.set_metric(metric)

    @Slot(object)
    def _draw(self, image: WorstImage) -> None:
        run, row = self.run, image.row
        if run is None or image.model not in run.outs:
            return
        sample = run.samples.get((row.category, row.path))
        if sample is not None:
            mask = run.outs[image.model] / row.mask if row.mask is not None else None
            self._files.submit(tasks.DrawErrors(image.key, sample.path, mask, sample.mask_path))

    @Slot(object, object)
    def _open_dot(self, row: ImageRow, key: CellKey) -> None:
        self.image_opened.emit(WorstImage(key[1].model, row))

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setMimeData(
            table_as_mime(self._page.results, self.run.title if self.run is not None else "")
        )
        self._page.banners.show_banner("info", "The table was copied.")

    # --- the report ----------------------------------------------------------------------------------------------

    def _enable_report(self) -> None:
        run = self.run
        has_rows = run is not None and any(run.table.done_count(column) for column in run.table.columns)
        if self._report is None:
            self._page.set_can_report(False, NO_REPORT_TIP)
        elif self._is_reporting:
            self._page.set_can_report(False, "The report is being written…")
        else:
            self._page.set_can_report(has_rows, REPORT_TIP if has_rows else "It needs a category that is complete")

    @Slot()
    def _write_report(self) -> None:
        run = self.run
        if run is None or self._report is None:
            return
        chosen = self._page.table.chosen()
        model = chosen[0][1].model if chosen else next(iter(run.outs))
        self._is_reporting = True
        self._enable_report()
        self._files.submit(tasks.WriteReport(run.outs[model], self._report))

    def _tell_report(self, file: Path) -> None:
        """Open it, and say where it is: there may be no browser."""
        url = QUrl.fromLocalFile(str(file.parent))
        words = f"Report written to {file.parent.name}/{file.name}."
        self._page.banners.clear(words)
        self._page.banners.show_banner("info", words, "Show folder", lambda: QDesktopServices.openUrl(url))
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(file)))

    # --- from the file thread ------------------------------------------------------------------------------------

    @Slot(object, object)
    def _on_file_done(self, task: object, result: Any) -> None:
        match task:
            case er.ReadCurves(out=out):
                for model, folder in self.run.outs.items() if self.run is not None else ():
                    if folder == out:
                        self._curves[model] = result
                self._curves_timer.start()
                self._show_charts()
            case tasks.DrawErrors(key=key):
                self._page.worst.strip.set_picture(key, result)
            case tasks.LoadCharts():
                self._page.curves.allow_charts()
                self._page.images.allow_charts()
            case tasks.WriteReport():
                self._is_reporting = False
                self._enable_report()
                if isinstance(result, Path):
                    self._tell_report(result)
                else:
                    self._page.banners.show_banner("error", result)

    @Slot(object, str)
    def _on_file_failed(self, task: object, message: str) -> None:
        if isinstance(task, tasks.WriteReport):
            self._is_reporting = False
            self._enable_report()
            self._page.banners.show_banner("error", message)
