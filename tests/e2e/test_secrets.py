"""Passwords that take a shorter way than the UI's JSON: --secret-fd and --password-file."""
import os
import socket
import struct
import time

import pytest
from eth_account import Account

from signer import FIRST, RpcError, SECOND, SILENT, approving, transfer

BY_PIPE = {"text": "", "secret_fd": True}


def secret(question, password):
    data = password.encode() if isinstance(password, str) else password
    return struct.pack(">QI", question, len(data)) + data


@pytest.fixture
def pair(start):
    """(signer, our end): the person answers password questions with what is sent on our end."""
    ours, theirs = socket.socketpair()
    os.set_inheritable(theirs.fileno(), True)
    signer = start("--secret-fd", str(theirs.fileno()), ui=approving(ui_onInputRequired=None), pass_fds=[theirs.fileno()], timeout=5)
    theirs.close()
    yield signer, ours
    ours.close()


def ask(signer, count=1, **changes):
    waiting = signer.later("account_signTransaction", transfer(**changes))
    return waiting, signer.asked("ui_onInputRequired", count)["id"]


@pytest.mark.parametrize("order", ["secret first", "answer first"])
def test_password_by_the_pipe(pair, order):
    signer, ours = pair
    waiting, question = ask(signer)
    if order == "secret first":
        ours.sendall(secret(question, "password123"))
        time.sleep(0.2)
    signer.reply(question, BY_PIPE)
    if order == "answer first":
        time.sleep(0.2)
        ours.sendall(secret(question, "password123"))
    assert Account.recover_transaction(waiting.get()["raw"]) == FIRST


def test_password_in_pieces(pair):
    signer, ours = pair
    waiting, question = ask(signer)
    signer.reply(question, BY_PIPE)
    for byte in secret(question, "password123"):
        ours.sendall(bytes([byte]))
    assert Account.recover_transaction(waiting.get()["raw"]) == FIRST


def test_two_questions_open_at_once(pair):
    signer, ours = pair
    one, first = ask(signer, 1)
    two, second = ask(signer, 2, **{"from": SECOND})
    ours.sendall(secret(second, "password456") + secret(first, "password123"))
    signer.reply(first, BY_PIPE)
    signer.reply(second, BY_PIPE)
    assert Account.recover_transaction(one.get()["raw"]) == FIRST
    assert Account.recover_transaction(two.get()["raw"]) == SECOND


def test_secrets_and_answers_in_opposite_order(pair):
    signer, ours = pair
    one, first = ask(signer, 1)
    two, second = ask(signer, 2, **{"from": SECOND})
    ours.sendall(secret(first, "password123") + secret(second, "password456"))
    signer.reply(second, BY_PIPE)
    assert Account.recover_transaction(two.get()["raw"]) == SECOND
    signer.reply(first, BY_PIPE)
    assert Account.recover_transaction(one.get()["raw"]) == FIRST


def test_a_file_is_no_pipe(start, tmp_path):
    with open(tmp_path / "secrets", "w+b") as file:
        signer = start("--secret-fd", str(file.fileno()), pass_fds=[file.fileno()], wait=False)
        assert signer.wait_end() == 1
    assert "expected a pipe or a socket, found a regular file" in signer.stderr() and "[warn]" not in signer.stderr()


def test_many_approvals_at_once_are_all_signed(start):
    signer = start(timeout=60)
    waiting = [signer.later("account_signTransaction", transfer(nonce=hex(n)), seconds=60) for n in range(70)]
    assert len({w.get(60)["raw"] for w in waiting}) == 70


def test_the_plain_answer_stays(pair):
    signer, _ = pair
    waiting, question = ask(signer)
    signer.reply(question, {"text": "password123"})
    assert Account.recover_transaction(waiting.get()["raw"]) == FIRST


def test_password_of_another_question_does_not_serve(pair):
    signer, ours = pair
    waiting, question = ask(signer)
    ours.sendall(secret(question + 1000, "password123"))
    signer.reply(question, BY_PIPE)
    with pytest.raises(RpcError):
        waiting.get(10)
    assert signer.count("ui_onApprovedTx") == 0


def test_password_longer_than_4_kib(pair):
    signer, ours = pair
    waiting, question = ask(signer)
    signer.reply(question, BY_PIPE)
    ours.sendall(secret(question, b"x" * 5000))
    with pytest.raises((RpcError, OSError)):
        waiting.get(10)
    assert signer.count("ui_onApprovedTx") == 0


def test_the_other_end_closes(pair):
    signer, ours = pair
    waiting, question = ask(signer)
    signer.reply(question, BY_PIPE)
    ours.close()
    with pytest.raises((RpcError, OSError)):
        waiting.get(10)
    assert signer.count("ui_onApprovedTx") == 0


def test_promise_without_a_pipe(start):
    signer = start(ui=approving(ui_onInputRequired=lambda p: BY_PIPE), timeout=5)
    with pytest.raises(RpcError):
        signer.call("account_signTransaction", transfer())


@pytest.fixture
def with_file(start, tmp_path):
    def begin(content):
        path = tmp_path / "password"
        path.write_bytes(content)
        path.chmod(0o600)
        return start("--password-file", str(path), ui=approving(ui_onInputRequired=lambda p: SILENT), timeout=5)
    return begin


@pytest.mark.parametrize("content", [b"password123", b"password123\n", b"password123\r\n", b"password123\nsecond line\n"], ids=str)
def test_password_file(with_file, content):
    signer = with_file(content)
    assert Account.recover_transaction(signer.call("account_signTransaction", transfer())["raw"]) == FIRST
    assert Account.recover_transaction(signer.call("account_signTransaction", transfer(nonce="0x1"))["raw"]) == FIRST
    assert signer.count("ui_onInputRequired") == 0 and signer.count("ui_approveTx") == 2


def test_wrong_password_file(with_file):
    signer = with_file(b"password124")
    with pytest.raises(RpcError):
        signer.call("account_signTransaction", transfer())
    assert signer.count("ui_onApprovedTx") == 0


def test_missing_password_file_is_said_at_the_start(start):
    signer = start("--password-file", "no/such/file", wait=False)
    assert signer.wait_end() == 1 and "no/such/file" in signer.stderr()


def test_no_password_in_logs_or_command_lines(start):
    signer = start("--loglevel", "5")
    signer.call("account_signTransaction", transfer())
    signer.answers["ui_onInputRequired"] = lambda p: {"text": "not-the-password"}
    with pytest.raises(RpcError):
        signer.call("account_signTransaction", transfer())
    lines = [open(f"/proc/{pid}/cmdline").read() for pids in signer.roles().values() for pid in pids]
    for text in lines + [signer.stderr(), (signer.home / "audit.log").read_text()]:
        assert "password123" not in text and "not-the-password" not in text
