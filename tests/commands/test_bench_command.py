"""`sam-inspector bench` with the real MobileSAM, each thing measured as few times as can be."""

import json

import numpy as np
import pytest
import torch

from sam_inspector.anomaly.few_shot import View, fit
from sam_inspector.anomaly.recipes import FewShotRecipe
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.commands import benchmark
from sam_inspector.commands.console import Console
from sam_inspector.core.errors import ModelError
from sam_inspector.core.prompts import Prompt
from sam_inspector.engine import bench, bench_pooled
from sam_inspector.models import loading
from sam_inspector.models.backbone import DenseFeatures
from sam_inspector.models.plain_sam import plain_predictor
from sam_inspector.models.registry import MODELS
from tests.fakes import loader

ONCE = bench.Rounds(
    encode=(1, 1),
    decode=(1, 1),
    click=(1, 2),
    cascade=(1, 1),
    metrics=(1, 2),
    pooled=(1, 2),
    pooled_images=4,
    maps=((1, 1), (1, 1)),
    few_shot=FewShotSettings(rotations=1, bank_tokens=512),
)
ROWS = {"median_ms", "p95_ms", "reference_ms", "ratio"}


def test_everything_is_measured_and_printed(mobile_sam, monkeypatch, capfd):
    monkeypatch.setattr(loading, "load_segmenter", loader(mobile_sam))
    monkeypatch.setattr(bench, "REFERENCES", {"map_4": 2, "map_32": 4})
    capfd.readouterr()
    benchmark.run(Console(as_json=True), "mobile_sam", "cpu", ONCE)
    told = capfd.readouterr()
    assert told.err == ""
    found = json.loads(told.out)
    assert found["schema"] == "sam-inspector/bench/1"
    assert (found["engine"], found["device"], found["model"]["name"]) == ("torch", "cpu", "mobile_sam")
    assert found["dtype"] == mobile_sam.device.precision
    assert found["machine"]["threads"] >= 1
    assert found["import_s"] >= 0
    pooled = found["metrics"].pop("pooled")
    rows = [found[name] for name in ("encode", "decode", "click", "cascade", "metrics")]
    for row in (*rows, pooled, found["map"]["references_4"], found["map"]["references_32"]):
        assert set(row) == ROWS
        assert 0 < row["median_ms"] <= row["p95_ms"]
        assert row["ratio"] == pytest.approx(row["reference_ms"] / row["median_ms"], rel=0.05)
    assert {name: found["map"][name] for name in ROWS} == found["map"]["references_4"]
    assert found["click"]["median_ms"] > found["decode"]["median_ms"] / 2  # every click decodes, none is remembered
    assert found["metrics"]["ratio"] > 3
    assert pooled["ratio"] > 3  # with few images the share of what is done once is larger
    assert bench.REFERENCES.keys() < benchmark.TITLES.keys()


def test_people_get_a_table():
    timings = {name: bench.Timing(name, 10.0, 12.0, 1250.0) for name in benchmark.TITLES}
    heading, first, *_ = benchmark.table(timings).splitlines()
    assert heading.split() == ["median", "p95", "plain", "path", "times", "as", "fast"]
    assert first.split()[-7:] == ["10.0", "ms", "12.0", "ms", "1,250.0", "ms", "125.0"]


def test_the_plain_path_gives_the_same_answers(mobile_sam_weights):
    """Else the comparison would be one of different work."""
    image, truth = bench.picture()
    exact = loading.load_segmenter("mobile_sam", device="cpu", precision="float32")
    plain = plain_predictor(MODELS["mobile_sam"], "cpu")
    plain.set_image(image.pixels)
    ours = exact.decode(exact.embed(image.pixels), [Prompt(box=bench.DEFECT)])[0].logits[0]
    theirs = bench.plain_decode(plain)[0, 0].numpy()
    np.testing.assert_allclose(ours, theirs, atol=0.05)
    assert np.mean((ours > 0) == (truth[2::4, 2::4])) > 0.98  # and the picture shows something to find


def test_the_plain_map_is_the_map_without_its_shortcuts():
    """Without centring, coreset and groups both compare the same tokens."""
    generator = torch.Generator().manual_seed(0)
    recipe = FewShotRecipe(average=1, centring=0, rotations=1, bank_tokens=None, groups_looked_into=None)
    views = [DenseFeatures((torch.randn(12, 16, 16, generator=generator),), (160, 160), "stub") for _ in range(3)]
    steps = list(fit([View(n, True, view) for n, view in enumerate(views)], recipe, ("a", "b", "c")))
    query = DenseFeatures((torch.randn(12, 16, 16, generator=generator),), (160, 160), "stub")
    tokens = torch.cat([bench.plain_tokens(view, recipe) for view in views])
    np.testing.assert_allclose(bench.plain_map(query, tokens, recipe), steps[-1].map(query).values, atol=0.01)


def test_the_plain_pooled_metrics_are_ours():
    """But for the 200 thresholds that plain AUPRO takes."""
    images = bench_pooled.made_up_maps(6)
    ours, (auroc, ap, aupro) = bench_pooled.pooled(images), bench_pooled.plain_pooled(images)
    assert 0.6 < auroc < 0.999
    assert ours.p_auroc == pytest.approx(auroc, abs=ours.error_bounds.p_auroc)
    assert ours.ap == pytest.approx(ap, abs=ours.error_bounds.ap)
    assert ours.aupro == pytest.approx(aupro, abs=0.02)


def test_a_model_without_a_plain_path_is_refused():
    from dataclasses import replace

    with pytest.raises(ModelError, match="no plain path"):
        plain_predictor(replace(MODELS["mobile_sam"], arguments=()), "cpu")


def test_an_unknown_model_is_one_line(shell):
    outcome = shell("bench", "--model", "nope", "--json")
    assert (outcome.status, outcome.out) == (1, "")
    assert "There is no model “nope”" in outcome.error


def test_the_help_tells_what_is_measured(shell):
    text = " ".join(shell("bench", "--help").out.split())
    assert "scikit-learn" in text
    assert "float32" in text
