"""The user's own configuration of the npm registry, as npm reads it; npm itself need not be there.

Read are the environment (`npm_config_…`), the user's file and the global file, the former before the latter. Not read
are the file of a project, as this program works in none of npm's projects, and certificates written out in a value.
"""

from __future__ import annotations

import os
import re
import shutil
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_REGISTRY = "https://registry.npmjs.org/"
PREFIX = "npm_config_"


@dataclass(frozen=True, slots=True)
class NpmSettings:
    """Where npm's packages come from.

    Attributes
    ----------
    registry
        Address that ends with a slash.
    scopes
        Registries of packages called `@scope/…`, by `@scope`.
    logins
        Value of the `Authorization` header by the place that it is for, `//host/path/`.
    certificates
        File of certificates to trust, or None.
    proxy
        None leaves it to the environment, as does npm.
    no_proxy
        Hosts that are reached without `proxy`, with commas between them.
    is_checked
        Whether certificates are checked.
    """

    registry: str = DEFAULT_REGISTRY
    scopes: Mapping[str, str] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificates: str | None = None
    proxy: str | None = None
    no_proxy: str = ""
    is_checked: bool = True

    def registry_of(self, package: str) -> str:
        """The registry that has a package."""
        return self.scopes.get(package.partition("/")[0], self.registry)

    def login_for(self, url: str, registry: str) -> str | None:
        """The `Authorization` header for an address, or None.

        As npm does it: a log-in is for the addresses below its own; the registry's is also for its host.
        """
        for address in (url, registry):
            if urlsplit(address).netloc != urlsplit(url).netloc:
                continue
            parts = urlsplit(address)
            place = f"//{parts.netloc}{parts.path}"
            while len(place) > 2:
                login = self.logins.get(place.rstrip("/") + "/")
                if login is not None:
                    return login
                place = place.rstrip("/").rpartition("/")[0] + "/"
        return None


def read_npm_settings() -> NpmSettings:
    """The settings of this user on this machine."""
    environment = environment_options(os.environ)
    user_file = environment.get("userconfig") or str(Path.home() / ".npmrc")
    user = _file_options(Path(user_file).expanduser())
    global_file = environment.get("globalconfig") or user.get("globalconfig")
    prefix = environment.get("prefix") or user.get("prefix") or os.environ.get("PREFIX") or _node_prefix()
    everyone: dict[str, str] = {}
    if global_file or prefix:
        everyone = _file_options(Path(global_file) if global_file else Path(prefix or "") / "etc" / "npmrc")
    return npm_settings({**everyone, **user, **environment})


def npm_settings(options: Mapping[str, str]) -> NpmSettings:
    """Settings from npm's options (`registry`, `@scope:registry`, `//host/:_authToken`, …)."""
    scopes = {
        name.removesuffix(":registry"): _with_slash(value)
        for name, value in options.items()
        if name.startswith("@") and name.endswith(":registry") and value
    }
    places = {name.rpartition(":")[0] for name in options if name.startswith("//") and ":_" in name}
    logins = {_with_slash(place): _login(options, place) for place in places}
    extra = os.environ.get("NODE_EXTRA_CA_CERTS", "").strip()
    return NpmSettings(
        registry=_with_slash(options.get("registry") or DEFAULT_REGISTRY),
        scopes=scopes,
        logins={place: login for place, login in logins.items() if login},
        certificates=_set(options.get("cafile")) or extra or None,
        proxy=_set(options.get("https-proxy")) or _set(options.get("proxy")),
        no_proxy=_set(options.get("noproxy")) or "",
        is_checked=options.get("strict-ssl", "true").lower() != "false",
    )


def environment_options(environment: Mapping[str, str]) -> dict[str, str]:
    """Options from variables called `npm_config_…`, in upper or lower case; empty ones say nothing."""
    options: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.lower().startswith(PREFIX) or not value.strip():
            continue
        name = variable[len(PREFIX) :]
        if not name.startswith("//"):  # npm turns all underscores but a leading one into hyphens
            name = name[:1].lower() + name[1:].lower().replace("_", "-")
        options[name] = value.strip()
    return options


def npmrc_options(text: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Options from the lines of an `.npmrc`; `${NAME}` is what the environment has under that name."""
    return dict(_lines(text, environment))


def _lines(text: str, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    def filled(match: re.Match[str]) -> str:
        optional = match[1].endswith("?")
        return environment.get(match[1].rstrip("?"), "" if optional else match[0])

    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in ";#[":
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not name or name.endswith("[]"):
            continue
        value = re.sub(r"\$\{([^${}]+)\}", filled, _unquoted(value) if equals else "true")
        yield re.sub(r"\$\{([^${}]+)\}", filled, _unquoted(name)), value


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return re.sub(r"\\([;#])", r"\1", re.split(r"(?<!\\)[;#]", text, maxsplit=1)[0]).strip()


def _file_options(path: Path) -> dict[str, str]:
    try:
        return npmrc_options(path.read_text(encoding="utf-8", errors="replace"), os.environ)
    except OSError:
        return {}


def _node_prefix() -> str | None:
    """The folder that node is installed in; npm's global file lies below it."""
    if os.name == "nt":
        roaming = os.environ.get("APPDATA")
        return str(Path(roaming) / "npm") if roaming else None
    node = shutil.which("node") or shutil.which("npm")
    return str(Path(node).parent.parent) if node else None


def _login(options: Mapping[str, str], place: str) -> str | None:
    token = options.get(f"{place}:_authToken")
    if token:
        return f"Bearer {token}"
    login = options.get(f"{place}:_auth")
    if login:
        return f"Basic {login}"
    name, password = options.get(f"{place}:username"), options.get(f"{place}:_password")
    if not (name and password):
        return None
    try:
        clear = b64decode(password)
    except ValueError:  # npm keeps it in base64; this is none
        return None
    return f"Basic {b64encode(name.encode() + b':' + clear).decode()}"


def _set(value: str | None) -> str | None:
    """An option's value; npm writes `null` and `false` for none."""
    return value if value and value.lower() not in ("null", "false") else None


def _with_slash(address: str) -> str:
    return address if address.endswith("/") else f"{address}/"
