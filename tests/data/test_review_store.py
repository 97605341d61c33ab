"""Saved work comes back, whatever happens to the program or the disk in between."""

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sam_inspector.core.errors import StoreError
from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.work import ImageWork
from sam_inspector.data import review_database
from sam_inspector.data.review_database import SCHEMA_VERSION
from sam_inspector.data.review_store import ItemScore, ReviewStore

PROMPTS = Prompts(
    (
        Prompt(box=(1, 2.5, 30, 19), points=((3.125, 4), (0.1, 0.2)), labels=(1, 0), picks=((1, 2), (2, 0))),
        Prompt(points=((9, 9),), labels=(1,), component=4, source="gt", edited=True),
    )
)
SCORE = ItemScore(
    MaskScores(iou=0.83, p_auroc=1 / 3, mask_area=12, gt_area=0, image_area=960), "bps", "mobile_sam", "recommended"
)


def _mask():
    mask = np.random.default_rng(3).random((37, 53)) > 0.6
    mask[0, 0] = True
    return mask


@pytest.fixture
def store(tmp_path):
    store = ReviewStore.open(tmp_path, user_folder=tmp_path / "user")
    yield store
    store.close()


def _same(found, work):
    assert found.prompts == work.prompts
    assert found.accepted_prompts == work.accepted_prompts
    assert found.verdict == work.verdict
    assert (found.accepted is None) == (work.accepted is None)
    if work.accepted is not None:
        assert found.accepted.dtype == bool
        assert np.array_equal(found.accepted, work.accepted)


@pytest.mark.parametrize(
    "work",
    [
        ImageWork(PROMPTS, _mask(), Prompts(PROMPTS.items[:1]), "unsure"),
        ImageWork(PROMPTS),
        ImageWork(accepted=np.zeros((1, 1), bool)),
        ImageWork(verdict="good"),
    ],
    ids=["all", "prompts", "mask", "verdict"],
)
def test_work_is_back_when_the_folder_is_opened_again(tmp_path, work):
    store = ReviewStore.open(tmp_path)
    store.save_work("id", "test/a.png", work)
    store.close()
    again = ReviewStore.open(tmp_path)
    _same(again.load_work("id"), work)
    assert again.load_work("other") is None
    assert again.is_beside_data
    assert again.path == tmp_path / ".sam-inspector" / "review.sqlite"
    assert again.recovered_from is None
    again.close()


def test_the_last_save_counts_and_empty_work_leaves_nothing(store):
    store.save_work("id", "a.png", ImageWork(PROMPTS))
    store.save_work("id", "moved/a.png", ImageWork(verdict="defect"))
    _same(store.load_work("id"), ImageWork(verdict="defect"))
    assert [summary.relative_path for summary in store.all_summaries()] == ["moved/a.png"]
    store.save_work("id", "moved/a.png", ImageWork())
    assert store.load_work("id") is None
    assert store.all_summaries() == []


def test_summaries_join_work_and_scores(store):
    store.save_work("one", "b.png", ImageWork(PROMPTS, verdict="defect"))
    store.save_work("two", "a.png", ImageWork(accepted=_mask()))
    store.save_scores("one", "b.png", SCORE)
    store.save_scores("three", "c.png", replace(SCORE, scores=MaskScores(), preset=None, is_complete=False))
    two, one, three = store.all_summaries()
    assert (one.relative_path, one.verdict, one.iou, one.has_prompts, one.has_accepted) == (
        "b.png",
        "defect",
        0.83,
        True,
        False,
    )
    assert one.score == SCORE
    assert (two.image_id, two.verdict, two.iou, two.has_prompts, two.has_accepted) == ("two", None, None, False, True)
    assert (three.iou, three.score.is_complete, three.score.preset) == (None, False, None)
    store.save_scores("one", "b.png", None)
    assert store.all_summaries()[1].score is None


def test_many_images_are_listed_quickly(store):
    with store._saving() as connection:
        connection.executemany(
            "INSERT INTO work VALUES (?, ?, '[]', NULL, '[]', 'good', '')", ((f"{i}", f"{i}.png") for i in range(5_000))
        )
    begin = time.perf_counter()
    assert len(store.all_summaries()) == 5_000
    assert time.perf_counter() - begin < 1


def test_a_file_is_known_until_it_changes(store):
    assert store.known_image_id("a.png", 10, 20) is None
    store.remember_file("a.png", 10, 20, "id")
    assert store.known_image_id("a.png", 10, 20) == "id"
    assert store.known_image_id("a.png", 11, 20) is None
    assert store.known_image_id("a.png", 10, 21) is None
    store.remember_file("a.png", 11, 21, "new")
    assert store.known_image_id("a.png", 11, 21) == "new"


def test_the_file_is_wal_and_carries_its_schema(store):
    with sqlite3.connect(store.path) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert other.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    other.close()


