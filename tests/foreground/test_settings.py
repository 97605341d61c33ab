import subprocess
import sys
from pathlib import Path

import pytest

from sam_inspector.foreground.settings import (
    FAITHFUL,
    BoxCenterSettings,
    CleanUpSettings,
    ForegroundSettings,
    PointGridSettings,
)


def test_the_defaults_are_those_of_the_specification():
    box = BoxCenterSettings()
    assert (box.box_inset, box.corner_inset) == (0.03, 0.02)
    assert (box.least_area, box.most_area, box.most_rim) == (0.05, 0.95, 0.20)
    clean = CleanUpSettings()
    assert (clean.least_component, clean.closing_px) == (0.01, 5)
    assert clean.dilation_px == 2
    assert 3 <= FAITHFUL.clean_up.dilation_px <= 5
    grid = PointGridSettings()
    assert (grid.least_area, grid.most_area, grid.most_rim) == (0.05, 0.95, 0.20)
    assert ForegroundSettings().most_sides == 2


@pytest.mark.parametrize("module", ["settings", "category_types", "backgrounds", "result", "clean_up", "mask_cache"])
def test_what_the_window_lists_waits_for_no_network(module):
    code = f"import sys, sam_inspector.foreground.{module}; assert not {{'torch', 'onnxruntime'}} & set(sys.modules)"
    root = Path(__file__).parents[2]
    outcome = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)
    assert outcome.returncode == 0, outcome.stderr
