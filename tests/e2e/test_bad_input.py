"""Bad input from callers: a clear error with the documented code, no crash, nobody asked, nothing signed."""
import json
import random
import resource
import socket
import time

import pytest

from signer import FIRST, RpcError, http_request, read_json, request, transfer

LIMIT = 5 * 1024 * 1024


@pytest.fixture
def signer(start):
    return start()


@pytest.fixture
def unharmed(signer):
    """After the test the signer still serves, and neither asked nor signed anything."""
    yield signer
    assert signer.call("account_version") == "6.1.0"
    assert not [m for m in signer.seen if "id" in m], "the person was asked"
    assert signer.count("ui_onApprovedTx") == 0


def code_of(answer):
    return json.loads(answer)["error"]["code"]


def test_body_of_5_mb_is_read_and_one_byte_more_refused(unharmed):
    body = json.dumps(request("account_version")).encode()
    assert "6.1.0" in unharmed.post(body + b" " * (LIMIT - len(body)))[1]
    try:
        status = unharmed.post(b" " * (LIMIT + 1))[0]
    except (BrokenPipeError, ConnectionResetError):
        status = 413  # refused before all was sent
    assert status == 413


@pytest.mark.parametrize("declared", [b"99999999999999999999", b"-1", b"0x10", b"1, 2"])
def test_absurd_lengths(unharmed, declared):
    with unharmed.connect_http(5) as s:
        s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " + declared + b"\r\n\r\n{}")
        assert s.recv(4096)[9:10] == b"4"


def test_chunked_body_may_not_pass_the_limit_either(unharmed):
    body = json.dumps(request("account_version")).encode()
    with unharmed.connect_http(20) as s:
        s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for n in range(6):
                s.sendall(b"100000\r\n" + (body if n == 0 else b"").ljust(0x100000) + b"\r\n")
            s.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        try:
            answer = s.recv(4096)
        except ConnectionResetError:
            answer = b""
        assert answer[:12] in (b"HTTP/1.1 413", b"HTTP/1.1 200", b"") and b"6.1.0" not in answer


def test_bodies_under_way_share_a_limit(unharmed):
    """64 MiB for all; whoever comes beyond is told 503, and the rest is served once room is free."""
    sockets, refused = [], 0
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % LIMIT
    try:
        for _ in range(16):
            s = unharmed.connect_http(10)
            sockets.append(s)
            try:
                s.sendall(head + b" " * (LIMIT - 1))
            except OSError:
                pass  # refused already
        for s in sockets:
            s.settimeout(1)
            try:
                refused += s.recv(64).startswith(b"HTTP/1.1 503")
            except OSError:
                pass
        assert 2 <= refused < 8
    finally:
        for s in sockets:
            s.close()
    body = json.dumps(request("account_version")).encode()
    assert "6.1.0" in unharmed.post(body + b" " * (LIMIT - len(body)))[1]


def test_headers_over_64_kib_are_refused(unharmed):
    with unharmed.connect_http(5) as s:
        try:
            s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Long: " + b"a" * 70000 + b"\r\n\r\n")
            answer = s.recv(4096)
        except OSError:
            answer = b""
        assert answer == b"" or answer[9:10] in (b"4", b"5")


@pytest.mark.parametrize("headers, status", [
    ({"Content-Type": "text/plain"}, 415), ({"Content-Type": "application/x-www-form-urlencoded"}, 415), ({"Host": "evil.example"}, 403),
    ({"Host": "evil.example", "Content-Type": "text/plain"}, 403)])
def test_refused_by_headers(unharmed, headers, status):
    assert unharmed.post(request("account_list"), headers)[0] == status


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_refused_by_method(unharmed, method):
    assert unharmed.post(request("account_list"), method=method)[0] == 405


def test_no_page_of_the_web_may_read_answers(unharmed):
    with unharmed.connect_http(5) as s:
        s.sendall(http_request(request("account_version")).replace(b"Host:", b"Origin: https://evil.example\r\nHost:"))
        assert b"access-control" not in s.recv(4096).lower()


