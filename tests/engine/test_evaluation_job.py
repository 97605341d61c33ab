"""An evaluation in the window: clicks between its steps, pause, cancel, going on."""

import csv
import io
import json
import threading
from dataclasses import replace

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.compute_loop import ComputeLoop
from sam_inspector.engine.evaluate import EvaluateSettings
from sam_inspector.engine.evaluation_job import evaluation_steps
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.mailbox import Mailbox
from sam_inspector.engine.requests import (
    EvaluateImages,
    EvaluateProgress,
    Job,
    JobEnded,
    JobStepped,
    ModelRequest,
    Segmented,
    SegmentRequest,
)
from sam_inspector.engine.run_lock import RunLock

CLICK = Prompts((Prompt(box=(10.0, 10.0, 60.0, 60.0)),))


@pytest.fixture
def work(category, tmp_path):
    dataset = open_dataset(category)
    return EvaluateImages((dataset,), EvaluateSettings(("b", "bp")), "mobile_sam", tmp_path / "run")


class Running:
    """A compute loop on a thread of its own, and what it said."""

    def __init__(self, inspector):
        self.mailbox, self.replies = Mailbox(), []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=ComputeLoop(self.mailbox, inspector, self._note).run)
        self._thread.start()

    def _note(self, reply):
        with self._changed:
            self.replies.append(reply)
            self._changed.notify_all()

    def wait_for(self, wanted, seconds=20):
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(wanted, self.replies)), seconds), self.replies
            return next(filter(wanted, self.replies))

    def steps(self):
        return [reply.progress for reply in self.replies if isinstance(reply, JobStepped)]

    def close(self):
        self.mailbox.close()
        self._thread.join(10)


@pytest.fixture
def running(inspector):
    loop = Running(inspector)
    yield loop
    loop.close()


def ended(reply):
    return isinstance(reply, JobEnded)


def test_rows_come_image_by_image_and_the_files_are_those_of_the_shell(running, work):
    running.mailbox.add_job(Job(1, "Evaluate", work))
    assert running.wait_for(ended).outcome == "done"
    steps = running.steps()
    assert all(isinstance(step, EvaluateProgress) for step in steps)
    rows = [row for step in steps for row in step.rows]
    written = json.loads((work.out / "results.json").read_text())
    assert [(row.path, row.mode, row.iou) for row in rows] == [
        (row["path"], row["mode"], row["iou"]) for row in written["images"]
    ]
    assert list(steps[-1].categories) == written["categories"]
    assert len(list(csv.DictReader(io.StringIO((work.out / "results.csv").read_text())))) == len(rows)
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert done[-1] == steps[-1].total


def test_each_mode_of_an_image_is_a_step(running, work):
    """A click waits for one mode, not for all modes of an image."""
    running.mailbox.add_job(Job(1, "Evaluate", work))
    running.wait_for(ended)
    texts = [step.text.split(": ")[-1] for step in running.steps()]
    assert texts[:3] == ["b", "bp", ""]


def test_a_paused_run_stands_still_and_goes_on(running, work, make_image):
    running.mailbox.pause_job(1)
    running.mailbox.add_job(Job(1, "Evaluate", work))
    running.mailbox.submit(SegmentRequest(1, make_image(), CLICK))
    running.wait_for(lambda reply: isinstance(reply, Segmented))
    assert running.steps() == []
    running.mailbox.go_on_with_job(1)
    assert running.wait_for(ended).outcome == "done"


def test_the_job_behind_a_paused_one_goes_first(running, work, tmp_path):
    other = replace(work, out=tmp_path / "other")
    running.mailbox.pause_job(1)
    running.mailbox.add_job(Job(1, "Evaluate", work))
    running.mailbox.add_job(Job(2, "Evaluate", other))
    assert running.wait_for(ended).job.number == 2
    running.mailbox.go_on_with_job(1)
    assert running.wait_for(lambda reply: ended(reply) and reply.job.number == 1).outcome == "done"
    assert (work.out / "results.csv").read_bytes() == (other.out / "results.csv").read_bytes()


