import pytest

from sam_inspector.commands import window


@pytest.fixture
def no_display(monkeypatch):
    monkeypatch.setattr(window, "missing_display", lambda: "There is no display")


@pytest.mark.parametrize("arguments", [(), ("open",), ("open", ".")])
def test_without_a_display_the_window_is_refused_in_one_line(shell, no_display, arguments):
    outcome = shell(*arguments)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.error == "There is no display: use a desktop, or the shell commands (“sam-inspector --help”)."


def test_qt_that_does_not_load_is_told_in_one_line(shell, monkeypatch):
    monkeypatch.setattr(window, "qt_trouble", lambda: "Qt needs the system library libEGL.so.1: install it.")
    for command in ("open", "demo"):
        assert "libEGL" in shell(command).error


def test_a_wrong_path_or_model_is_told_before_a_window_comes_up(shell, monkeypatch, tmp_path):
    monkeypatch.setattr(window, "missing_display", lambda: None)
    assert "There is no file or folder" in shell("open", tmp_path / "none").error
    (tmp_path / "empty").mkdir()
    assert "holds no images" in shell("open", tmp_path / "empty").error
    assert "There is no model “vit_x”" in shell("open", tmp_path, "--model", "vit_x").error
    assert "There is no model “vit_x”" in shell("demo", "--model", "vit_x").error