@pytest.mark.parametrize("body, code", [
    (b"{", -32700), (b"", None), (b"nonsense", -32700), (b"[" * 20000, -32700), (b"[" * 20000 + b"]" * 20000, -32700), (b"[]", -32600), (b"{}", -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"account_version"} x', -32700), (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', -32700), (b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"account_version"}', -32700),
    (b'{"jsonrpc":"2.0","id":{},"method":"account_version"}', -32600), (b'{"jsonrpc":"2.0","id":1,"method":"no_such"}', -32601),
    (b'{"jsonrpc":"2.0","id":1,"method":"account_version","params":[1]}', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"account_version","params":{"a":1}}', -32602)])
def test_bad_json_and_bad_envelopes(unharmed, body, code):
    status, text = unharmed.post(body)
    assert status == 200 and (text == "" if code is None else code_of(text) == code)


def test_a_member_twice_is_refused(unharmed):
    two = b'{"jsonrpc":"2.0","id":1,"method":"account_version","method":"account_list","params":[]}'
    assert code_of(unharmed.post(two)[1]) in (-32600, -32700)
    tx = json.dumps(request("account_signTransaction", transfer())).encode().replace(b'"value"', b'"value":"0x0","value"')
    assert code_of(unharmed.post(tx)[1]) == -32602


@pytest.mark.parametrize("change", [
    {"value": "0x" + "1" + "0" * 64}, {"value": "0x01"}, {"value": "0x"}, {"value": 1}, {"value": "1"}, {"value": "0xg"}, {"value": "-0x1"}, {"value": None},
    {"gas": "0x10000000000000000"}, {"nonce": "0x10000000000000000"}, {"to": "0x1234"}, {"to": 5}, {"to": FIRST + "00"}, {"from": "me"}, {"from": None},
    {"data": "0x1"}, {"data": "zz"}, {"data": "0x01", "input": "0x02"}, {"unknownField": "0x1"}, {"Value": "0x2"}, {"type": "0x2"}, {"type": "0x7f"},
    {"maxFeePerGas": "0x1"}, {"gasPrice": None, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}, {"chainId": "0x2"}, {"chainId": "0x0"},
    {"accessList": "x"}, {"accessList": [{"address": FIRST}]}, {"accessList": [{"address": FIRST, "storageKeys": ["0x1"]}]},
    {"to": FIRST.lower().replace("f39f", "F39f")}, {"value\u202e": "0x1"}], ids=str)
def test_bad_transactions_are_refused_before_anybody_is_asked(unharmed, change):
    tx = {k: v for k, v in (transfer() | change).items() if not (k == "gasPrice" and v is None)}
    with pytest.raises(RpcError) as e:
        unharmed.call("account_signTransaction", tx)
    assert e.value.code in (-32602, -32000) and e.value.message


@pytest.mark.parametrize("params", [
    [], ["text/plain"], ["text/plain", FIRST], ["no-such/type", FIRST, "0x00"], ["", FIRST, "0x00"], ["text/plain", FIRST, "zz"],
    ["text/plain", FIRST, "0x0"], ["text/plain", FIRST, 5], ["text/plain", "0x12", "0x00"], ["text/plain", FIRST, "0x00", "more"]], ids=str)
def test_bad_messages_are_refused_before_anybody_is_asked(unharmed, params):
    with pytest.raises(RpcError) as e:
        unharmed.call("account_signData", *params)
    assert e.value.code in (-32602, -32000)


def test_garbage_on_the_socket_closes_it(unharmed):
    with unharmed.connect(5) as s:
        s.sendall(b"nonsense\n")
        assert read_json(s)["error"]["code"] == -32700
        assert s.recv(1) == b""


def test_endless_value_on_the_socket_is_cut_off(unharmed):
    with unharmed.connect(20) as s:
        try:
            for _ in range(80):
                s.sendall(b'{"a":"' + b"x" * 0x100000 if _ == 0 else b"x" * 0x100000)
        except OSError:
            pass
        else:
            s.settimeout(5)
            answer = s.recv(4096)
            assert answer == b"" or b"error" in answer


def test_batch_of_1001_is_refused_on_both_transports(unharmed):
    batch = [request("account_version", number=n) for n in range(1001)]
    assert "6.1.0" not in unharmed.post(batch)[1]
    assert unharmed.post(batch[:1000])[1].count("6.1.0") == 1000
    with unharmed.connect(10) as s:
        s.sendall(json.dumps(batch).encode())
        assert "6.1.0" not in json.dumps(read_json(s))


def test_1000_slow_connections_do_not_keep_others_out(unharmed):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    sockets = []
    try:
        for n in range(1000):
            s = unharmed.connect_http(10)
            s.sendall(b"POST / HTTP/1.1\r\nHost: loc" if n % 2 else b"P")
            sockets.append(s)
        begin = time.monotonic()
        assert unharmed.call("account_version", seconds=5) == "6.1.0"
        assert unharmed.call_socket("account_version", seconds=5) == "6.1.0"
        assert time.monotonic() - begin < 3
    finally:
        for s in sockets:
            s.close()


def test_1000_connections_on_the_socket(unharmed):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    sockets = []
    try:
        for _ in range(1000):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(5)
            try:
                s.connect(str(unharmed.ipc))
                s.sendall(b"[")
            except OSError:
                s.close()
                break  # turned away is fine, harm is not
            sockets.append(s)
        assert unharmed.call("account_version", seconds=5) == "6.1.0"
    finally:
        for s in sockets:
            s.close()


def test_bytes_at_random(unharmed, rounds):
    """Cut, flipped and repeated pieces of real requests; a fixed seed, more of them in make soak."""
    dice = random.Random(3)
    seeds = [http_request(request("account_version"), close=True), json.dumps(request("account_signTransaction", transfer(to="0x00"))).encode()]
    for n in range(rounds(150, 20000)):
        data = bytearray(seeds[n % 2])
        for _ in range(dice.randrange(1, 8)):
            at = dice.randrange(len(data))
            what = dice.randrange(4)
            if what == 0:
                data[at] ^= 1 << dice.randrange(8)
            elif what == 1:
                del data[at:at + dice.randrange(1, 20)]
            elif what == 2:
                data[at:at] = data[at:at + dice.randrange(1, 40)]
            else:
                data[at:at] = dice.randbytes(dice.randrange(1, 10))
            if not data:
                data = bytearray(b"x")
        s = unharmed.connect_http(1) if n % 2 == 0 else unharmed.connect(1)
        try:
            s.sendall(bytes(data))
            s.shutdown(socket.SHUT_WR)
            s.recv(65536)
        except OSError:
            pass
        finally:
            s.close()
