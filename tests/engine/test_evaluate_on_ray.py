"""The evaluation on a Ray cluster of this machine: the same files, and workers that die."""

import json
import os
import sys
from pathlib import Path

import pytest

from sam_inspector.core.errors import InputError, ModelError
from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.evaluate import EvaluateSettings, open_results, samples_to_evaluate
from sam_inspector.engine.evaluate_on_ray import RayCluster, evaluate_on_ray
from sam_inspector.engine.inspector import Inspector
from tests import fakes
from tests.engine.test_evaluate import run, without_seconds
from tests.fakes import FakeSegmenter, loader

ray = pytest.importorskip("ray", reason="Ray is not installed (extra ray)")

pytestmark = pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::ResourceWarning"
)


# Workers do not know where the tests lie.
for module in (fakes, sys.modules[__name__]):
    ray.cloudpickle.register_pickle_by_value(module)


class Dying(FakeSegmenter):
    """Takes its process down, as want of memory does, as often as there are marks in a folder."""

    marks: str = ""

    def embed(self, pixels, *, cancelled=lambda: False):
        for mark in sorted(Path(self.marks).glob("*")) if self.marks else ():
            mark.unlink()
            os._exit(1)
        return super().embed(pixels, cancelled=cancelled)


def test_a_cluster_that_is_not_there_is_one_sentence(category, tmp_path):
    settings = EvaluateSettings(("b",))
    dataset = open_dataset(category)
    samples = samples_to_evaluate([dataset], settings)
    inspector = Inspector(loader(FakeSegmenter()))
    inspector.load_model("mobile_sam")
    folder = open_results(tmp_path / "out", settings, [dataset], samples, inspector, command="test", resume=False)
    steps = evaluate_on_ray(
        samples, settings, folder, {}, RayCluster("127.0.0.1:1"), load=loader(FakeSegmenter()), model="mobile_sam"
    )
    with pytest.raises(InputError, match="can't be reached"):
        next(steps)
    folder.close()


@pytest.fixture(scope="module")
def cluster():
    """One for all tests: starting Ray takes seconds."""
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()


def on_ray(root, out, *, marks="", resume=False):
    settings = EvaluateSettings(("b", "bp"))
    dataset = open_dataset(root)
    samples = samples_to_evaluate([dataset], settings)
    segmenter = Dying()
    inspector = Inspector(loader(segmenter))
    inspector.load_model("mobile_sam")
    folder = open_results(out, settings, [dataset], samples, inspector, command="test", resume=resume)
    segmenter.marks = str(marks)
    try:
        return list(
            evaluate_on_ray(samples, settings, folder, {}, RayCluster(), load=loader(segmenter), model="mobile_sam")
        )
    finally:
        folder.write()
        folder.close()


def files(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name not in ("results.json", "times.csv")
    }


def test_the_files_are_those_of_the_local_engine(cluster, category, tmp_path):
    steps = on_ray(category, tmp_path / "ray")
    run(category, tmp_path / "local")
    assert files(tmp_path / "ray") == files(tmp_path / "local")
    found = [without_seconds(json.loads((tmp_path / name / "results.json").read_text())) for name in ("ray", "local")]
    assert found[0] == found[1]
    assert [(step.done, len(step.rows)) for step in steps] == [(1, 2), (2, 2), (3, 2), (4, 2)]


def test_an_image_whose_worker_died_is_given_to_another(cluster, category, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    (marks / "once").touch()
    on_ray(category, tmp_path / "ray", marks=marks)
    run(category, tmp_path / "local")
    assert list(marks.iterdir()) == []
    assert files(tmp_path / "ray") == files(tmp_path / "local")


def test_workers_that_keep_dying_end_the_run_in_one_sentence_and_it_can_go_on(cluster, category, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    for number in range(20):
        (marks / str(number)).touch()
    with pytest.raises(ModelError, match=r"died 3 times over part/test/dent/000\.png"):
        on_ray(category, tmp_path / "ray", marks=marks)
    on_ray(category, tmp_path / "ray", resume=True)
    run(category, tmp_path / "local")
    assert files(tmp_path / "ray") == files(tmp_path / "local")
