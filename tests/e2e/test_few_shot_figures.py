"""Figures of few-shot maps, and of prompts and cascades on them: what a plain implementation reached is the floor."""

import pytest

from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.evaluate import (
    EvaluateSettings,
    evaluate,
    open_results,
    samples_to_evaluate,
)
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.map_methods import map_works
from tests.fakes import loader

# All of it is in the set-up: some two hundred images are encoded, a second or more each where bfloat16 is missing.
pytestmark = [pytest.mark.timeout(1200), pytest.mark.large]

LEAST_AP = {"hazelnut": 0.88, "leather": 0.80, "grid": 0.52}
LEAST_AUROC = {"hazelnut": 0.995, "leather": 0.997, "grid": 0.952}
ROUNDING = 0.002
"""Processors round bfloat16 products in different orders; on the one it was measured on no figure needs it."""


@pytest.fixture(scope="module")
def results(mobile_sam, measuring_data, tmp_path_factory):
    settings = EvaluateSettings(modes=("few-shot-map", "few-shot", "cascade"), map_method="few-shot")
    datasets = [open_dataset(measuring_data / name) for name in LEAST_AP]
    samples = samples_to_evaluate(datasets, settings)
    inspector = Inspector(loader(mobile_sam))
    inspector.load_model("mobile_sam")
    out = tmp_path_factory.mktemp("out") / "run"
    folder = open_results(out, settings, datasets, samples, inspector, command="test", resume=False)
    for _ in evaluate(
        samples,
        settings,
        inspector,
        folder,
        map_works(datasets, (), settings.map_methods, settings.few_shot, settings.clip),
    ):
        pass
    rows = {(row["mode"], row["category"]): row for row in folder.as_json()["categories"]}
    for (mode, category), row in rows.items():
        figures = {name: row[name] for name in ("iou", "p_auroc", "ap", "f1_max")}
        print(f"{mode:12} {category:9}", *(f"{name} {value:.4f}" for name, value in figures.items()))
    return rows


@pytest.mark.parametrize("category", LEAST_AP)
def test_the_map_ranks_defects_above_the_rest(results, category):
    row = results["few-shot-map", category]
    assert row["ap"] >= LEAST_AP[category] - ROUNDING
    assert row["p_auroc"] >= LEAST_AUROC[category] - ROUNDING / 4
    assert row["i_auroc"] == 1


def test_automatic_prompts_find_the_defects_and_leave_good_images_alone(results):
    rows = [results["few-shot", category] for category in LEAST_AP]
    assert sum(row["iou"] for row in rows) / len(rows) >= 0.62
    assert all(row["false_alarm_area"] < 0.002 for row in rows)


def test_the_cascade_lifts_the_map_it_starts_from(results):
    def mean(mode, metric):
        return sum(results[mode, category][metric] for category in LEAST_AP) / len(LEAST_AP)

    assert mean("cascade", "f1_max") >= mean("few-shot-map", "f1_max") + 0.01
    assert mean("cascade", "ap") >= mean("few-shot-map", "ap") + 0.005
    assert mean("cascade", "iou") >= mean("few-shot-map", "iou") + 0.04
    assert all(results["cascade", category]["false_alarm_area"] < 0.002 for category in LEAST_AP)