def test_two_windows_on_one_folder(tmp_path, store):
    other = ReviewStore.open(tmp_path)
    store.save_work("one", "a.png", ImageWork(PROMPTS))
    other.save_work("two", "b.png", ImageWork(verdict="good"))
    assert len(store.all_summaries()) == len(other.all_summaries()) == 2
    other.close()


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal on Windows")
def test_a_killed_program_loses_nothing_that_was_saved(tmp_path):
    script = """
        import sys, time
        from sam_inspector.core.work import ImageWork
        from sam_inspector.data.review_store import ReviewStore
        store = ReviewStore.open(sys.argv[1])
        for number in range(1000):
            if number == 5:
                store._connection.execute("BEGIN IMMEDIATE")
                store._connection.execute("DELETE FROM work")
                print("now", flush=True)
                time.sleep(60)
            store.save_work(str(number), f"{number}.png", ImageWork(verdict="good"))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout.readline() == b"now\n"
        process.send_signal(signal.SIGKILL)
    store = ReviewStore.open(tmp_path)
    assert [summary.image_id for summary in store.all_summaries()] == ["0", "1", "2", "3", "4"]
    store.close()


@pytest.mark.parametrize("content", [b"this was a database once, but no longer is" * 50, None])
def test_a_damaged_store_is_kept_aside_and_a_new_one_begun(tmp_path, content):
    store = ReviewStore.open(tmp_path)
    for number in range(200):
        store.save_work(f"{number}", f"{number}.png", ImageWork(PROMPTS))
    store.close()
    if content is None:
        good = bytearray(store.path.read_bytes())
        good[4096 : 4096 * 6] = b"\xaa" * (4096 * 5)
        content = bytes(good)
    store.path.write_bytes(content)
    again = ReviewStore.open(tmp_path)
    assert again.recovered_from == store.path.with_name("review.corrupt-1.sqlite")
    assert again.recovered_from.read_bytes() == content
    assert again.all_summaries() == []
    again.save_work("new", "new.png", ImageWork(verdict="good"))
    again.close()
    again.path.write_bytes(b"damaged once more" * 99)
    third = ReviewStore.open(tmp_path)
    assert third.recovered_from.name == "review.corrupt-2.sqlite"
    third.close()


def test_a_store_of_a_newer_version_is_left_alone(tmp_path):
    store = ReviewStore.open(tmp_path)
    store._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    store.close()
    before = store.path.read_bytes()
    with pytest.raises(StoreError, match="made by a newer version of SAM Inspector"):
        ReviewStore.open(tmp_path)
    assert store.path.read_bytes() == before


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "no"), OSError(errno.EROFS, "no")])
def test_a_read_only_folder_has_its_store_with_the_user(tmp_path, monkeypatch, error):
    data, user = tmp_path / "data", tmp_path / "user"
    data.mkdir()
    make = Path.mkdir

    def mkdir(self, *args, **options):
        if self.is_relative_to(data):
            raise error
        make(self, *args, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    store = ReviewStore.open(data, user_folder=user)
    assert not store.is_beside_data
    assert store.path.parent == user / "reviews"
    store.save_work("id", "a.png", ImageWork(verdict="good"))
    store.close()
    again = ReviewStore.open(data, user_folder=user)
    assert again.load_work("id").verdict == "good"
    assert again.path == store.path
    again.close()
    assert list(data.iterdir()) == []


def test_a_database_that_can_only_be_read_gives_way_to_one_with_the_user(tmp_path, monkeypatch):
    ReviewStore.open(tmp_path).close()
    connect = sqlite3.connect

    def read_only(path, **options):
        if Path(path).parent.name == ".sam-inspector":
            return connect(Path(path).as_uri() + "?mode=ro", uri=True, **options)
        return connect(path, **options)

    monkeypatch.setattr(review_database.sqlite3, "connect", read_only)
    store = ReviewStore.open(tmp_path, user_folder=tmp_path / "user")
    assert not store.is_beside_data
    store.close()


def test_folders_of_one_name_have_stores_of_their_own(tmp_path):
    first = review_database.path_in_user_folder(tmp_path / "a" / "screw", tmp_path)
    second = review_database.path_in_user_folder(tmp_path / "b" / "screw", tmp_path)
    assert first != second
    assert first.name.startswith("screw-")


def test_nowhere_to_write(tmp_path):
    (tmp_path / ".sam-inspector").write_text("in the way")
    (tmp_path / "user").write_text("in the way too")
    with pytest.raises(StoreError, match="saved neither in"):
        ReviewStore.open(tmp_path, user_folder=tmp_path / "user")


def test_a_full_disk_while_opening(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(StoreError, match="No space left"):
        ReviewStore.open(tmp_path)


def test_a_full_disk_while_saving_keeps_what_was_saved(store):
    store.save_work("id", "a.png", ImageWork(PROMPTS))
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    big = ImageWork(PROMPTS, np.random.default_rng(0).random((500, 500)) > 0.5)
    with pytest.raises(StoreError, match="no space is left"):
        store.save_work("id", "a.png", big)
    _same(store.load_work("id"), ImageWork(PROMPTS))
    store._connection.execute("PRAGMA max_page_count = 100000")
    store.save_work("id", "a.png", big)
    _same(store.load_work("id"), big)


def test_a_store_that_another_program_holds(tmp_path, store, monkeypatch):
    store._connection.execute("PRAGMA busy_timeout = 20")
    monkeypatch.setattr(review_database, "_LOCK_TIMEOUT_S", 0.02)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program is using"):
        store.save_work("id", "a.png", ImageWork(PROMPTS))
    with pytest.raises(StoreError, match="another program is using"):
        ReviewStore.open(tmp_path)
    other.execute("ROLLBACK")
    other.close()
    store.save_work("id", "a.png", ImageWork(PROMPTS))
    _same(store.load_work("id"), ImageWork(PROMPTS))


def test_one_damaged_row_names_its_image(store):
    store.save_work("id", "a.png", ImageWork(PROMPTS))
    store._connection.execute("""UPDATE work SET prompts = '[{"labels": [7]}]'""")
    with pytest.raises(StoreError, match=r"image id in .* is damaged"):
        store.load_work("id")


def test_only_known_verdicts(store):
    with pytest.raises(StoreError):
        store.save_work("id", "a.png", ImageWork(verdict="perhaps"))
    assert store.load_work("id") is None
