"""Connections, many callers, callers that leave, signers that misbehave, over the signer's unix socket and over qrexec."""
import concurrent.futures
import json
import os
import signal
import socket
import struct
import time

import pytest

from frames import REFUSED, REPLY, frame
from proxying import JSON, SILENT, StubSigner, call, result
from signer import until


def ask(proxy, number=1, method="account_version", connection=None):
    status, _, text = proxy.request(body=call(method, number), headers=[JSON], connection=connection)
    assert status == 200, text
    return json.loads(text)


def message(reply):
    assert reply["error"]["code"] == -32000
    return reply["error"]["message"]


# --- connections ---

def test_one_connection_for_many_requests(proxy):
    connection = proxy.http()
    for number in range(5):
        assert ask(proxy, number, connection=connection) == {"jsonrpc": "2.0", "id": number, "result": "ok"}
    connection.close()


def test_requests_behind_one_another(proxy):
    one = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(call()) + call()
    with proxy.connect() as connection:
        connection.sendall(one * 3)
        data = b""
        while data.count(b'"result":"ok"') < 3:
            data += connection.recv(65536)
        assert data.count(b"HTTP/1.1 200 OK") == 3


def test_a_batch(proxy, signer):
    body = json.dumps([{"jsonrpc": "2.0", "id": "a", "method": "account_version"}, {"jsonrpc": "2.0", "method": "account_version"}, 7,
                       {"jsonrpc": "2.0", "id": 2.5, "method": "account_list", "params": []}]).encode()
    replies = json.loads(proxy.request(body=body, headers=[JSON])[2])
    assert [(r["id"], r.get("result")) for r in replies] == [("a", "ok"), (None, None), (2.5, "ok")]
    assert len(signer.asked) == 3


def test_fifty_clients(proxy, signer):
    signer.answer = lambda asked: time.sleep(0.5) or result(asked.body["params"])(asked)

    def one(number):
        status, _, text = proxy.request(body=call(number=number, params=[number]), headers=[JSON])
        return status, json.loads(text)

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(one, range(50)))
    assert replies == [(200, {"jsonrpc": "2.0", "id": n, "result": [n]}) for n in range(50)]
    assert signer.most > 25 and time.monotonic() - began < 10


def test_no_more_at_once_than_told(start, signer):
    proxy = start("--signer", f"unix:{signer.path}", "--max-calls", "3")
    signer.answer = lambda asked: time.sleep(0.1) or result("ok")(asked)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert all(r["result"] == "ok" for r in pool.map(lambda n: ask(proxy, n), range(12)))
    assert signer.most == 3


def test_the_unix_socket(start, signer, home):
    proxy = start("--signer", f"unix:{signer.path}", "--socket", home / "proxy.ipc")
    assert oct((home / "proxy.ipc").stat().st_mode & 0o777) == "0o600"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(home / "proxy.ipc"))
        connection.sendall(call(number=1) + call(number=2))
        data = b""
        while data.count(b"\n") < 2:
            data += connection.recv(65536)
    assert sorted(json.loads(line)["id"] for line in data.splitlines()) == [1, 2]
    asked = signer.wait()
    assert (asked.host, asked.origin, asked.agent) == ("", "", "")
    assert proxy.stop() == 0
    assert not (home / "proxy.ipc").exists()


def test_a_socket_that_is_in_use(start, signer, home):
    args = ["--signer", f"unix:{signer.path}", "--socket", home / "proxy.ipc"]
    first = start(*args)
    second = start(*args, wait=False)
    assert second.wait_end() == 1 and "another program listens there" in second.stderr()
    first.close()  # killed: its socket is still there, and is replaced
    start(*args)


# --- callers that leave ---

def test_a_caller_who_leaves(proxy, signer):
    signer.answer = lambda asked: SILENT
    connection = proxy.connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(call()) + call())
    asked = signer.wait()
    assert not asked.gone.is_set()
    connection.close()
    assert asked.gone.wait(5)


def test_a_caller_on_the_socket_who_leaves(start, signer, home):
    start("--signer", f"unix:{signer.path}", "--socket", home / "proxy.ipc")
    signer.answer = lambda asked: SILENT
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(home / "proxy.ipc"))
        connection.sendall(call(number=1) + call(number=2))
        both = [signer.wait(1), signer.wait(2)]
    assert all(asked.gone.wait(5) for asked in both)


def test_the_rest_of_a_batch_is_not_asked_for(proxy, signer):
    signer.answer = lambda asked: SILENT
    body = b"[" + b",".join([call()] * 5) + b"]"
    connection = proxy.connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    asked = signer.wait()
    connection.close()
    assert asked.gone.wait(5)
    assert len(signer.asked) == 1


