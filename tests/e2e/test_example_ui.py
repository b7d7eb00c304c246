"""examples/ui.py, the reference UI, with a scripted person: as a user starts it, on a pipe and on a terminal."""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import time

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from signer import FIRST, FIXTURE, SECOND, Later, RpcError, free_port, read_json, request, result_of, transfer, until
from test_ui_selftest import STEPS

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "examples" / "ui.py"
PASSWORD = b"password123"


class Person:
    """A person at examples/ui.py: sees what it prints, types lines."""

    def __init__(self, clef, home, *args, terminal=False):
        self.home, self.keystore, self.text = home, home / "keystore", ""
        if not self.keystore.exists():
            shutil.copytree(FIXTURE, self.keystore)
        self.keystore.chmod(0o700)
        self.ipc = home / "clef.ipc"
        command = [sys.executable, "-B", str(PROGRAM), "--clef", clef, "--", "--keystore", str(self.keystore), "--configdir", str(home), "--lightkdf",
                   "--suppress-bootwarn", *args]
        if terminal:
            self.fd, theirs = pty.openpty()
            self.proc = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, cwd=home, start_new_session=True)
            os.close(theirs)
            self.inward = self.fd
        else:
            self.proc = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=home)
            self.fd, self.inward = self.proc.stdout.fileno(), self.proc.stdin.fileno()

    def see(self, pattern, seconds=15):
        """Wait until the pattern is on the screen, and forget what was there up to it."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text, re.S)):
            assert time.monotonic() < end and self.proc.poll() is None, f"no {pattern!r}, but:\n{self.text}"
            if select.select([self.fd], [], [], 0.1)[0]:
                self.text += os.read(self.fd, 65536).decode(errors="replace")
        seen, self.text = self.text[:found.end()], self.text[found.end():]
        return seen

    def type(self, line):
        os.write(self.inward, (line if isinstance(line, bytes) else line.encode()) + b"\n")

    def call(self, method, *params):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            until(self.ipc.exists)
            s.connect(str(self.ipc))
            s.sendall(json.dumps(request(method, *params)).encode())
            return result_of(read_json(s))

    def later(self, method, *params):
        return Later(lambda: self.call(method, *params))

    def close(self):
        if self.proc.poll() is None:
            self.proc.terminate()
        self.proc.wait(10)


@pytest.fixture
def person(clef, tmp_path):
    people = []

    def new(*args, **settings):
        people.append(Person(clef, tmp_path, *args, **settings))
        people[-1].see("The signer is ready")
        return people[-1]

    yield new
    for one in people:
        one.close()


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_transaction(person, terminal):
    p = person(terminal=terminal)
    waiting = p.later("account_signTransaction", transfer(value="0xde0b6b3a7640000"))
    page = p.see("anything else refuses: ")
    assert "Send 1 ether on chain 1" in page and "at most 0.000021 ether" in page and SECOND in page
    p.type("y")
    p.see("Password: ")
    p.type(PASSWORD)
    shown = p.see("Signed: transaction 0x")
    assert Account.recover_transaction(waiting.get()["raw"]) == FIRST
    assert "password123" not in shown


@pytest.mark.parametrize("word", ["", "n", "Y", "yes", "sign"])
def test_only_y_approves(person, word):
    p = person()
    waiting = p.later("account_signTransaction", transfer())
    p.see("refuses: ")
    p.type(word)
    p.see("Refused")
    with pytest.raises(RpcError) as e:
        waiting.get()
    assert "denied" in e.value.message


def test_critical_needs_more_than_y(person):
    p = person("--advanced")
    fees = transfer()
    del fees["gasPrice"]
    waiting = p.later("account_signTransaction", fees)
    assert "!! CRITICAL" in p.see("The word sign approves, anything else refuses: ")
    p.type("y")
    p.see("Refused")
    with pytest.raises(RpcError):
        waiting.get()
    waiting = p.later("account_signTransaction", fees)
    p.see("The word sign approves, anything else refuses: ")
    p.type("sign")
    p.see("Password: ")
    p.type(PASSWORD)
    assert Account.recover_transaction(waiting.get()["raw"]) == FIRST


def test_call_with_its_arguments(person):
    p = person()
    waiting = p.later("account_signTransaction", transfer(data="0x095ea7b3" + SECOND[2:].lower().zfill(64) + "f" * 64))
    page = p.see("refuses: ")
    assert "approve(address,uint256)" in page and f"(address): {SECOND}" in page and f" (uint256): {2**256 - 1}" in page
    p.type("n")
    with pytest.raises(RpcError):
        waiting.get()


def test_message_is_harmless(person):
    p = person()
    message = "hello\n\x1b[2Jevil \u202e \u200b"
    waiting = p.later("account_signData", "text/plain", FIRST, "0x" + message.encode().hex())
    page = p.see("refuses: ")
    assert "bytes that are no text" in page and "\x1b" not in page and "\u202e" not in page
    p.type("n")
    with pytest.raises(RpcError):
        waiting.get()
    waiting = p.later("account_signData", "text/plain", FIRST, "0x" + b"two\nlines".hex())
    assert "  | two\n  | lines\n" in p.see("refuses: ")
    p.type("y")
    p.see("Password: ")
    p.type(PASSWORD)
    assert Account.recover_message(encode_defunct(b"two\nlines"), signature=waiting.get()) == FIRST


def test_typed_data_as_a_tree(person):
    p = person()
    document = {"types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Mail": [{"name": "to", "type": "Person[]"}],
                          "Person": [{"name": "name", "type": "string"}]},
                "primaryType": "Mail", "domain": {"name": "Post"}, "message": {"to": [{"name": "Ann"}, {"name": "Bob\u202e"}]}}
    waiting = p.later("account_signTypedData", FIRST, document)
    page = p.see("refuses: ")
    assert "Mail for name Post" in page and "name (string): Ann" in page and "Bob\\u{202e}" in page
    p.type("y")
    p.see("Password: ")
    p.type(PASSWORD)
    assert len(waiting.get()) == 132


def test_listing(person):
    p = person()
    for word, expected in [("y", 3), ("2", 1), ("1,3", 2)]:
        waiting = p.later("account_list")
        p.see("refuses: ")
        p.type(word)
        assert len(waiting.get()) == expected
    for word in ("4", "0", "n", "1 x"):
        waiting = p.later("account_list")
        p.see("refuses: ")
        p.type(word)
        with pytest.raises(RpcError):
            waiting.get()


def test_new_account(person):
    p = person()
    waiting = p.later("account_new")
    p.see("Make a new account.*refuses: ")
    p.type("y")
    p.see("Password: ")
    p.type("weak")
    p.see("Error: .*Password: ")
    p.type("long enough now")
    assert waiting.get().startswith("0x")


def test_withdrawn_question_goes_and_the_next_comes(person):
    p = person("--request-timeout", "2")
    first = p.later("account_signTransaction", transfer())
    p.see("refuses: ")
    time.sleep(1)
    second = p.later("account_list")
    p.see("--- withdrawn: timeout ---.*Show these accounts.*refuses: ")
    with pytest.raises(RpcError):
        first.get()
    p.type("y")
    assert len(second.get()) == 3


def test_what_is_typed_before_a_question_counts_for_nothing(person):
    p = person(terminal=True)
    p.type("y")
    time.sleep(0.3)
    waiting = p.later("account_list")
    p.see("refuses: ")
    time.sleep(0.3)
    assert not waiting.done()
    p.type("n")
    with pytest.raises(RpcError):
        waiting.get()


def test_two_questions_one_after_the_other(person):
    p = person()
    one = p.later("account_list")
    p.see("refuses: ")
    two = p.later("account_new")
    time.sleep(0.3)
    p.type("1")
    p.see("Make a new account")
    assert len(one.get()) == 1
    p.see("refuses: ")
    p.type("n")
    with pytest.raises(RpcError):
        two.get()


def test_http_and_the_end(clef, tmp_path):
    port = free_port()
    p = Person(clef, tmp_path, "--http", "--http.port", str(port))
    p.see(f"http://127.0.0.1:{port}/")
    p.proc.stdin.close()
    assert p.proc.wait(10) == 0
    until(lambda: not p.ipc.exists())


def test_the_signers_own_test_of_user_interfaces(clef, tmp_path):
    p = Person(clef, tmp_path, "--stdio-ui-test")
    p.see("The signer is ready")
    for _ in range(STEPS):
        page = p.see(r"refuses: |Password: |\n> |withdrawn: caller gone")
        if "withdrawn" in page:
            continue
        if "Do NOTHING" in page:
            page = p.see("withdrawn: caller gone.*?(\n> |refuses: )")
        told = re.search(r"Type(?: the password)?: ([\w ]+)", page)
        if told:
            p.type(told[1].strip())
        elif "FIRST account" in page:
            p.type("1")
        else:
            p.type("y" if "claims Origin: APPROVE" in page else "n")
    assert p.proc.wait(20) == 0, p.proc.stderr.read().decode()
