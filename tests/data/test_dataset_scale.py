"""Many images: what each costs when a folder is opened, counted rather than timed."""

import os
import sys
import tracemalloc
from itertools import count

import pytest

from sam_inspector.data.datasets import open_path

IMAGES = 1500
# A hundred thousand images may take 500 MB, all that the window keeps of them included.
MOST_BYTES = 1500
# Twice what it is; at a tenth of a microsecond each they are seconds for a hundred thousand images.
MOST_CALLS = 90


@pytest.fixture(params=["flat", "categories"])
def root(request, tmp_path):
    """Links to one empty file: nothing of an image is looked at."""
    (tmp_path / "one").write_bytes(b"")
    root = tmp_path / "root"
    folders = {"flat": ["."], "categories": ["nut/train/good", "nut/test/crack", "nut/ground_truth/crack"]}
    for folder in folders[request.param]:
        (root / folder).mkdir(parents=True)
        for number in range(IMAGES):
            os.link(tmp_path / "one", root / folder / f"part-{number}.png")
    return root


def test_no_file_is_looked_at(root, monkeypatch):
    looks = count()
    real = os.stat

    def stat(*arguments, **options):
        next(looks)
        return real(*arguments, **options)

    monkeypatch.setattr(os, "stat", stat)
    dataset, _ = open_path(root)
    assert len(dataset.samples) >= IMAGES
    assert next(looks) < 100


def test_memory_of_each_image(root):
    open_path(root)
    tracemalloc.start()
    try:
        dataset, _ = open_path(root)
        keys = [dataset.path_in_root(sample) for sample in dataset.samples]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak / len(keys) < MOST_BYTES


def test_calls_for_each_image(root):
    calls = count()
    sys.setprofile(lambda frame, event, argument: next(calls) if event in ("call", "c_call") else None)
    try:
        dataset, _ = open_path(root)
    finally:
        sys.setprofile(None)
    assert next(calls) / len(dataset.samples) < MOST_CALLS
