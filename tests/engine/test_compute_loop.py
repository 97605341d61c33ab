import threading
import time

import pytest

from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.core.errors import ModelError
from sam_inspector.core.prompts import Prompts, add_point
from sam_inspector.engine import requests as rq
from sam_inspector.engine.compute_loop import ComputeLoop
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.mailbox import Mailbox
from tests.fakes import FakeSegmenter, loader


class Running:
    """A loop on a thread of its own, and all it replied."""

    def __init__(self, segmenter, load=None):
        self.mailbox = Mailbox()
        self.replies = []
        self.loop = ComputeLoop(self.mailbox, Inspector(load or loader(segmenter)), self.replies.append)
        self.thread = threading.Thread(target=self.loop.run)
        self.thread.start()

    def wait_for(self, kind, count=1, timeout=5.0):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            found = self.of(kind)
            if len(found) >= count:
                return found
            time.sleep(0.002)
        raise AssertionError(f"{kind.__name__} did not come; there were {[type(r).__name__ for r in self.replies]}")

    def of(self, kind):
        return [reply for reply in list(self.replies) if isinstance(reply, kind)]


@pytest.fixture
def start():
    started = []

    def begin(segmenter, load=None):
        running = Running(segmenter, load)
        started.append(running)
        return running

    yield begin
    for running in started:
        running.mailbox.close()
        running.thread.join(5)
        assert not running.thread.is_alive()


def click(number, image, x=50.0):
    return rq.SegmentRequest(number, image, add_point(Prompts(), (x, 60.0), 1))


def test_a_click_is_answered_with_mask_then_scores(start, make_image):
    running = start(FakeSegmenter())
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.mailbox.submit(click(1, make_image()))
    running.wait_for(rq.Scored)
    kinds = [type(reply) for reply in running.replies]
    assert kinds == [rq.ModelReady, rq.Encoding, rq.Embedded, rq.Segmented, rq.Scored]


def test_latest_click_wins(start, make_image):
    """50 clicks at 2 ms against a decoder of 40 ms: a handful is decoded, and the last of them is."""
    segmenter = FakeSegmenter(decode_seconds=0.04)
    running, image = start(segmenter), make_image()
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    for number in range(1, 51):
        running.mailbox.submit(click(number, image, x=20.0 + number))
        time.sleep(0.002)
    end = time.monotonic() + 5
    while not any(reply.request.number == 50 for reply in running.of(rq.Scored)):
        assert time.monotonic() < end
        time.sleep(0.005)
    assert len(segmenter.decoded) < 15


def test_encoding_a_left_image_is_given_up(start, make_image):
    segmenter = FakeSegmenter(embed_seconds=1.0)
    running = start(segmenter)
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    first, second = make_image("first.png", value=10), make_image("second.png", value=20)
    running.mailbox.submit(rq.EmbedRequest(first))
    running.wait_for(rq.Encoding)
    segmenter.embed_seconds = 0.0
    began = time.monotonic()
    running.mailbox.submit(rq.EmbedRequest(second))
    running.wait_for(rq.Embedded)
    assert running.of(rq.Embedded)[0].image_id == second.image_id
    assert time.monotonic() - began < 0.5


def test_a_click_while_encoding_is_kept(start, make_image):
    segmenter = FakeSegmenter(embed_seconds=0.2)
    running, image = start(segmenter), make_image()
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.mailbox.submit(rq.EmbedRequest(image))
    running.wait_for(rq.Encoding)
    running.mailbox.submit(click(1, image))
    running.wait_for(rq.Segmented)
    assert segmenter.embedded == 1


def test_clicks_are_answered_during_a_job_and_the_job_goes_on(start, make_image):
    segmenter = FakeSegmenter(embed_seconds=0.05)
    running, image = start(segmenter), make_image("seen.png")
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.mailbox.submit(rq.EmbedRequest(image))
    running.wait_for(rq.Embedded)
    paths = tuple(make_image(f"{'x' * n}.png", value=n).path for n in range(1, 11))
    running.mailbox.add_job(rq.Job(1, "Encode", rq.EncodeImages(paths)))
    running.wait_for(rq.JobStepped)
    began = time.monotonic()
    running.mailbox.submit(click(1, image))
    running.wait_for(rq.Segmented)
    assert time.monotonic() - began < 0.3
    assert running.wait_for(rq.JobEnded)[0].outcome == "done"
    assert len(running.of(rq.JobStepped)) == 10


def test_a_cancelled_job_ends_within_one_step(start, make_image):
    running = start(FakeSegmenter(embed_seconds=0.05))
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    paths = tuple(make_image(f"{'x' * n}.png", value=n).path for n in range(1, 11))
    running.mailbox.add_job(rq.Job(1, "Encode", rq.EncodeImages(paths)))
    running.wait_for(rq.JobStepped, 2)
    running.mailbox.cancel_job(1)
    assert running.wait_for(rq.JobEnded)[0].outcome == "cancelled"
    assert len(running.of(rq.JobStepped)) <= 4


