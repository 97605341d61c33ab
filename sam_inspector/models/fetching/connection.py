"""Sessions that trust what the user's machine trusts, and reasons of failure in a few words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy

from sam_inspector import __version__
from sam_inspector.models.fetching.patience import patiently
from sam_inspector.models.fetching.progress import IsCancelled, SourceFailed

CONNECT_S = 5.0
READ_S = 60.0
"""A caching proxy of an index may fetch a whole package before its first byte comes."""

NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class TrustAdapter(HTTPAdapter):
    """Trusts the certificates of the system besides the usual bundle, as pip does: firms put their own there."""

    def __init__(self, verify: bool | str | None = None) -> None:
        self._verify = verify
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """Hand the context to direct connections."""
        super().init_poolmanager(connections, maxsize, block, **kwargs, **self._context())

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Hand the context to connections through a proxy."""
        return super().proxy_manager_for(proxy, **kwargs, **self._context())

    def _context(self) -> dict[str, Any]:
        return {} if self._verify is False else {"ssl_context": ssl.create_default_context()}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send with the certificates given here: requests would let the environment's win over a session's."""
        if self._verify is not None:
            kwargs["verify"] = self._verify
        return super().send(request, *args, **kwargs)


def open_session(
    *, certificates: str | None = None, unverified_hosts: Iterable[str] = (), proxy: str | None = None
) -> requests.Session:
    """A session with the user's proxy and certificates.

    Parameters
    ----------
    certificates
        File of certificates to trust; None takes the environment's, else the usual bundle.
    unverified_hosts
        `host` or `host:port` whose certificates the user chose not to check.
    proxy
        Address; None takes the environment's.
    """
    session = requests.Session()
    session.headers["User-Agent"] = f"sam-inspector/{__version__}"
    session.mount("https://", TrustAdapter(certificates))
    unverified_hosts = tuple(unverified_hosts)
    if unverified_hosts:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the user chose it
    for host in unverified_hosts:
        # The trailing slash and the bare prefix with a colon keep `host` from matching `host.elsewhere`.
        for prefix in (f"https://{host}/", f"https://{host}:"):
            session.mount(prefix, TrustAdapter(False))
    if proxy is not None:
        session.proxies = {"http": proxy, "https": proxy}
        session.trust_env = False
    return session


def check_reachable(session: requests.Session, url: str, cancelled: IsCancelled) -> None:
    """Find out quickly whether the host, or the proxy before it, can be reached at all.

    Requests gives each of a host's addresses its own time to connect, and name look-up has no limit.

    Raises
    ------
    SourceFailed
        When it can't.
    """
    proxies = session.merge_environment_settings(url, {}, None, None, None)["proxies"]
    proxy = select_proxy(url, proxies)
    parts = urlsplit(proxy or url)
    address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))

    def connect() -> None:
        socket.create_connection(address, timeout=CONNECT_S).close()

    try:
        patiently(connect, cancelled, CONNECT_S)
    except OSError as error:
        host = f"the proxy {address[0]}" if proxy else address[0]
        raise SourceFailed(f"no connection to {host}") from error


def reason(error: Exception) -> str:
    """Why a request failed, in a few words without addresses, for those may hold a password."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy refused"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return f"no answer within {READ_S:.0f} s"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return http_reason(error.response.status_code)
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.HTTPError):
        return "the connection broke"
    if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
        return "a certificate file that its settings name is missing"  # the only file that requests looks for
    return type(error).__name__


def http_reason(status: int) -> str:
    """What a status of HTTP means to a user."""
    meanings = {401: "log-in needed", 403: "forbidden", 404: "not found", 407: "the proxy wants a log-in"}
    return meanings.get(status, f"HTTP status {status}")