def test_one_who_waits_in_line_and_leaves(start, signer):
    proxy = start("--signer", f"unix:{signer.path}", "--max-calls", "1")
    signer.answer = lambda asked: SILENT if asked.body["params"] == [1] else result("ok")(asked)
    held = [proxy.connect() for _ in range(3)]
    for number, connection in enumerate(held, 1):
        body = call(params=[number])
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        if number == 1:
            first = signer.wait()
    time.sleep(0.3)
    held[1].close()
    time.sleep(0.3)
    held[0].close()
    assert first.gone.wait(5)
    assert b'"result":"ok"' in held[2].recv(65536)
    assert [asked.body["params"] for asked in signer.asked] == [[1], [3]]


# --- what cannot be had ---

@pytest.mark.parametrize("method, params", [("eth_subscribe", ["newHeads"]), ("eth_subscribe", []), ("eth_unsubscribe", ["0x1"]), ("eth_unsubscribe", [])])
def test_subscriptions_are_refused_with_advice(start, signer, home, method, params):
    """As every method of a wallet that is not offered (EIP-1193), over HTTP and on the socket; the signer is not asked."""
    proxy = start("--signer", f"unix:{signer.path}", "--socket", home / "p.ipc")
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(home / "p.ipc"))
        stream.sendall(call(method, 1, params))
        over_http = json.loads(proxy.request(body=call(method, 1, params), headers=[JSON])[2])
        for reply in (over_http, json.loads(stream.makefile().readline())):
            assert reply["error"]["code"] == 4200 and "eth_newFilter" in reply["error"]["message"], reply
    assert not signer.asked
    # Others are the signer's to answer.
    assert ask(proxy, method="account_subscribe")["result"] == "ok" and signer.asked[0].body["method"] == "account_subscribe"


# --- signers that misbehave ---

def test_no_signer(start, home):
    proxy = start("--signer", f"unix:{home}/missing.ipc")
    reply = ask(proxy)
    assert "does not exist; start clef" in message(reply)
    # The path names the user: it is the log's alone.
    assert str(home) not in json.dumps(reply) and "missing.ipc" not in json.dumps(reply)
    assert f"{home}/missing.ipc" in proxy.stderr()
    # It may come later.
    stub = StubSigner(home / "missing.ipc")
    assert ask(proxy)["result"] == "ok"
    stub.close()
    reply = ask(proxy)
    assert "no signer listens on" in message(reply) and str(home) not in json.dumps(reply)


def reply_of(text):
    return lambda asked: frame(bytes([REPLY]) + text.replace(b"$", str(asked.body["id"]).encode()))


@pytest.mark.parametrize("answer, words", [
    (lambda asked: b"", "ended the connection without an answer"),
    (lambda asked: b"\0\1", "ended the connection without an answer"),
    (lambda asked: struct.pack(">BBI", 0, 1, 100) + b"\0{", "ended the connection without an answer"),
    (lambda asked: struct.pack(">BBI", 0, 1, 0xffffffff), "4294967295 bytes"),
    (lambda asked: struct.pack(">BBI", 0, 1, 64 * 1024 * 1024 + 1), "67108865 bytes"),
    (lambda asked: struct.pack(">BBI", 0, 2, 1) + b"\0", "version 2"),
    (lambda asked: b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}\n', "no frame"),
    (lambda asked: frame(b""), "none of the known kinds"),
    (lambda asked: frame(b"\7"), "none of the known kinds"),
    (lambda asked: frame(b"\1\1"), "a greeting"),
    (lambda asked: frame(bytes([REFUSED]) + b"closed\x1b[2J\xff\xe2\x80\xae"), "refused the call: closed\\x1b[2J\\xff\\u{202e}"),
    (lambda asked: frame(bytes([REFUSED]) + b"x" * 100000), "refused the call: xxx"),
    (reply_of(b""), "empty"),
    (reply_of(b"{"), "no JSON"),
    (reply_of(b'{"jsonrpc":"2.0","id":99999,"result":1}'), "another call"),
    (reply_of(b'{"jsonrpc":"2.0","id":"$","result":1}'), "another call"),
    (reply_of(b'{"jsonrpc":"2.0","id":$,"result":1,"error":{"code":1,"message":""}}'), "either"),
    (reply_of(b'{"jsonrpc":"2.0","id":$,"result":1} x'), "no JSON"),
    (reply_of(b'{"jsonrpc":"2.0","id":$,"id":$,"result":1}'), "twice"),
    (reply_of(b"[" * 100000), "no JSON"),
])
def test_hostile_answers(proxy, signer, answer, words):
    signer.answer, signer.closes = answer, True
    assert words in message(ask(proxy))
    signer.answer = result("ok")
    assert ask(proxy)["result"] == "ok"


