from __future__ import annotations

import errno
import threading
import time
from pathlib import Path

import pytest

from sam_inspector.core.errors import Cancelled, WeightsError
from sam_inspector.models import weights as weights_module, weights_on_disk
from sam_inspector.models.fetching import connection
from sam_inspector.models.registry import MODELS, WebAddress
from sam_inspector.models.weights import find_weights, get_weights, require_weights, verify, weights_status
from tests.models.local_server import Served

REFUSED = WebAddress("http://127.0.0.1:9/tiny.pt")


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_a_good_file_arrives_with_progress(folder, server, body, spec_of):
    server.files["/tiny.pt"] = Served(body)
    told: list[tuple[float, str]] = []
    spec = spec_of(WebAddress(f"{server.url}/tiny.pt"))
    assert find_weights(spec) is None
    path = get_weights(spec, report=lambda fraction, text: told.append((fraction, text)))
    assert path == folder / "tiny.pt" == find_weights(spec) == require_weights(spec)
    assert path.read_bytes() == body
    assert left_in(folder) == {"tiny.pt", "tiny.pt.verified.json"}
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("300.0 kB of 300.0 kB" in text and "TinySAM" in text for _, text in told)


def test_what_is_there_is_not_fetched_again(folder, server, body, spec_of):
    folder.mkdir()
    (folder / "tiny.pt").write_bytes(body)
    assert get_weights(spec_of(WebAddress(f"{server.url}/tiny.pt"))) == folder / "tiny.pt"
    assert server.asked == []


def test_the_next_source_is_asked_when_one_fails(folder, server, body, spec_of):
    server.files["/wrong.pt"] = Served(bytes(len(body)))
    server.files["/short.pt"] = Served(body[:1000])
    server.files["/broken.pt"] = Served(body, status=500)
    server.files["/moved.pt"] = Served(b"", location="/tiny.pt")
    server.files["/tiny.pt"] = Served(body)
    names = ("missing", "wrong", "short", "broken", "moved")
    spec = spec_of(REFUSED, *(WebAddress(f"{server.url}/{name}.pt") for name in names))
    assert get_weights(spec).read_bytes() == body
    assert [asked.path for asked in server.asked][-1] == "/tiny.pt"


def test_when_all_fail_one_sentence_names_each_with_its_reason_and_the_way_by_hand(folder, server, body, spec_of):
    server.files["/wrong.pt"] = Served(bytes(len(body)))
    server.files["/short.pt"] = Served(body[:1000])
    names = ("missing", "wrong", "short")
    spec = spec_of(REFUSED, *(WebAddress(f"{server.url}/{name}.pt") for name in names))
    with pytest.raises(WeightsError) as caught:
        get_weights(spec)
    message = str(caught.value)
    for part in (
        "http://127.0.0.1:9/tiny.pt (no connection to 127.0.0.1)",
        "missing.pt (not found)",
        "wrong.pt (the file that came has the wrong SHA-256)",
        "short.pt (what it has is 1,000 bytes long instead of 300,000)",
        str(folder / "tiny.pt"),
        spec.sha256,
        "sam-inspector models verify tiny",
    ):
        assert part in message
    assert "\n" not in message
    assert left_in(folder) == set()


def test_a_broken_connection_is_resumed_at_once(folder, server, body, spec_of):
    server.files["/tiny.pt"] = Served(body, cut_after=140_000)
    assert get_weights(spec_of(WebAddress(f"{server.url}/tiny.pt"))).read_bytes() == body
    starts = server.starts("/tiny.pt")
    assert starts[0] is None
    assert all(start is not None for start in starts[1:])
    assert 2 <= len(starts) <= 4


def test_cancelled_while_the_server_is_silent_then_resumed(folder, server, body, spec_of):
    server.files["/tiny.pt"] = Served(body, hang_after=200_000)
    spec = spec_of(WebAddress(f"{server.url}/tiny.pt"))
    reached: list[float] = []
    started = time.monotonic()
    with pytest.raises(Cancelled):
        get_weights(
            spec, report=lambda fraction, _: reached.append(fraction), cancelled=lambda: max(reached, default=0) > 0
        )
    assert time.monotonic() - started < 2
    assert left_in(folder) == {"tiny.pt.part"}
    assert find_weights(spec) is None

    kept = (folder / "tiny.pt.part").stat().st_size
    assert 0 < kept < len(body)
    server.files["/tiny.pt"] = Served(body)
    assert get_weights(spec).read_bytes() == body
    assert server.starts("/tiny.pt")[-1] == f"bytes={kept}-"


@pytest.mark.parametrize("resumable", [True, False])
def test_a_part_of_another_file_costs_one_more_fetch_but_no_error(folder, server, body, spec_of, resumable):
    folder.mkdir()
    (folder / "tiny.pt.part").write_bytes(b"x" * 50_000)
    server.files["/tiny.pt"] = Served(body, resumable=resumable)
    assert get_weights(spec_of(WebAddress(f"{server.url}/tiny.pt"))).read_bytes() == body
    assert len(server.asked) == (2 if resumable else 1)


def test_a_part_that_is_longer_than_the_file_is_dropped(folder, server, body, spec_of):
    folder.mkdir()
    (folder / "tiny.pt.part").write_bytes(body + b"more")
    server.files["/tiny.pt"] = Served(body)
    assert get_weights(spec_of(WebAddress(f"{server.url}/tiny.pt"))).read_bytes() == body


