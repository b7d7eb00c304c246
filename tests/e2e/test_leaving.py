"""Callers who leave, and time that runs out: the question goes away with its caller and a late yes signs nothing."""
import json
import socket
import time

import pytest

from signer import RpcError, approving, http_request, read_json, request, transfer, until

SIGN = request("account_signTransaction", transfer())


@pytest.fixture
def signer(start):
    """A person who does not answer by himself."""
    return start(ui=approving(ui_approveTx=None))


def approve_late(signer, question):
    """Say yes to a question whose caller is gone; nothing may come of it."""
    signer.reply(question["id"], {"approved": True, "transaction": question["params"][0]["transaction"]})
    assert signer.call("account_version") == "6.1.0"
    time.sleep(0.3)
    assert signer.count("ui_onInputRequired") == 0 and signer.count("ui_onApprovedTx") == 0


def test_half_close_on_the_socket_is_not_leaving(signer):
    with signer.connect() as s:
        s.sendall(json.dumps(SIGN).encode())
        s.shutdown(socket.SHUT_WR)
        question = signer.asked("ui_approveTx")
        time.sleep(0.3)
        signer.reply(question["id"], {"approved": True, "transaction": question["params"][0]["transaction"]})
        assert "raw" in read_json(s)["result"]


def test_hang_up_on_the_socket_withdraws_the_question(signer):
    s = signer.connect()
    s.sendall(json.dumps(SIGN).encode())
    question = signer.asked("ui_approveTx")
    s.close()
    time.sleep(0.3)
    approve_late(signer, question)


def test_hang_up_after_half_close_withdraws_the_question(signer):
    s = signer.connect()
    s.sendall(json.dumps(SIGN).encode())
    s.shutdown(socket.SHUT_WR)
    question = signer.asked("ui_approveTx")
    s.close()
    time.sleep(0.3)
    approve_late(signer, question)


@pytest.mark.parametrize("how", ["fin", "half", "reset"])
def test_leaving_over_http_withdraws_the_question(signer, how):
    s = signer.connect_http()
    s.sendall(http_request(SIGN))
    question = signer.asked("ui_approveTx")
    if how == "half":
        s.shutdown(socket.SHUT_WR)
    elif how == "reset":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        s.close()
    else:
        s.close()
    time.sleep(0.3)
    approve_late(signer, question)
    s.close()


def test_leaving_while_the_password_is_awaited_signs_nothing(start):
    signer = start(ui=approving(ui_onInputRequired=None))
    s = signer.connect_http()
    s.sendall(http_request(SIGN))
    question = signer.asked("ui_onInputRequired")
    s.close()
    time.sleep(0.3)
    signer.reply(question["id"], {"text": "password123"})
    assert signer.call("account_version") == "6.1.0"
    time.sleep(0.5)
    assert signer.count("ui_onApprovedTx") == 0


def test_one_who_leaves_does_not_take_others_along(signer):
    staying = signer.later("account_signTransaction", transfer(nonce="0x5"))
    question = signer.asked("ui_approveTx", 1)
    s = signer.connect_http()
    s.sendall(http_request(SIGN))
    signer.asked("ui_approveTx", 2)
    s.close()
    time.sleep(0.2)
    signer.reply(question["id"], {"approved": True, "transaction": question["params"][0]["transaction"]})
    assert staying.get()["tx"]["nonce"] == "0x5"


@pytest.mark.parametrize("transport", ["http", "socket"])
def test_time_runs_out_for_caller_and_question_together(start, transport):
    signer = start(ui=approving(ui_approveTx=None), timeout=1)
    begin = time.monotonic()
    with pytest.raises(RpcError) as e:
        (signer.call if transport == "http" else signer.call_socket)("account_signTransaction", transfer(), seconds=10)
    assert e.value.code == -32002 and 0.8 < time.monotonic() - begin < 3
    approve_late(signer, signer.asked("ui_approveTx"))


def test_time_runs_out_while_the_password_is_awaited(start):
    signer = start(ui=approving(ui_onInputRequired=None), timeout=1)
    with pytest.raises(RpcError) as e:
        signer.call("account_signTransaction", transfer(), seconds=10)
    assert e.value.code == -32002
    signer.reply(signer.asked("ui_onInputRequired")["id"], {"text": "password123"})
    time.sleep(0.5)
    assert signer.count("ui_onApprovedTx") == 0


def test_withdrawn_question_is_logged(signer):
    """The UI protocol on stdio has no message for it; the terminal UI says so itself (test_terminal.py)."""
    s = signer.connect_http()
    s.sendall(http_request(SIGN))
    signer.asked("ui_approveTx")
    s.close()
    until(lambda: "account_signTransaction is withdrawn" in signer.stderr(), 3, "the line in the log")