def test_an_answer_is_handed_on_as_it_was_spelt(proxy, signer):
    value = b'{ "a" : [1.500, 123456789012345678901234567890, "\\u00e4"] }'
    signer.answer = reply_of(b'{"jsonrpc":"2.0","id":$,"result":' + value + b"}")
    assert value in proxy.request(body=call(), headers=[JSON])[2].encode()
    signer.answer = reply_of(b'{"jsonrpc":"2.0","id":$,"error":{"code":-32000,"message":"request denied","data":{"x":1.0}}}')
    assert '"error":{"code":-32000,"message":"request denied","data":{"x":1.0}}' in proxy.request(body=call(), headers=[JSON])[2]


def test_a_large_answer(proxy, signer):
    signer.answer = result("x" * 20_000_000)
    assert len(ask(proxy)["result"]) == 20_000_000


# --- qrexec ---

def notes(home, kind):
    return sorted(home.glob(f"{kind}-*"))


def test_a_call_through_qrexec(qrexec, home):
    proxy = qrexec("vault")
    assert ask(proxy)["result"] == "ok"
    assert notes(home, "asked")[0].read_text() == "vault qubes.Clefsign"
    # The child's input stays open until it has answered, then it ends by itself; nothing is left of it.
    until(lambda: len(proxy.children()) == 1, 5, "the child to end")


def test_the_target_that_policy_chooses(start, home):
    from proxying import write_client
    proxy = start(env=write_client(home))
    ask(proxy)
    assert notes(home, "asked")[0].read_text() == "@default qubes.Clefsign"


@pytest.mark.parametrize("status, words", [(126, "refused by qrexec (126)"), (127, "no service qubes.Clefsign (127)"), (125, "(125)"), (1, "(exit code 1)"),
                                           (0, "without an answer")])
def test_exit_codes(qrexec, status, words):
    proxy = qrexec(f"exit{status}")
    text = message(ask(proxy))
    assert words in text and "first line" not in text
    # What the vault said is for the log: its first line, escaped.
    until(lambda: "the first line\\x1b[2J" in proxy.stderr(), 5, "the line in the log")
    assert "the second" not in proxy.stderr() and "\x1b" not in proxy.stderr()
    until(lambda: len(proxy.children()) == 1, 5, "the child to be reaped")


def post_and_hold(proxy):
    connection = proxy.connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(call()) + call())
    return connection


def test_a_caller_who_leaves_closes_the_childs_input(qrexec, home):
    proxy = qrexec("silent")
    connection = post_and_hold(proxy)
    until(lambda: notes(home, "asked"), 5, "the child to be asked")
    assert not notes(home, "gone")
    connection.close()
    until(lambda: notes(home, "gone"), 5, "the child to hear of it")
    until(lambda: len(proxy.children()) == 1, 5, "the child to be reaped")


def test_a_child_that_does_not_end_is_ended(qrexec, home):
    proxy = qrexec("stubborn")
    connection = post_and_hold(proxy)
    until(lambda: notes(home, "asked"), 5, "the child to be asked")
    connection.close()
    time.sleep(1)
    assert len(proxy.children()) == 2
    until(lambda: len(proxy.children()) == 1, 8, "SIGTERM to end it")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_proxy_ends_its_calls(qrexec, home, number):
    proxy = qrexec("silent")
    connection = post_and_hold(proxy)
    until(lambda: notes(home, "asked"), 5, "the child to be asked")
    below = proxy.children()
    assert proxy.stop(number) == (0 if number == signal.SIGTERM else -number)
    if number == signal.SIGTERM:
        assert b"clef-proxy is shutting down" in connection.recv(65536)
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in below), 5, "helper and child to end")


def test_without_its_helper_the_proxy_ends(qrexec):
    proxy = qrexec("silent")
    os.kill(proxy.children()[0], signal.SIGKILL)
    assert proxy.wait_end() == 1
    assert "has ended" in proxy.stderr()


def test_a_hundred_calls_at_once(qrexec, home):
    proxy = qrexec("vault", "--max-calls", "20")
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert all(r["result"] == "ok" for r in pool.map(lambda n: ask(proxy, n), range(100)))
    assert len(notes(home, "asked")) == 100