def test_without_a_network_that_even_answers_it_fails_soon(folder, spec_of, monkeypatch):
    released = threading.Event()

    def swallow(*_: object, **__: object) -> None:
        released.wait(20)
        raise OSError(errno.EHOSTUNREACH, "unreachable")

    monkeypatch.setattr(connection.socket, "create_connection", swallow)
    monkeypatch.setattr(connection, "CONNECT_S", 0.2)
    started = time.monotonic()
    with pytest.raises(WeightsError, match="no answer within"):
        get_weights(spec_of(WebAddress("http://silent.invalid/a"), WebAddress("http://silent.invalid/b")))
    assert time.monotonic() - started < 2
    with pytest.raises(Cancelled):
        get_weights(spec_of(REFUSED), cancelled=lambda: True)
    released.set()


class FullDisk:
    """A file on a disk that takes 200,000 bytes."""

    def __init__(self, file):
        self.file = file
        self.room = 200_000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, block):
        self.room -= len(block)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(block)


def test_a_full_disk_is_one_sentence_and_leaves_nothing(folder, server, body, spec_of, monkeypatch):
    server.files["/tiny.pt"] = Served(body)
    real_open = Path.open

    def small(self, mode="r", *args, **kwargs):
        file = real_open(self, mode, *args, **kwargs)
        return FullDisk(file) if self.suffix == ".part" and mode in ("wb", "ab") else file

    monkeypatch.setattr(Path, "open", small)
    with pytest.raises(WeightsError) as caught:
        get_weights(spec_of(WebAddress(f"{server.url}/tiny.pt"), REFUSED))
    assert "is full" in str(caught.value)
    assert str(folder) in str(caught.value)
    assert "600.0 kB" in str(caught.value)
    assert left_in(folder) == set()


def test_too_little_room_is_found_before_anything_is_fetched(folder, server, body, spec_of, monkeypatch):
    usage = weights_module.shutil.disk_usage(folder.parent)
    monkeypatch.setattr(weights_module.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(WeightsError, match="is full"):
        get_weights(spec_of(WebAddress(f"{server.url}/tiny.pt")))
    assert server.asked == []


def test_a_folder_that_cannot_be_written(folder, server, body, spec_of, monkeypatch):
    server.files["/tiny.pt"] = Served(body)
    spec = spec_of(WebAddress(f"{server.url}/tiny.pt"))
    real_open = Path.open

    def read_only(self, mode="r", *args, **kwargs):
        if self.parent == folder and mode != "rb" and mode != "r":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", read_only)
    with pytest.raises(WeightsError) as caught:
        get_weights(spec)
    assert "can't be saved" in str(caught.value)
    assert "SAM_INSPECTOR_WEIGHTS" in str(caught.value)

    # Weights that someone else put into such a folder serve all the same, only unremembered.
    monkeypatch.undo()
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(folder))
    (folder / "tiny.pt").write_bytes(body)

    def no_note(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "write_text", no_note)
    assert find_weights(spec) == folder / "tiny.pt"
    assert "tiny.pt.verified.json" not in left_in(folder)


def test_a_file_where_the_folder_should_be(folder, spec_of):
    folder.write_text("not a folder")
    with pytest.raises(WeightsError, match="can't be saved"):
        get_weights(spec_of(REFUSED))


@pytest.mark.parametrize("content", [b"", b"text", b"x" * 300_000, b"x" * 300_001])
def test_a_wrong_file_is_never_used_and_stays_until_someone_asks(folder, server, body, spec_of, content):
    folder.mkdir()
    path = folder / "tiny.pt"
    path.write_bytes(content)
    server.files["/tiny.pt"] = Served(body)
    spec = spec_of(WebAddress(f"{server.url}/tiny.pt"))
    assert weights_status(spec).state == "wrong"
    assert find_weights(spec) is None
    for use in (require_weights, get_weights):
        with pytest.raises(WeightsError, match="sam-inspector models get tiny"):
            use(spec)
    assert path.read_bytes() == content
    assert server.asked == []

    with pytest.raises(WeightsError):
        get_weights(spec_of(REFUSED), replace_wrong=True)
    assert path.read_bytes() == content, "kept until the right one has come"
    assert get_weights(spec, replace_wrong=True).read_bytes() == body


def test_a_file_is_hashed_once_and_again_when_it_changed(folder, body, spec_of, monkeypatch):
    folder.mkdir()
    path = folder / "tiny.pt"
    path.write_bytes(body)
    spec = spec_of(REFUSED)
    hashed: list[Path] = []
    real = weights_on_disk.file_sha256

    def counting(path, **rest):
        hashed.append(path)
        return real(path, **rest)

    monkeypatch.setattr(weights_on_disk, "file_sha256", counting)
    assert find_weights(spec) == find_weights(spec) == path
    assert len(hashed) == 1
    assert verify(spec).state == "ready"
    assert len(hashed) == 2, "verify trusts nothing"

    path.write_bytes(bytes(len(body)))
    assert find_weights(spec) is None
    (folder / "tiny.pt.verified.json").write_text("[not json")
    path.write_bytes(body)
    assert find_weights(spec) == path


def test_missing_weights_say_how_to_get_them(folder, spec_of):
    with pytest.raises(WeightsError) as caught:
        require_weights(spec_of(REFUSED))
    assert "sam-inspector models get tiny" in str(caught.value)
    assert str(folder) in str(caught.value)


def test_two_who_want_the_same_file_fetch_it_once(folder, server, body, spec_of):
    server.files["/tiny.pt"] = Served(body)
    spec = spec_of(WebAddress(f"{server.url}/tiny.pt"))
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(get_weights(spec))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [folder / "tiny.pt"] * 3
    assert len(server.asked) == 1


@pytest.mark.parametrize("name", MODELS)
def test_real_weights_of_this_machine_are_what_they_should_be(name):
    status = weights_status(MODELS[name])
    assert status.state in ("ready", "missing"), status.message
