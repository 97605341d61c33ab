from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch

from sam_inspector.core.errors import WeightsError
from sam_inspector.models.checkpoints import read_checkpoint


class Malicious:
    """Makes a file when unpickled."""

    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self):
        return (os.mkdir, (str(self.trap),))


@pytest.fixture
def good(tmp_path) -> Path:
    path = tmp_path / "good.pt"
    torch.save({"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(1000)}, path)
    return path


@pytest.mark.parametrize("new_format", [True, False])
def test_named_tensors_come_back(tmp_path, new_format):
    path = tmp_path / "good.pt"
    torch.save({"a": torch.arange(6.0).reshape(2, 3)}, path, _use_new_zipfile_serialization=new_format)
    weights = read_checkpoint(path)
    assert weights.keys() == {"a"}
    assert weights["a"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("form", ["pickle", "zip", "legacy"])
def test_a_pickle_that_wants_to_run_code_is_refused(tmp_path, form):
    trap = tmp_path / "trap"
    path = tmp_path / "evil.pt"
    content = {"a": torch.zeros(2), "b": Malicious(trap)}
    if form == "pickle":
        path.write_bytes(pickle.dumps(content["b"]))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(WeightsError, match="asks to run code") as caught:
        read_checkpoint(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not trap.exists()
    torch.load(path, weights_only=False) if form == "zip" else pickle.loads(pickle.dumps(Malicious(trap)))
    assert trap.exists(), "the trap itself works"


@pytest.mark.parametrize("kept", [0, 1, 30, 200, 2000, -1, -100])
def test_a_truncated_file(good, kept):
    good.write_bytes(good.read_bytes()[:kept])
    with pytest.raises(WeightsError, match="damaged"):
        read_checkpoint(good)


@pytest.mark.parametrize(
    "content", [b"hello, I am text\n", b"<html></html>", bytes(500), b"\x80\x02}q\x00.", b"PK\x03\x04"]
)
def test_a_file_that_is_no_checkpoint(tmp_path, content):
    path = tmp_path / "x.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [[torch.zeros(1)], {}, {"a": 1}, {1: torch.zeros(1)}])
def test_other_things_than_named_tensors(tmp_path, content):
    path = tmp_path / "x.pt"
    torch.save(content, path)
    with pytest.raises(WeightsError, match="named tensors"):
        read_checkpoint(path)


def test_no_file(tmp_path):
    with pytest.raises(WeightsError, match="There is no checkpoint"):
        read_checkpoint(tmp_path / "x.pt")