def test_unreadable_images_of_a_job_are_passed_over(start, make_image, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no image")
    running = start(FakeSegmenter())
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.mailbox.add_job(rq.Job(1, "Encode", rq.EncodeImages((tmp_path / "bad.png", make_image().path))))
    assert running.wait_for(rq.JobEnded)[0].outcome == "done"


def test_failures_arrive_as_replies_and_the_loop_goes_on(start, make_image):
    segmenter = FakeSegmenter()

    def load(name, **options):
        if name == "broken":
            raise ModelError("The weights are damaged.")
        if name == "defect":
            raise ZeroDivisionError("a defect")
        return segmenter

    running, image = start(segmenter, load), make_image()
    running.mailbox.submit(click(1, image))
    assert "No model is ready" in running.wait_for(rq.Failed)[0].message
    running.mailbox.submit(rq.ModelRequest("broken"))
    assert running.wait_for(rq.Failed, 2)[1].message == "The weights are damaged."
    running.mailbox.submit(rq.ModelRequest("defect"))
    assert "a defect" in running.wait_for(rq.Failed, 3)[2].message
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.mailbox.submit(click(2, image))
    running.wait_for(rq.Scored)


def test_accepted_mask_is_shown_and_scored_without_a_model(start, make_image):
    running, image = start(FakeSegmenter()), make_image()
    accepted = image.pixels[..., 0] > 255
    accepted[10:20, 10:20] = True
    running.mailbox.submit(
        rq.SegmentRequest(1, image, Prompts(), accepted=rq.Accepted(accepted), ground_truth=accepted)
    )
    assert running.wait_for(rq.Scored)[0].scores.iou == 1.0


def test_closing_while_encoding_ends_soon(start, make_image):
    running = start(FakeSegmenter(embed_seconds=30))
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.mailbox.submit(rq.EmbedRequest(make_image()))
    running.wait_for(rq.Encoding)
    began = time.monotonic()
    running.mailbox.close()
    running.thread.join(5)
    assert time.monotonic() - began < 1


# --- maps ------------------------------------------------------------------------------------------------------------


def references(*images):
    work = rq.BuildReferences(tuple(image.path for image in images), FewShotSettings(rotations=1))
    return rq.Job(7, "Normal images", work)


def test_references_are_built_then_images_are_mapped(start, make_image):
    running = start(FakeSegmenter())
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    query = make_image("query.png")
    job = references(make_image("one.png"), make_image("other.png", value=120))
    running.mailbox.add_job(job)
    running.wait_for(rq.JobEnded)
    running.mailbox.submit(rq.EmbedRequest(query, with_map="few-shot"))
    (mapped,) = running.wait_for(rq.Mapped)
    order = [type(reply) for reply in running.replies if not isinstance(reply, rq.JobStepped)]
    assert order == [rq.ModelReady, rq.ReferencesReady, rq.JobEnded, rq.Encoding, rq.Embedded, rq.Mapped]
    (ready,), (ended,) = running.of(rq.ReferencesReady), running.of(rq.JobEnded)
    assert ready.work is job.work
    assert (ended.job, ended.outcome, ended.error) == (job, "done", None)
    assert mapped.image_id == query.image_id
    assert mapped.anomaly_map.values.shape == (256, 256)
    assert mapped.calibration is ready.calibration


def test_without_references_or_unasked_there_is_no_map(start, make_image):
    running = start(FakeSegmenter())
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.mailbox.submit(rq.EmbedRequest(make_image("a.png"), with_map="few-shot"))
    running.wait_for(rq.Embedded)
    running.mailbox.add_job(references(make_image("one.png"), make_image("other.png", value=120)))
    running.wait_for(rq.JobEnded)
    running.mailbox.submit(rq.EmbedRequest(make_image("bb.png")))
    running.wait_for(rq.Embedded, 2)
    running.mailbox.submit(click(1, make_image("ccc.png")))
    running.wait_for(rq.Scored)
    assert not running.of(rq.Mapped)
    assert not running.of(rq.Failed)


def test_references_that_fail_say_so_and_are_not_ready(start, make_image, tmp_path):
    running = start(FakeSegmenter())
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.wait_for(rq.ModelReady)
    work = rq.BuildReferences((tmp_path / "gone.png",), FewShotSettings())
    running.mailbox.add_job(rq.Job(1, "Normal images", work))
    (ended,) = running.wait_for(rq.JobEnded)
    assert ended.outcome == "failed"
    assert "choose at least one" in ended.error
    running.mailbox.submit(rq.EmbedRequest(make_image(), with_map="few-shot"))
    running.wait_for(rq.Embedded)
    assert not running.of(rq.ReferencesReady) + running.of(rq.Mapped)


def test_references_can_be_given_up(start, make_image):
    running = start(FakeSegmenter(embed_seconds=0.05))
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.mailbox.add_job(references(*(make_image(f"{'x' * number}.png") for number in range(1, 30))))
    running.wait_for(rq.JobStepped, 31)
    running.mailbox.cancel_job(7)
    (ended,) = running.wait_for(rq.JobEnded)
    assert ended.outcome == "cancelled"
    assert not running.of(rq.ReferencesReady)


def test_a_click_is_answered_while_references_are_described(start, make_image):
    running = start(FakeSegmenter(embed_seconds=0.03))
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    running.mailbox.add_job(references(*(make_image(f"{'x' * number}.png") for number in range(1, 20))))
    running.wait_for(rq.JobStepped, 21)
    running.mailbox.submit(click(1, make_image("clicked.png")))
    running.wait_for(rq.Scored)
    assert not running.of(rq.JobEnded)
    running.wait_for(rq.ReferencesReady)


def test_the_only_reference_itself_fails_with_a_sentence(start, make_image):
    running = start(FakeSegmenter())
    running.mailbox.submit(rq.ModelRequest("mobile_sam"))
    only = make_image()
    running.mailbox.add_job(references(only))
    running.wait_for(rq.JobEnded)
    running.mailbox.submit(rq.EmbedRequest(only, with_map="few-shot"))
    (failed,) = running.wait_for(rq.Failed)
    assert "choose others as well" in failed.message
    assert running.of(rq.Embedded), "it can be clicked all the same"
