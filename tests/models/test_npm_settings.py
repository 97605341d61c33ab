"""The npm configuration that a user has, read without npm."""

from __future__ import annotations

import base64
import sys

import pytest

from sam_inspector.models.fetching.npm_settings import (
    DEFAULT_REGISTRY,
    NpmSettings,
    environment_options,
    npm_settings,
    npmrc_options,
    read_npm_settings,
)


@pytest.fixture
def no_environment(monkeypatch, own_home):
    """Nothing of this machine's configuration."""
    import os

    for name in list(os.environ):
        if name.lower().startswith("npm_config_") or name in ("PREFIX", "NODE_EXTRA_CA_CERTS"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(own_home))  # no node, so no global file
    monkeypatch.delenv("APPDATA", raising=False)
    return own_home


def test_an_npmrc_is_read_as_npm_reads_it():
    text = """
    ; a comment
    # another
    [section]
    registry = https://firm.example/npm
    @scope:registry="https://scope.example/"
    //firm.example/npm/:_authToken=${TOKEN}
    //other.example/:_authToken=${UNKNOWN}
    email=${UNKNOWN?}
    cafile=/etc/firm.pem ; for the proxy
    password=a\\;b
    ca[]="one"
    strict-ssl
    = nothing
    """
    assert npmrc_options(text, {"TOKEN": "t0p"}) == {
        "registry": "https://firm.example/npm",
        "@scope:registry": "https://scope.example/",
        "//firm.example/npm/:_authToken": "t0p",
        "//other.example/:_authToken": "${UNKNOWN}",
        "email": "",
        "cafile": "/etc/firm.pem",
        "password": "a;b",
        "strict-ssl": "true",
    }


def test_variables_of_the_environment_in_either_case():
    assert environment_options(
        {
            "NPM_CONFIG_REGISTRY": "https://up.example",
            "npm_config_strict_ssl": "false",
            "npm_config_@firm:registry": "https://scope.example",
            "npm_config_//host/:_authToken": "Ab_C",
            "npm_config_proxy": " ",
            "npm_package_name": "x",
        }
    ) == {
        "registry": "https://up.example",
        "strict-ssl": "false",
        "@firm:registry": "https://scope.example",
        "//host/:_authToken": "Ab_C",
    }


def test_without_a_configuration_the_public_registry_is_asked(no_environment):
    assert read_npm_settings() == NpmSettings()
    assert NpmSettings().registry == DEFAULT_REGISTRY


def test_the_environment_wins_over_the_users_file_and_that_over_the_global_one(no_environment, monkeypatch, tmp_path):
    (no_environment / ".npmrc").write_text(
        f"registry=https://user.example/npm\nproxy=http://p:3128\nprefix={tmp_path}\ncafile=null\n"
    )
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "npmrc").write_text("registry=https://global.example\ncafile=/etc/global.pem\nnoproxy=a,b\n")
    settings = read_npm_settings()
    assert settings.registry == "https://user.example/npm/"
    assert settings.proxy == "http://p:3128"
    assert settings.certificates is None, "the user's file takes the global one's back"
    assert settings.no_proxy == "a,b"
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "https://env.example")
    monkeypatch.setenv("npm_config_https_proxy", "http://q:3128")
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", "/etc/extra.pem")
    settings = read_npm_settings()
    assert settings.registry == "https://env.example/"
    assert settings.proxy == "http://q:3128"
    assert settings.certificates == "/etc/extra.pem"


@pytest.mark.skipif(sys.platform == "win32", reason="variables have no case there")
def test_another_file_of_the_users(no_environment, monkeypatch, tmp_path):
    (no_environment / ".npmrc").write_text("registry=https://home.example")
    (tmp_path / "npmrc").write_bytes(b"registry=https://chosen.example\n\xff\xfe=1\n")
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "npmrc"))
    assert read_npm_settings().registry == "https://chosen.example/"


def test_a_scope_has_a_registry_of_its_own():
    settings = npm_settings({"registry": "https://firm.example/npm", "@firm:registry": "https://scope.example"})
    assert settings.registry_of("@firm/thing") == "https://scope.example/"
    assert settings.registry_of("@other/thing") == settings.registry_of("thing") == "https://firm.example/npm/"


def test_a_log_in_is_for_its_place_and_what_lies_below():
    password = base64.b64encode(b"se:cret").decode()
    settings = npm_settings(
        {
            "//firm.example/npm/:_authToken": "token",
            "//firm.example:8080/:_auth": "bmFtZTpwYXNz",
            "//third.example/:username": "me",
            "//third.example/:_password": password,
            "//broken.example/:username": "me",
            "//broken.example/:_password": "abcde",
        }
    )
    registry = "https://firm.example/npm/"
    assert settings.login_for("https://firm.example/npm/a/-/a.tgz", registry) == "Bearer token"
    assert settings.login_for("https://firm.example/elsewhere/a.tgz", registry) == "Bearer token"
    assert settings.login_for("https://firm.example/elsewhere/a.tgz", "https://other.example/") is None
    assert settings.login_for("https://files.example/a.tgz", registry) is None
    assert settings.login_for("https://firm.example.evil.example/npm/a", registry) is None
    assert settings.login_for("https://firm.example:8080/a.tgz", registry) == "Basic bmFtZTpwYXNz"
    assert settings.login_for("https://broken.example/a", registry) is None
    basic = settings.login_for("https://third.example/a/b/c", registry)
    assert base64.b64decode(basic.removeprefix("Basic ")) == b"me:se:cret"
    assert "token" not in repr(settings)
