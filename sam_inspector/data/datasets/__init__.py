"""One reader for each dataset layout."""

from sam_inspector.data.datasets.dataset import GOOD, Dataset, Sample, Skipped
from sam_inspector.data.datasets.opening import LAYOUTS, Layout, open_dataset, open_path

__all__ = ["GOOD", "LAYOUTS", "Dataset", "Layout", "Sample", "Skipped", "open_dataset", "open_path"]
