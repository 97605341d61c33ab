from tests.ui.conftest import driver, no_leftovers, own_settings, segmenter, start  # noqa: F401
