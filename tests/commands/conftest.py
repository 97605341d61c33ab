import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam_inspector.cli import app
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.data.text_prompts import write_text_prompts
from sam_inspector.models import loading
from tests.fakes import FakeSegmenter, loader

CHECKOUT = Path(__file__).parents[2]


@dataclass
class Outcome:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        """The one object on standard output."""
        return json.loads(self.out)

    @property
    def error(self):
        """The one line on standard error, after `Error: `."""
        (line,) = self.err.splitlines()
        assert line.startswith("Error: "), line
        return line.removeprefix("Error: ")


@pytest.fixture
def shell(capfd, monkeypatch):
    """Run a command in this process; what reaches the two streams in whatever way is caught."""

    def run(*arguments):
        arguments = [str(argument) for argument in arguments]
        monkeypatch.setattr(sys, "argv", ["sam-inspector", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            app(arguments)
        told = capfd.readouterr()
        return Outcome(end.value.code or 0, told.out, told.err)

    return run


def start_process(*arguments, before_folder=None, before=None, **environment):
    """Start a command in a process of its own; `before` is code that runs first, kept in a folder to write in."""
    paths = [str(CHECKOUT)]
    if before is not None:
        (before_folder / "sitecustomize.py").write_text(before)
        paths.insert(0, str(before_folder))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
    environment.pop("PYTHONUNBUFFERED", None)  # the way users have it
    return subprocess.Popen(
        [sys.executable, "-m", "sam_inspector", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
    )


def finish_process(process, timeout_s=120):
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Outcome(process.returncode, out, err)


@pytest.fixture
def fake(monkeypatch):
    """The commands load this instead of a model."""
    segmenter = FakeSegmenter()
    monkeypatch.setattr(loading, "load_segmenter", loader(segmenter))
    return segmenter


def make_category(root, images=4, seed=0):
    """A category in MVTec layout: 128 × 96 pixels, images with one or two square defects each."""
    for folder in ("train/good", "test/good", "test/dent", "ground_truth/dent"):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for number in range(images):
        pixels = rng.integers(60, 120, (96, 128, 3), np.uint8)
        mask = np.zeros((96, 128), np.uint8)
        mask[20:40, 30 + number : 60] = 255
        if number % 2:
            mask[60:80, 90:110] = 255
        Image.fromarray(pixels).save(root / f"test/dent/{number:03}.png")
        Image.fromarray(mask).save(root / f"ground_truth/dent/{number:03}_mask.png")
    Image.fromarray(pixels).save(root / "test/good/000.png")
    Image.fromarray(pixels).save(root / "train/good/000.png")
    return root


@pytest.fixture
def part(tmp_path):
    return make_category(tmp_path / "part")


@pytest.fixture
def image(part):
    return part / "test/dent/000.png"


@pytest.fixture
def tiny_clip_name(tmp_path, monkeypatch):
    """A CLIP of random weights in a file, as a user names one of their own: read, built and hashed like any."""
    import torch
    from open_clip import factory

    from tests.tiny_clip import CONFIG, tiny_weights

    monkeypatch.setitem(factory._MODEL_CONFIGS, "Tiny-14", CONFIG)
    torch.save(dict(tiny_weights()), tmp_path / "tiny.pt")
    return f"Tiny-14@{tmp_path / 'tiny.pt'}"


@pytest.fixture
def few_sentences(tmp_path):
    """A file of three sentences instead of hundreds."""
    path = tmp_path / "texts.json"
    write_text_prompts(path, TextPrompts(("{}", "flawless {}"), ("broken {}",), ("a photo of a {}.",)))
    return path
