"""The way to a target: the proxy that was asked for and no other, certificates that are verified, nothing of the environment's."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from adversary import Hostile, as_json, headers_of
from proxying import Proxying
from support import ACCOUNT, TOKEN, at_once, closed_port, ringtrue

from harness.case import Case
from harness.config import RunConfig, checked
from harness.errors import TargetUnreachable, UsageError
from harness.route import is_loopback_by_name, proxy_of
from harness.target import Target

ENV = {"RINGTRUE_AUTH_TOKEN": TOKEN, "RINGTRUE_ACCOUNT_SID": ACCOUNT}
PROXY_AUTH = "porter:s3cret-of-the-proxy"
CALL = Case((("To", "+12025550199"), ("From", "+15005550006"), ("Url", "https://example.com/voice")))
CREATED = as_json({"sid": "CA" + "0" * 32, "status": "queued"})
REFUSED = as_json({"code": 21210, "message": "no", "more_info": "", "status": 400}, "400 Bad Request")
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that nobody but these tests trusts."""
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its certificate, for `--ca-bundle`."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def secured(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """TLS of a server with these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Hostile]:
    """A server that speaks TLS as 127.0.0.1 and service.test, and refuses every call."""
    with Hostile((REFUSED,), tls=secured(authority, "127.0.0.1", "service.test")) as server:
        yield server


def target(url: str, **settings: Any) -> Target:
    """A target as a run has it."""
    return Target(checked(RunConfig(url=url, account_sid=ACCOUNT, auth_token=TOKEN, **settings)).as_target())


# --- TLS -----------------------------------------------------------------------------------------------------------


def test_private_authority_is_trusted_where_it_is_named(secure: Hostile, bundle: str) -> None:
    assert target(secure.url, ca_bundle=bundle).send(CALL).status == 400
    assert target(secure.url).send(CALL).failure == "tls"
    assert len(secure.requests) == 1


def test_certificate_of_another_name_is_not_taken(authority: trustme.CA, bundle: str) -> None:
    with Hostile((CREATED,), tls=secured(authority, "other.test")) as server:
        assert target(server.url, ca_bundle=bundle).send(CALL).failure == "tls"
        assert server.requests == []


