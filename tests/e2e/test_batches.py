"""JSON-RPC as hostile callers write it: HTTP and the socket answer the same, and the signer goes on."""
import json
import socket

import pytest

from signer import FIRST, approving

BAD = {"code": -32600, "message": "invalid request"}


def version(number, **changes):
    return {"jsonrpc": "2.0", "id": number, "method": "account_version", "params": []} | changes


def good(number):
    return {"jsonrpc": "2.0", "id": number, "result": "6.1.0"}


def bad(number=None, error=BAD):
    return {"jsonrpc": "2.0", "id": number, "error": error}


NOTE = {"jsonrpc": "2.0", "method": "account_version", "params": []}
TOO_LARGE = {"code": -32600, "message": "batch too large"}
PARSE = {"code": -32700, "message": "parse error"}

CASES = {
    "a batch in a batch": ([[version(1)], version(2)], [bad(), good(2)]),
    "batches in batches": (b"[" * 50 + b"]" * 50, [bad()]),
    "1000 calls": ([version(n) for n in range(1000)], [good(n) for n in range(1000)]),
    "1001 calls": ([version(n) for n in range(1001)], [bad(0, TOO_LARGE)]),
    "1001 notifications": ([NOTE] * 1001, [bad(None, TOO_LARGE)]),
    "1001 pieces of garbage, one call among them": ([1] * 1000 + [version("x")], [bad("x", TOO_LARGE)]),
    "one id for all": ([version(1), version(1), version("1")], [good(1), good(1), good("1")]),
    "notifications alone": ([NOTE, NOTE], None),
    "an unknown notification": ([NOTE | {"method": "no_such"}, NOTE | {"params": {"a": 1}}, NOTE | {"method": "account_subscribe"}], None),
    "no calls": ([], bad(None, {"code": -32600, "message": "empty batch"})),
    "all kinds of wrong": ([version(1), 1, None, "x", {}, [], NOTE, {"id": 5}, version(None), version(True), version({"a": 1}), version([1]), version(7, jsonrpc="1.0"),
                            version(8, extra=1), version(9, method=5), version(10, method="")],
                           [good(1), bad(), bad(), bad(), bad(), bad(), bad(5), good(None), good(True), bad(), bad(), bad(7), good(8), bad(9), bad(10)]),
    "an id twice": (b'[{"jsonrpc":"2.0","id":1,"id":2,"method":"account_version"}]', [bad()]),
    "a method twice": (b'{"jsonrpc":"2.0","id":1,"method":"account_list","method":"account_version"}', bad(1)),
    "names in another case": (b'{"JSONRPC":"2.0","ID":1,"Method":"account_version"}', bad()),
    "a comma too many": (b'[{"jsonrpc":"2.0","id":1,"method":"account_version"},]', bad(None, PARSE)),
    "no UTF-8": (b'{"jsonrpc":"2.0","id":"\xff","method":"account_version"}', bad(None, PARSE)),
    "half a surrogate pair": (b'{"jsonrpc":"2.0","id":"\\ud800","method":"account_version"}', bad(None, PARSE)),
    "a number": (b"5", bad()),
    "half a word": (b"tru", bad(None, PARSE)),
    "no word": (b"\x01", bad(None, PARSE)),
    "too deep": (b"[" * 10001 + b"]" * 10001, bad(None, PARSE)),
    "methods of another audience": ([version(1, method="clef_listAccounts"), version(2, method="ui_approveTx")],
                                    [bad(n, {"code": -32601, "message": f"the method {m} does not exist/is not available"})
                                     for n, m in ((1, "clef_listAccounts"), (2, "ui_approveTx"))]),
    "wrong arguments": ([version(1, params={}), version(2, params=[1]), version(3, params="x"), version(4, params=None), version(5, method="rpc_modules")],
                        [bad(1, {"code": -32602, "message": "non-array args"}), bad(2, {"code": -32602, "message": "too many arguments, want at most 0"}),
                         bad(3, {"code": -32602, "message": "non-array args"}), good(4),
                         {"jsonrpc": "2.0", "id": 5, "result": {"account": "1.0", "rpc": "1.0"}}]),
}


def over_socket(signer, data):
    """Everything that comes until the signer closes, after our half is closed."""
    with signer.connect() as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: s.recv(1 << 20), b"")).decode()


@pytest.fixture
def signer(start):
    return start(ui=approving())


def test_both_transports_answer_as_expected(signer):
    wrong = []
    for name, (body, expected) in CASES.items():
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, text = signer.post(data)
        for transport, found in (("HTTP", text), ("socket", over_socket(signer, data))):
            if status != 200 or (json.loads(found) if found.strip() else None) != expected:
                wrong.append(f"{name}, {transport}: {found[:300]}")
    assert not wrong, "\n".join(wrong)
    assert signer.call("account_version") == "6.1.0"


def test_what_is_refused_in_a_batch_does_not_touch_the_rest(signer):
    """In order, though one entry waits for a person, one is refused by that person, and one is wrong."""
    signer.answers["ui_approveSignData"] = lambda p: {"approved": False}
    body = [version(1, method="account_list"), version(2, method="account_signData", params=["text/plain", FIRST, "0x11"]), NOTE, version(3, params=[1]), version(4)]
    for answers in (json.loads(signer.post(body)[1]), json.loads(over_socket(signer, json.dumps(body).encode()))):
        assert [a["id"] for a in answers] == [1, 2, 3, 4]
        assert len(answers[0]["result"]) == 3 and answers[1]["error"] == {"code": -32000, "message": "request denied"}
        assert answers[2]["error"]["code"] == -32602 and answers[3]["result"] == "6.1.0"
    assert signer.count("ui_approveSignData") == 2
