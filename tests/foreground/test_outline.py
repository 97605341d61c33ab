import numpy as np
import pytest

from sam_inspector.foreground.outline import convexity, fitting_outline, with_outline
from sam_inspector.foreground.settings import FAITHFUL, INSERTION, ForegroundSettings
from tests.foreground.floods import disk_on_noise


def cross():
    mask = np.zeros((90, 90), bool)
    mask[30:60] = mask[:, 30:60] = True
    return mask


def test_shares_of_the_hull_by_hand():
    square = np.zeros((50, 50), bool)
    square[10:30, 10:30] = True
    assert convexity(square) == 1
    # A cross of five squares in an octagon of seven.
    assert convexity(cross()) == pytest.approx(5 / 7, abs=0.02)
    assert convexity(np.zeros((5, 5), bool)) == 0


def test_a_category_of_round_things_gets_its_hull():
    disk = disk_on_noise()[1]
    assert fitting_outline([disk, disk, cross()]) == "convex"
    assert fitting_outline([disk, cross(), cross()]) == "as_found"
    assert fitting_outline([]) == "as_found"
    assert fitting_outline([cross()], least=0.5) == "convex"


def test_only_the_outline_is_changed():
    settings = ForegroundSettings(mode="u2net", saliency_threshold=0.3)
    as_found = with_outline(settings, "as_found")
    assert as_found.clean_up.outline == "as_found"
    assert with_outline(as_found, settings.clean_up.outline) == settings


def test_the_hull_is_never_inserted():
    assert ForegroundSettings().clean_up.outline == "convex"
    assert INSERTION.clean_up.outline == FAITHFUL.clean_up.outline == "as_found"
    assert FAITHFUL.mode == "box_center"
