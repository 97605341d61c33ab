"""One reader for each dataset layout."""

from sam_inspector.data.datasets.dataset import GOOD, Dataset, Sample, Skipped
from sam_inspector.data.datasets.layouts import LAYOUTS, Layout
from sam_inspector.data.datasets.loco_defects import (
    DefectChannel,
    DefectKind,
    DefectType,
    defect_kind,
    read_defect_channels,
    read_defects_config,
)
from sam_inspector.data.datasets.opening import open_dataset, open_path

__all__ = [
    "GOOD",
    "LAYOUTS",
    "Dataset",
    "DefectChannel",
    "DefectKind",
    "DefectType",
    "Layout",
    "Sample",
    "Skipped",
    "defect_kind",
    "open_dataset",
    "open_path",
    "read_defect_channels",
    "read_defects_config",
]
