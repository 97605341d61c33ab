"""The report of a run: one HTML file that needs nothing else, and its table as Markdown and LaTeX."""

from sam_inspector.engine.report.writing import write_report

__all__ = ["write_report"]
