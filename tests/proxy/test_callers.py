"""Who may call over HTTP, and what of his request goes on to the signer."""
import json
import subprocess

import pytest

from proxying import FORM, JSON, call

APP = ("Origin", "https://app.example")
NEW_ACCOUNT = '{"id": 0, "jsonrpc": "2.0","method": "account_new","params": []}\n'


def cors(headers):
    return {name for name in headers if name.startswith("access-control-") or name == "vary"}


def test_curl_as_the_old_guide_says(proxy, signer, home):
    (home / "newaccnt.json").write_text(NEW_ACCOUNT)
    done = subprocess.run(["curl", "-sS", "-X", "POST", "-d", "@newaccnt.json", f"http://localhost:{proxy.port}"], cwd=home, capture_output=True, text=True,
                          timeout=20, check=True)
    assert json.loads(done.stdout) == {"jsonrpc": "2.0", "id": 0, "result": "ok"}
    asked = signer.wait()
    assert (asked.body["method"], asked.body["params"]) == ("account_new", [])
    assert (asked.qube, asked.host, asked.origin) == ("", f"localhost:{proxy.port}", "")
    assert asked.agent.startswith("curl/")


@pytest.mark.parametrize("host", ["localhost:8550", "127.0.0.1", "127.1.2.3:8550", "[::1]:8550"])
def test_forms_of_programs(proxy, host):
    for headers in ([FORM], []):
        assert proxy.request(body=call(), headers=[("Host", host), *headers])[::2] == (200, '{"jsonrpc":"2.0","id":1,"result":"ok"}\n')


@pytest.mark.parametrize("extra", [APP, ("Referer", "https://app.example/"), ("Referer", ""), ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "no-cors"),
                                   ("sec-fetch-user", "?1"), ("Host", "wallet.lan"), ("Host", "10.0.0.1")])
def test_forms_of_browsers(start, signer, extra):
    proxy = start("--signer", f"unix:{signer.path}", "--origins", APP[1], "--vhosts", "localhost,wallet.lan")
    for headers in ([FORM], []):
        status, _, text = proxy.request(body=call(), headers=[extra, *headers])
        assert status == 415 and "send Content-Type: application/json" in text
    assert signer.asked == []
    # With a JSON type each of them is fine.
    assert proxy.request(body=call(), headers=[extra, JSON])[0] == 200


@pytest.mark.parametrize("body", [b"", b"[" + call() + b"]", call() + b"=", call() + call(), b"a=" + call(), b"%7B%22jsonrpc%22%3A%222.0%22%7D", b"{}", b'"x"',
                                  b'{"jsonrpc":"2.0","id":1}'])
def test_forms_with_another_body(proxy, signer, body):
    status, _, text = proxy.request(body=body, headers=[FORM])
    assert status == 415 and "one JSON-RPC 2.0 object" in text
    assert signer.asked == []


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; x", "", "application/jsonx"])
def test_other_types(proxy, signer, kind):
    assert proxy.request(body=call(), headers=[("Content-Type", kind)])[0] == 415
    assert signer.asked == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://app.example", "https://app.example:8443", "https://app.example.evil.example",
                                    "https://app.example/", "http://localhost", "https://app.example https://evil.example"])
def test_foreign_origins(proxy, signer, origin):
    for method in ("POST", "GET", "OPTIONS", "HEAD", "PUT"):
        status, headers, _ = proxy.request(method, call() if method == "POST" else b"", [("Origin", origin), JSON])
        assert status == 403 and not cors(headers)
    assert signer.asked == []


def test_an_origin_that_comes_twice(proxy, signer):
    status, headers, _ = proxy.request(body=call(), headers=[JSON, APP, ("Origin", "https://evil.example")])
    assert status == 400 and not cors(headers)
    assert signer.asked == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8550", "127.0.0.1.evil.example", "localhost.evil.example", "x@localhost", "localhost:8550:1"])
def test_rebinding(proxy, signer, host):
    for headers in ([JSON], [FORM], [JSON, APP]):
        status, _, text = proxy.request(body=call(), headers=[("Host", host), *headers])
        assert status == 403 and "--vhosts" in text
    assert signer.asked == []


def test_names_that_are_allowed(start, signer):
    proxy = start("--signer", f"unix:{signer.path}", "--vhosts", "wallet.lan")
    assert proxy.request(body=call(), headers=[("Host", "Wallet.LAN:1"), JSON])[0] == 200
    assert proxy.request(body=call(), headers=[("Host", "localhost"), JSON])[0] == 403
    assert proxy.request(body=call(), headers=[("Host", "127.0.0.1"), JSON])[0] == 200


