from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sam_inspector.models.registry import MODELS, ModelSpec, Source, WeightsFile
from tests.models.local_server import LocalServer


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of weights, and no proxy of the machine's between the tests and their server."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer() as local:
        yield local


@pytest.fixture
def body() -> bytes:
    """What stands for a checkpoint: 300,000 bytes that do not compress."""
    return np.random.default_rng(5).bytes(300_000)


@pytest.fixture
def spec_of(body: bytes) -> Callable[..., ModelSpec]:
    def make(*sources: Source) -> ModelSpec:
        weights = WeightsFile("tiny.pt", len(body), hashlib.sha256(body).hexdigest(), sources)
        return replace(MODELS["mobile_sam"], name="tiny", title="TinySAM", weights=weights)

    return make
