"""The database file under a review store: finding a place for it, its schema, and what can go wrong with it."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import platformdirs

from sam_inspector.core.errors import StoreError
from sam_inspector.data.atomic import is_disk_full, write_failure

STORE_SUFFIX = ".sqlite"
STORE_FOLDER = ".sam-inspector"
STORE_NAME = "review" + STORE_SUFFIX
APPLICATION = "sam-inspector"

_LOCK_TIMEOUT_S = 5.0

# The statements of one schema version each: a new version adds an entry, and never changes those before it.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE work (
            image_id TEXT PRIMARY KEY,
            relative_path TEXT NOT NULL,
            prompts TEXT NOT NULL,
            accepted BLOB,
            accepted_prompts TEXT NOT NULL,
            verdict TEXT CHECK (verdict IN ('defect', 'good', 'unsure')),
            updated_at TEXT NOT NULL
        )""",
        """CREATE TABLE scores (
            image_id TEXT PRIMARY KEY,
            relative_path TEXT NOT NULL,
            score TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )""",
        """CREATE TABLE files (
            relative_path TEXT PRIMARY KEY,
            size_bytes INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            image_id TEXT NOT NULL
        )""",
    ),
)
SCHEMA_VERSION = len(_MIGRATIONS)


class NotWritableError(Exception):
    """A place where no database can be kept; another one may do."""


def path_beside_data(root: Path) -> Path:
    """Where the store of a dataset folder belongs."""
    return root / STORE_FOLDER / STORE_NAME


def path_in_user_folder(root: Path, user_folder: Path | None = None) -> Path:
    """Where the store of a read-only dataset folder goes, one name for each folder."""
    folder = platformdirs.user_data_path(APPLICATION, appauthor=False) if user_folder is None else user_folder
    digest = hashlib.blake2b(root.as_posix().encode(errors="surrogateescape"), digest_size=8).hexdigest()
    return folder / "reviews" / f"{root.name or 'root'}-{digest}{STORE_SUFFIX}"


def open_database(path: Path, root: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open a database for the dataset at `root`, making it or bringing it to the newest schema.

    Returns
    -------
    The connection, and, if the file was damaged, where it was moved: then the database is a new one.

    Raises
    ------
    NotWritableError
        If no database can be kept at this place.
    StoreError
        If it was made by a newer version, is locked, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if is_disk_full(error):
            raise write_failure(path, error) from error
        raise NotWritableError(str(error)) from error
    try:
        return _connect(path, root), None
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise _opening_failure(path, error) from error
    damaged = _move_aside(path)
    try:
        return _connect(path, root), damaged
    except sqlite3.Error as error:
        raise _opening_failure(path, error) from error


def store_failure(path: Path, error: sqlite3.Error, verb: str) -> StoreError:
    """The sentence for a failure of the database at `path`; `verb` is what could not be done: `saved` or `read`."""
    text = str(error)
    if _is_damage(error):
        return StoreError(
            f"Work could not be {verb}, {path} is damaged: open the folder again, a new file is begun then and the "
            "damaged one kept."
        )
    if "full" in text:
        return StoreError(
            f"Work could not be {verb}, no space is left on the disk of {path}: free some, then try again."
        )
    if "locked" in text or "busy" in text:
        return StoreError(f"Work could not be {verb}, another program is using {path}: close it, then try again.")
    if "readonly" in text or "unable to open" in text:
        return StoreError(f"Work could not be {verb}, {path} can't be written: give yourself the right to write to it.")
    return StoreError(f"Work could not be {verb} ({text}): check the disk of {path}, then try again.")


def dataset_of_store(path: Path) -> Path:
    """The dataset folder that a review file belongs to.

    Raises
    ------
    StoreError
        If the file lies apart from its data and does not say.
    """
    if path.parent.name == STORE_FOLDER:
        return path.parent.parent
    try:
        with closing(sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True)) as connection:
            return Path(connection.execute("SELECT value FROM meta WHERE key = 'root'").fetchone()[0])
    except (sqlite3.Error, TypeError) as error:
        raise StoreError(f"{path} is not a review file that can be read: open the dataset's folder instead.") from error


def _connect(path: Path, root: Path) -> sqlite3.Connection:
    # Transactions are begun and ended by hand, so that each save is exactly one.
    connection = sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if finding != "ok":
            raise sqlite3.DatabaseError(finding)
        connection.execute("BEGIN IMMEDIATE")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{path} was made by a newer version of SAM Inspector (schema {version}, this one knows "
                f"{SCHEMA_VERSION}): update the program."
            )
        for statement in (line for migration in _MIGRATIONS[version:] for line in migration):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        # Written each time, for a folder may have been moved; and so a place that can only be read is found out now.
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('root', ?)", (_storable(root),))
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _storable(root: Path) -> str:
    return str(root).encode(errors="replace").decode()


def _is_damage(error: sqlite3.Error) -> bool:
    # SQLite's "not a database" and "malformed" come as this class itself, everything else as one of its children.
    return type(error) is sqlite3.DatabaseError


def _opening_failure(path: Path, error: sqlite3.Error) -> Exception:
    # The last two are what WAL meets on network folders that can't share memory.
    if any(text in str(error) for text in ("readonly", "unable to open", "locking protocol", "disk I/O")):
        return NotWritableError(str(error))
    return store_failure(path, error, "read")


def _move_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.stem}.corrupt-{number}{path.suffix}")).exists():
        number += 1
    try:
        path.rename(aside)
        for ending in ("-wal", "-shm"):
            leftover = path.with_name(path.name + ending)
            if leftover.exists():
                leftover.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise write_failure(path, error) from error
    return aside