def test_bundle_without_certificates_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("hello", "utf-8")
    done = at_once("run", "--target", "https://127.0.0.1:9", "--ca-bundle", "no.pem", cwd=tmp_path, env=ENV)
    assert (done.returncode, "--ca-bundle" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


# --- the environment ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letters", [str.upper, str.lower])
def test_nothing_of_the_environment_is_used(letters: Any, secure: Hostile, bundle: str, tmp_path: Path) -> None:
    """No proxy, no .netrc, no authority and no log of TLS keys that stands in the environment."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".netrc").write_text("machine 127.0.0.1 login netrc-user password netrc-password\n", "utf-8")
    (home / ".netrc").chmod(0o600)
    (tmp_path / "empty.pem").write_text("", "utf-8")
    with Proxying() as trap:
        env = {letters(f"{name}_proxy"): trap.url for name in ("http", "https", "all")}
        env |= {letters("no_proxy"): "", "HOME": str(home), "NETRC": str(home / ".netrc")}
        env |= {"SSL_CERT_FILE": "empty.pem", "REQUESTS_CA_BUNDLE": "empty.pem", "CURL_CA_BUNDLE": "empty.pem", "SSLKEYLOGFILE": str(tmp_path / "keys")}
        options = ("run", "--target", secure.url, "--max-requests", "3")
        done = ringtrue(*options, "--ca-bundle", bundle, cwd=tmp_path, env={**ENV, **env})
        assert (done.returncode, "took none of" in done.stdout or "3 requests" in done.stdout) == (3, True), done.stdout
        trusting = ringtrue(*options, cwd=tmp_path, env={**ENV, **env, "SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle})
        assert (trusting.returncode, "TLS handshake" in " ".join(trusting.stdout.split())) == (3, True)
        assert trap.connections == 0
    assert len(secure.requests) == 3
    assert {headers_of(request)["authorization"] for request in secure.requests} == {BASIC}
    assert not (tmp_path / "keys").exists()


def test_proxy_credentials_that_were_not_asked_for_are_not_sent(secure: Hostile, bundle: str, tmp_path: Path) -> None:
    env = {**ENV, "RINGTRUE_PROXY_AUTH": PROXY_AUTH}
    done = ringtrue("run", "--target", secure.url, "--ca-bundle", bundle, "--max-requests", "1", cwd=tmp_path, env=env)
    assert done.returncode == 3
    assert all(b"roxy" not in request for request in secure.requests)


# --- a proxy that was asked for ---------------------------------------------------------------------------------------------


def test_https_goes_through_a_tunnel_and_the_proxy_sees_no_credentials_of_the_target(secure: Hostile, bundle: str) -> None:
    with Proxying(auth=PROXY_AUTH, routes={"service.test": "127.0.0.1"}) as proxy:
        there = target(f"https://service.test:{secure.port}", ca_bundle=bundle, proxy=proxy.url, proxy_auth=PROXY_AUTH)
        assert not there.loopback
        assert there.send(CALL).status == 400
        (head,) = proxy.heads
    assert head.startswith(f"CONNECT service.test:{secure.port} HTTP/1.".encode())
    assert BASIC.encode() not in head
    (request,) = secure.requests
    assert request.startswith(b"POST /2010-04-01/Accounts/") and b"roxy" not in request
    assert headers_of(request)["host"] == f"service.test:{secure.port}"


def test_http_goes_through_the_proxy_in_absolute_form() -> None:
    with Hostile((CREATED,)) as server, Proxying(auth=PROXY_AUTH, routes={"service.test": "127.0.0.1"}) as proxy:
        url = f"http://service.test:{server.port}/base"
        there = target(url, proxy=proxy.url, proxy_auth=PROXY_AUTH, allow_http=True)
        exchange = there.send(CALL)
        assert (exchange.status, exchange.path) == (201, f"/base/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
        assert proxy.heads[0].startswith(f"POST {url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json HTTP/1.1\r\n".encode())
        (request,) = server.requests
    assert b"roxy-auth" not in request.lower()
    assert headers_of(request)["host"] == f"service.test:{server.port}"
    assert request.endswith(b"To=%2B12025550199&From=%2B15005550006&Url=https%3A%2F%2Fexample.com%2Fvoice")


def test_certificate_is_verified_through_a_proxy_too(authority: trustme.CA, bundle: str) -> None:
    with Hostile((CREATED,), tls=secured(authority, "other.test")) as server, Proxying(routes={"service.test": "127.0.0.1"}) as proxy:
        assert target(f"https://service.test:{server.port}", ca_bundle=bundle, proxy=proxy.url).send(CALL).failure == "tls"
        assert server.requests == []


@pytest.mark.parametrize(("answer", "words"), [
    (b"", "407"), (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "502"), (b"hello\r\n", "no whole answer"), (b"HTTP/1.1 \x1b[31m\r\n\r\n", "no whole answer"),
])
def test_proxy_that_opens_no_way_is_said_and_counts_as_nothing_of_the_target(answer: bytes, words: str, secure: Hostile, bundle: str) -> None:
    with Proxying(auth=PROXY_AUTH, answer=answer) as proxy:
        with pytest.raises(TargetUnreachable, match=words) as raised:
            target(f"https://service.test:{secure.port}", ca_bundle=bundle, proxy=proxy.url).send(CALL)
    assert ("RINGTRUE_PROXY_AUTH" in str(raised.value)) is (words == "407")
    assert secure.requests == []


def test_proxy_that_is_not_there_is_said() -> None:
    with pytest.raises(TargetUnreachable, match="--proxy"):
        target("https://service.test", proxy=f"http://127.0.0.1:{closed_port()}").send(CALL)


def test_this_machine_behind_a_proxy_is_not_this_machine(tmp_path: Path) -> None:
    with Hostile((CREATED,)) as server, Proxying() as proxy:
        done = ringtrue("run", "--target", server.url, "--proxy", proxy.url, cwd=tmp_path, env=ENV)
        assert (done.returncode, "--allow-http" in done.stderr) == (2, True)
        done = ringtrue("run", "--target", server.url, "--proxy", proxy.url, "--allow-http", cwd=tmp_path, env=ENV)
        assert (done.returncode, "--allow-real-calls" in done.stdout) == (3, True)
        assert len(server.requests) == 1


def test_proxy_s_credentials_are_in_nothing_that_a_run_writes(tmp_path: Path) -> None:
    secret = PROXY_AUTH.partition(":")[2]
    coded = base64.b64encode(PROXY_AUTH.encode()).decode()
    echo = as_json({"code": 21210, "message": f"{coded} {secret}"}, "400 Bad Request")
    with Hostile((echo,)) as server, Proxying(auth=PROXY_AUTH, routes={"service.test": "127.0.0.1"}) as proxy:
        keys = (f'url = "http://service.test:{server.port}"', f'proxy = "{proxy.url}"', "allow-http = true", "allow-real-calls = 3")
        (tmp_path / "ringtrue.toml").write_text("\n".join(("[targets.far]", *keys)), "utf-8")
        options = ("run", "--target", "far", "--har", "-vv", "--max-requests", "9")
        done = ringtrue(*options, cwd=tmp_path, env={**ENV, "RINGTRUE_PROXY_AUTH": PROXY_AUTH})
        assert proxy.heads
        assert done.returncode == 3, done.stdout
    everything = [done.stdout.encode(), done.stderr.encode(), *(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())]
    assert not [text for text in everything if secret.encode() in text or coded.encode() in text]
    assert json.loads((tmp_path / "reports" / "latest" / "exchanges.har").read_text("utf-8"))["log"]["entries"]


@pytest.mark.parametrize(("proxy", "words"), [
    ("http://user:pw@proxy.test:3128", "RINGTRUE_PROXY_AUTH"), ("http://user@proxy.test", "RINGTRUE_PROXY_AUTH"), ("proxy.test:3128", "http://"),
    ("https://proxy.test", "http://"), ("socks5://proxy.test", "http://"), ("http://proxy.test/path", "more than"), ("http://", "http://"),
    ("http://proxy.test:99999", "no URL"), ("http://proxy.test:0", "http://"), ("http://pro xy.test", "http://"),
])
def test_proxy_that_is_no_such_url_is_wrong_usage_and_never_shows_a_password(proxy: str, words: str, tmp_path: Path) -> None:
    done = at_once("run", "--target", "https://service.test", "--proxy", proxy, cwd=tmp_path, env=ENV)
    assert (done.returncode, words in done.stderr, "pw@" in done.stderr) == (2, True, False)


def test_proxy_credentials_without_a_colon_are_wrong_usage(tmp_path: Path) -> None:
    env = {**ENV, "RINGTRUE_PROXY_AUTH": "s3cret"}
    done = at_once("run", "--target", "https://service.test", "--proxy", "http://proxy.test", cwd=tmp_path, env=env)
    assert (done.returncode, "user:password" in done.stderr, "s3cret" in done.stderr) == (2, True, False)


def test_proxy_s_port_and_address_are_read() -> None:
    assert [(p.host, p.port, p.url) for p in map(proxy_of, ("http://proxy.test", "http://[::1]:8/"))] == [
        ("proxy.test", 3128, "http://proxy.test:3128"), ("::1", 8, "http://[::1]:8"),
    ]
    assert PROXY_AUTH not in repr(proxy_of("http://proxy.test", PROXY_AUTH))


def test_configuration_never_shows_the_proxy_s_credentials() -> None:
    config = RunConfig(url="https://service.test", account_sid=ACCOUNT, proxy="http://proxy.test", proxy_auth=PROXY_AUTH)
    for shown in (config, config.as_target(), config.describe()):
        assert PROXY_AUTH.partition(":")[2] not in repr(shown)


def test_real_calls_must_be_a_number_above_zero(tmp_path: Path) -> None:
    for number in ("0", "-1", "many"):
        done = at_once("run", "--target", "https://service.test", "--allow-real-calls", number, cwd=tmp_path, env=ENV)
        assert (done.returncode, "--allow-real-calls" in done.stderr) == (2, True)


@pytest.mark.parametrize(("host", "here"), [
    ("localhost", True), ("a.localhost", True), ("127.0.0.9", True), ("::1", True), ("192.0.2.1", False), ("service.test", False), ("localhost.test", False),
])
def test_name_alone_tells_of_this_machine_without_a_resolver(host: str, here: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("socket.getaddrinfo")
    assert is_loopback_by_name(host) is here


def test_wrong_usage_is_of_its_own_kind() -> None:
    with pytest.raises(UsageError):
        proxy_of("nonsense")
