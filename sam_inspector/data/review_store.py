"""The inspector's work on one dataset, saved as it is made: SQLite in WAL mode, one file a dataset.

The file lies beside the data, in `.sam-inspector/review.sqlite`; where that folder can't be written, in the user's
own data folder. Every save is one transaction: a program that is killed loses nothing that was saved.
A store is used from the thread that opened it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sam_inspector.core.errors import MaskError, StoreError
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.work import ImageWork, Verdict
from sam_inspector.data.masks import mask_from_png, mask_to_png
from sam_inspector.data.prompt_json import prompts_from_json, prompts_to_json
from sam_inspector.data.review_database import (
    NotWritableError,
    open_database,
    path_beside_data,
    path_in_user_folder,
    store_failure,
)


@dataclass(frozen=True, slots=True)
class ItemScore:
    """The scores of an image's mask, and what made the mask.

    Attributes
    ----------
    mode
        `user`, or the name of the generator of its prompts.
    model, preset
        As in the registry; preset None for hand-made prompts.
    is_complete
        False while the metrics that take longer are still missing.
    """

    scores: MaskScores
    mode: str
    model: str
    preset: str | None
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class WorkSummary:
    """What a list of images shows of the work on one of them.

    Attributes
    ----------
    relative_path
        Where it was last seen, from the folder the store belongs to.
    has_prompts, has_accepted
        Whether prompts are being worked on, and whether regions were accepted.
    score
        The latest, or None.
    """

    image_id: str
    relative_path: str
    verdict: Verdict | None
    has_prompts: bool
    has_accepted: bool
    score: ItemScore | None

    @property
    def iou(self) -> float | None:
        """The latest IoU, None where there is none or it is not defined."""
        return None if self.score is None else self.score.scores.iou


_ITEM_SCORE = TypeAdapter(ItemScore)


class ReviewStore:
    """Saved work; opened with `open`, closed with `close`.

    Attributes
    ----------
    root
        The dataset's folder; `relative_path` counts from there.
    path
        The database.
    is_beside_data
        False if the dataset's folder can't be written and the store is in the user's data folder: the window says so.
    recovered_from
        A damaged store that was found in its place and moved aside, or None.
    """

    def __init__(
        self, connection: sqlite3.Connection, root: Path, path: Path, *, is_beside_data: bool, damaged: Path | None
    ) -> None:
        self._connection = connection
        self.root = root
        self.path = path
        self.is_beside_data = is_beside_data
        self.recovered_from = damaged

    @classmethod
    def open(cls, root: Path | str, *, user_folder: Path | None = None, beside_data: bool = True) -> ReviewStore:
        """Open the store of a dataset folder, making it where there is none.

        Parameters
        ----------
        root
            The dataset's folder.
        user_folder
            Where stores of read-only folders go; by default the user's data folder.
        beside_data
            False keeps the store out of the dataset's folder even where that can be written.

        Raises
        ------
        StoreError
            If it was made by a newer version, is locked by another program, or can be written nowhere.
        """
        root = Path(root).resolve()
        beside, fallback = path_beside_data(root), path_in_user_folder(root, user_folder)
        if beside_data:
            # Not an error yet, and not the reason of what may follow.
            with suppress(NotWritableError):
                connection, damaged = open_database(beside, root)
                return cls(connection, root, beside, is_beside_data=True, damaged=damaged)
        try:
            connection, damaged = open_database(fallback, root)
        except NotWritableError as error:
            raise StoreError(
                f"Work can be saved neither in {beside.parent} nor in {fallback.parent}: give yourself the right to "
                "write to one of them."
            ) from error
        return cls(connection, root, fallback, is_beside_data=False, damaged=damaged)

    def close(self) -> None:
        """Close the database; what was saved stays."""
        self._connection.close()

    def save_work(self, image_id: str, relative_path: str, work: ImageWork) -> None:
        """Save the work on one image, replacing what was saved; empty work leaves nothing behind.

        Raises
        ------
        StoreError
            If it can't be saved: what was saved before stays.
        """
        if work.is_empty and not work.accepted_prompts:
            with self._saving() as connection:
                connection.execute("DELETE FROM work WHERE image_id = ?", (image_id,))
            return
        row = (
            image_id,
            relative_path,
            json.dumps(prompts_to_json(work.prompts)),
            None if work.accepted is None else mask_to_png(work.accepted, one_bit=True),
            json.dumps(prompts_to_json(work.accepted_prompts)),
            work.verdict,
            _now(),
        )
        with self._saving() as connection:
            connection.execute("INSERT OR REPLACE INTO work VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def load_work(self, image_id: str) -> ImageWork | None:
        """The work saved for an image, or None.

        Raises
        ------
        StoreError
            If it can't be read.
        """
        rows = self._read(
            "SELECT prompts, accepted, accepted_prompts, verdict FROM work WHERE image_id = ?", (image_id,)
        )
        if not rows:
            return None
        prompts, accepted, accepted_prompts, verdict = rows[0]
        try:
            return ImageWork(
                prompts_from_json(prompts),
                None if accepted is None else mask_from_png(accepted),
                prompts_from_json(accepted_prompts),
                verdict,
            )
        except (ValueError, MaskError) as error:
            raise StoreError(
                f"The work saved for image {image_id} in {self.path} is damaged: begin it anew."
            ) from error

    def save_scores(self, image_id: str, relative_path: str, score: ItemScore | None) -> None:
        """Save the latest scores of an image; None takes them away.

        Raises
        ------
        StoreError
            If they can't be saved.
        """
        with self._saving() as connection:
            if score is None:
                connection.execute("DELETE FROM scores WHERE image_id = ?", (image_id,))
                return
            row = (image_id, relative_path, json.dumps(asdict(score)), _now())
            connection.execute("INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?)", row)

    def all_summaries(self) -> list[WorkSummary]:
        """All images with work or scores, by path; masks are not decoded."""
        rows = self._read(
            """
            SELECT ids.image_id, COALESCE(work.relative_path, scores.relative_path) AS place, work.verdict,
                   COALESCE(work.prompts, '[]') <> '[]', work.accepted IS NOT NULL, scores.score
            FROM (SELECT image_id FROM work UNION SELECT image_id FROM scores) AS ids
            LEFT JOIN work USING (image_id) LEFT JOIN scores USING (image_id) ORDER BY place
            """
        )
        try:
            return [
                WorkSummary(
                    image_id,
                    place,
                    verdict,
                    bool(prompts),
                    bool(accepted),
                    None if score is None else _ITEM_SCORE.validate_json(score),
                )
                for image_id, place, verdict, prompts, accepted, score in rows
            ]
        except ValueError as error:
            raise StoreError(f"The scores saved in {self.path} are damaged: score the images anew.") from error

    def remember_file(self, relative_path: str, size_bytes: int, mtime_ns: int, image_id: str) -> None:
        """Note the hash of a file that was opened, so that its badge can be shown without opening it again."""
        with self._saving() as connection:
            row = (relative_path, size_bytes, mtime_ns, image_id)
            connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", row)

    def known_image_id(self, relative_path: str, size_bytes: int, mtime_ns: int) -> str | None:
        """The hash of a file if it was opened before and has not changed since, by size and time."""
        rows = self._read(
            "SELECT image_id FROM files WHERE relative_path = ? AND size_bytes = ? AND mtime_ns = ?",
            (relative_path, size_bytes, mtime_ns),
        )
        return str(rows[0][0]) if rows else None

    def _read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise store_failure(self.path, error, "read") from error

    @contextmanager
    def _saving(self) -> Iterator[sqlite3.Connection]:
        """One transaction, whole or not at all."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.rollback()
            raise store_failure(self.path, error, "saved") from error


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
