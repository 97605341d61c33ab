"""The table as text: for spreadsheets with tabs between the cells, for documents as HTML."""

from __future__ import annotations

import html

from PySide6.QtCore import QMimeData, Qt

from sam_inspector.ui.evaluate.table_model import ResultsModel


def table_rows(model: ResultsModel) -> list[list[str]]:
    """The table as it stands, titles first; a title of two lines becomes one."""
    columns, across = range(model.columnCount()), Qt.Orientation.Horizontal
    head = [str(model.headerData(column, across)).replace("\n", ", ") for column in columns]
    body = [[str(model.index(row, column).data() or "") for column in columns] for row in range(model.rowCount())]
    return [head, *body]


def table_as_mime(model: ResultsModel, title: str = "") -> QMimeData:
    """Both forms, so that whoever pastes takes what it understands.

    Parameters
    ----------
    title
        What was evaluated, and how; it stands above with the name of the metric.
    """
    rows = table_rows(model)
    caption = "; ".join(part for part in (model.metric_title, title) if part)
    mime = QMimeData()
    mime.setText("\n".join((caption, *("\t".join(row) for row in rows))) + "\n")
    lines = [f"<caption>{html.escape(caption)}</caption>"]
    for place, row in enumerate(rows):
        tag = "th" if place == 0 else "td"
        lines.append("<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>")
    mime.setHtml("<table>\n" + "\n".join(lines) + "\n</table>")
    return mime