def test_a_page_in_a_browser(proxy, signer):
    """The preflight and the call, over one connection, as browsers send them."""
    connection = proxy.http()
    status, headers, text = proxy.request("OPTIONS", headers=[APP, ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type"),
                                                              ("Sec-Fetch-Mode", "cors"), ("Access-Control-Request-Private-Network", "true")],
                                          connection=connection)
    assert (status, text) == (204, "") and "content-length" not in headers
    assert {k: headers[k] for k in cors(headers)} == {
        "access-control-allow-origin": "https://app.example", "vary": "Origin", "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type", "access-control-max-age": "600", "access-control-allow-private-network": "true"}
    status, headers, text = proxy.request(body=call(), headers=[APP, JSON, ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site"),
                                                                ("Referer", "https://app.example/x")], connection=connection)
    assert (status, json.loads(text)["result"]) == (200, "ok")
    assert {k: headers[k] for k in cors(headers)} == {"access-control-allow-origin": "https://app.example", "vary": "Origin"}
    assert signer.wait().origin == "https://app.example"
    # The next request on it is nobody's page.
    assert not cors(proxy.request(body=call(), headers=[JSON], connection=connection)[1])


def test_preflight_without_a_private_network(proxy):
    _, headers, _ = proxy.request("OPTIONS", headers=[("Origin", "HTTP://localhost:3000"), ("Access-Control-Request-Method", "POST")])
    assert headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "access-control-allow-private-network" not in headers


@pytest.mark.parametrize("method, body, extra, status", [
    ("POST", call(), [("Content-Type", "text/plain")], 415), ("PUT", b"", [JSON], 405), ("GET", b"", [], 200), ("OPTIONS", b"", [], 200),
    ("POST", b"{", [JSON], 200), ("POST", b"", [JSON], 200), ("POST", b" " * 5242881, [JSON], 413)])
def test_a_page_can_read_errors(proxy, method, body, extra, status):
    got, headers, _ = proxy.request(method, body, [APP, *extra])
    assert (got, headers.get("access-control-allow-origin")) == (status, "https://app.example")


def test_programs_get_no_cors_headers(proxy):
    for method, body, extra in (("POST", call(), [JSON]), ("GET", b"", []), ("OPTIONS", b"", [("Access-Control-Request-Method", "POST")]), ("POST", b"", [])):
        assert not cors(proxy.request(method, body, extra)[1])


def test_what_goes_on(proxy, signer):
    secrets = [("X-Forwarded-For", "6.6.6.6"), ("Forwarded", "for=7.7.7.7"), ("Cookie", "session=8"), ("Authorization", "Bearer 9"), ("X-Real-IP", "5.5.5.5")]
    assert proxy.request(body=call(params=["\u00e4"]), headers=[JSON, APP, ("User-Agent", "Frame/1.0"), *secrets])[0] == 200
    asked = signer.wait()
    assert (asked.host, asked.origin, asked.agent) == (f"localhost:{proxy.port}", APP[1], "Frame/1.0")
    assert asked.body == {"jsonrpc": "2.0", "id": asked.body["id"], "method": "account_version", "params": ["\u00e4"]}
    for _, value in secrets:
        assert value.encode() not in asked.raw
    assert b"127.0.0.1" not in asked.raw


@pytest.mark.parametrize("line", [b"User-Agent: a\rX-Evil: 1", b"User-Agent: a\nX-Evil: 1", b"User-Agent: a\0b", b"User-Agent: a\x1b[2J", b"Origin: https://app.example\rX: 1",
                                  b" folded: 1", b"Host : localhost"])
def test_control_characters_in_headers(proxy, signer, line):
    reply = proxy.raw(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + line + b"\r\nContent-Length: %d\r\n\r\n" % len(call()) + call())
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert signer.asked == []


def test_claims_that_are_no_text(proxy, signer):
    reply = proxy.raw(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nUser-Agent: a\xff\xc2\x85" + b"\xc3\xa4" * 3000 +
                      b"\r\nContent-Length: %d\r\n\r\n" % len(call()) + call())
    assert reply.startswith(b"HTTP/1.1 200 ")
    agent = signer.wait().agent
    assert agent.startswith("a\ufffd\ufffd\u00e4") and 4090 < len(agent.encode()) <= 4096


def test_what_is_no_request_is_of_no_page(proxy):
    body = call()
    reply = proxy.raw(b"POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body +
                      b"no request\r\n\r\n")
    assert reply.count(b"HTTP/1.1 ") == 2 and b"HTTP/1.1 400 " in reply
    assert reply.count(b"Access-Control-Allow-Origin") == 1
