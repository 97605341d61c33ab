"""Tuning the real MobileSAM on half of some real images: the other half is segmented better than before."""

import pytest

from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.spt.samples import marked_samples
from sam_inspector.engine.spt.train import train_spt
from sam_inspector.engine.spt.works import TrainSpt
from sam_inspector.methods.spt.holdout import Holdout
from sam_inspector.methods.spt.settings import SptSettings
from sam_inspector.models.loading import load_segmenter

pytestmark = [pytest.mark.timeout(1800), pytest.mark.large, pytest.mark.data]

SETTINGS = SptSettings(holdout=Holdout.parse("1/2"), epochs=4, keeps_last=True)
"""A third of the usual epochs, which is enough here."""


def test_held_out_images_gain(mobile_sam_weights, measuring_data, tmp_path):
    datasets = [open_dataset(measuring_data / name) for name in ("hazelnut", "leather", "grid")]
    work = TrainSpt(marked_samples(datasets), "mobile_sam", SETTINGS, tmp_path / "tuned.safetensors", device="cpu")
    inspector = Inspector(load_segmenter, tmp_path / "embeddings")
    *_, last = train_spt(work, inspector)
    (judged,) = last.judged
    print(f"\nbox {last.zero_shot.box:.3f} -> {judged.box:.3f}, point {last.zero_shot.point:.3f} -> {judged.point:.3f}")
    assert judged.box > last.zero_shot.box + 0.02
    assert judged.point > last.zero_shot.point + 0.1