def test_a_cancelled_run_keeps_what_was_finished_and_can_go_on(running, work, segmenter):
    running.mailbox.add_job(Job(1, "Evaluate", work))
    first = running.wait_for(lambda reply: isinstance(reply, JobStepped) and reply.progress.rows)
    running.mailbox.cancel_job(1)
    assert running.wait_for(ended).outcome == "cancelled"
    kept = json.loads((work.out / "results.json").read_text())["images"]
    assert [row["path"] for row in kept][: len(first.progress.rows)] == [row.path for row in first.progress.rows]
    running.mailbox.add_job(Job(2, "Evaluate", replace(work, resume=True)))
    assert running.wait_for(lambda reply: ended(reply) and reply.job.number == 2).outcome == "done"
    assert len(json.loads((work.out / "results.json").read_text())["images"]) > len(kept)


def test_a_paused_run_can_be_cancelled(running, work):
    running.mailbox.pause_job(1)
    running.mailbox.add_job(Job(1, "Evaluate", work))
    running.mailbox.cancel_job(1)
    assert running.wait_for(ended).outcome == "cancelled"


def test_a_folder_of_other_files_is_refused_in_one_sentence(running, work):
    work.out.mkdir()
    (work.out / "thesis.txt").write_text("mine")
    running.mailbox.add_job(Job(1, "Evaluate", work))
    end = running.wait_for(ended)
    assert end.outcome == "failed"
    assert "holds other files" in end.error
    assert (work.out / "thesis.txt").read_text() == "mine"


def test_a_run_that_is_there_is_replaced_only_where_that_was_asked_for(running, work):
    def end_of(number, **wish):
        running.mailbox.add_job(Job(number, "Evaluate", replace(work, **wish)))
        return running.wait_for(lambda reply: ended(reply) and reply.job.number == number)

    assert end_of(1).outcome == "done"
    before = (work.out / "results.json").read_bytes()
    refused = end_of(2)
    assert refused.outcome == "failed"
    assert "holds a run of part under b, bp" in refused.error
    assert (work.out / "results.json").read_bytes() == before
    settings = EvaluateSettings(("naive",))
    assert "other settings (modes: b, bp there, naive here)" in end_of(3, settings=settings, resume=True).error
    assert end_of(4, settings=settings, replace=True).outcome == "done"
    assert {row["mode"] for row in json.loads((work.out / "results.json").read_text())["images"]} == {"naive"}


def test_a_run_that_is_refused_loads_no_model_and_lets_go_of_the_folder(inspector, work):
    list(evaluation_steps(work, inspector, lambda: False))
    other = Inspector(None)  # it can load nothing
    with pytest.raises(InputError, match="holds a run"):
        list(evaluation_steps(work, other, lambda: False))
    with pytest.raises(TypeError):
        list(evaluation_steps(replace(work, resume=True), other, lambda: False))
    RunLock(work.out).release()


def test_what_keeps_spro_away_is_a_remark_on_the_category(inspector, work, category):
    for folder in ("test", "ground_truth"):
        (category / folder / "dent").rename(category / folder / "structural_anomalies")
    steps = list(evaluation_steps(replace(work, datasets=(open_dataset(category),)), inspector, lambda: False))
    told = [(step.category, remark) for step in steps for remark in step.remarks]
    assert len(told) == 1
    assert told[0][0] == "part"
    assert "defects_config.json" in told[0][1]


def test_a_run_goes_on_with_the_model_it_began_with(running, work, inspector):
    running.mailbox.add_job(Job(1, "Evaluate", work))
    running.wait_for(lambda reply: isinstance(reply, JobStepped))
    running.mailbox.submit(ModelRequest("sam_vit_b"))
    assert running.wait_for(ended).outcome == "done"
    assert json.loads((work.out / "results.json").read_text())["model"]["name"] == "mobile_sam"


def test_a_click_is_answered_in_the_midst_of_an_encoding(inspector, segmenter, make_image, monkeypatch):
    """On an image that is encoded already; the encoder asks between its blocks."""
    shown, other = make_image(), make_image(size=(300, 200))
    inspector.embed(shown)
    mailbox, order = Mailbox(), []
    loop = ComputeLoop(mailbox, inspector, lambda reply: order.append(type(reply).__name__))
    job = Job(1, "Evaluate", None)
    mailbox.add_job(job)
    mailbox.submit(SegmentRequest(1, shown, CLICK))
    assert loop._between(job) is False
    assert order[:2] == ["Embedded", "Segmented"]
    mailbox.submit(SegmentRequest(2, other, CLICK))
    assert loop._between(job) is False
    assert "Encoding" not in order, "an image that has to be encoded waits until the encoder is free"
    mailbox.cancel_job(1)
    assert loop._between(job) is True
