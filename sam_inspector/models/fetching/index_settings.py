"""The user's own configuration of the Python package index: pip's, with uv's variables where pip has none."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pypi_simple import PYPI_SIMPLE_ENDPOINT

PIP_LEVELS = ("--global", "--user", "--site")
"""Pip's configuration files, weakest first; pip prints all of them in the order of their names when asked at once."""

PIP_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """Where packages come from.

    Attributes
    ----------
    indexes
        Addresses of simple-API indexes, `https:`, `http:` or `file:`, in the order in which they are asked.
    find_links
        Folders, files or addresses that list packages directly; asked after the indexes.
    certificates
        File of certificates to trust, or None.
    client_certificate
        File to prove the user's identity with, or None.
    unverified_hosts
        Hosts whose certificates the user chose not to check.
    """

    indexes: tuple[str, ...]
    find_links: tuple[str, ...] = ()
    certificates: str | None = None
    client_certificate: str | None = None
    proxy: str | None = None
    unverified_hosts: tuple[str, ...] = ()


def read_index_settings() -> IndexSettings:
    """The settings of this user on this machine."""
    return index_settings(_pip_options(), os.environ)


def index_settings(pip_options: Mapping[str, str], environment: Mapping[str, str]) -> IndexSettings:
    """Settings from pip's options (`index-url`, `proxy`, …) and the environment's variables of uv."""
    uv_default = environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL")
    first = pip_options.get("index-url") or _without_name(uv_default or "") or PYPI_SIMPLE_ENDPOINT
    indexes = [first]
    indexes += pip_options.get("extra-index-url", "").split()
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL"):
        indexes += [_without_name(item) for item in environment.get(name, "").split()]
    return IndexSettings(
        indexes=() if _is_true(pip_options.get("no-index", "")) else tuple(dict.fromkeys(indexes)),
        find_links=tuple(pip_options.get("find-links", "").split()),
        certificates=pip_options.get("cert"),
        client_certificate=pip_options.get("client-cert"),
        proxy=pip_options.get("proxy"),
        unverified_hosts=tuple(pip_options.get("trusted-host", "").split()),
    )


def parse_pip_configuration(lines: Iterable[str]) -> dict[str, str]:
    """Options from the lines of `pip config list`: those for downloading win over global ones, the environment's last.

    Lines that are no setting are passed over.
    """
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, "download": {}, ":env:": {}}
    for line in lines:
        key, is_setting, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if not is_setting or section not in sections:
            continue
        try:
            text = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            continue
        if isinstance(text, str) and text.strip():
            sections[section][option] = text.strip()
    options: dict[str, str] = {}
    for section_options in sections.values():
        options |= section_options
    return options


def _pip_options() -> dict[str, str]:
    # A frozen program is no Python that could run pip, and would start itself.
    if getattr(sys, "frozen", False) or importlib.util.find_spec("pip") is None:
        return _environment_options(os.environ)
    lines: list[str] = []
    for level in PIP_LEVELS:
        command = [sys.executable, "-m", "pip", "config", level, "list"]
        try:
            # In the folder of Python: a file of the user's called pip.py would be run instead of pip.
            answer = subprocess.run(
                command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, cwd=sys.prefix, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return _environment_options(os.environ)
        lines += answer.stdout.splitlines()
    return parse_pip_configuration(lines)


def _environment_options(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("PIP_").lower().replace("_", "-"): value.strip()
        for name, value in environment.items()
        if name.startswith("PIP_") and value.strip()
    }


def _without_name(index: str) -> str:
    """Uv allows `name=address`."""
    name, equals, address = index.partition("=")
    return address if equals and "/" not in name else index


def _is_true(text: str) -> bool:
    return text.lower() in ("1", "true", "yes", "on")
