"""clef attach: the terminal UI for a signer that runs elsewhere, every way in and every way out."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from eth_account import Account

from attaching import Attached, Screen, approver, connect, descriptors_of, settled
from signer import FIRST, RpcError, transfer, until

LEFT = "the user interface was detached before it answered"
root = pytest.mark.skipif(os.getuid() != 0, reason="only root sees into processes that are not dumpable")


@pytest.fixture
def served(start, clef, tmp_path):
    """begin(...): a signer with --ui-socket. attach(): clef attach for it."""
    class Served:
        path = tmp_path / "ui" / "socket"
        screens = []

        def begin(self, *args):
            self.signer = start("--ui-socket", str(self.path), *args, ui=None)
            until(self.path.exists, 10, "the UI's socket")
            return self.signer

        def attach(self, *args, **settings):
            self.screens.append(Screen(clef, *(args or [str(self.path)]), **settings))
            return self.screens[-1]

        def sign(self, **changes):
            return self.signer.later("account_signTransaction", transfer(**changes))

    one = Served()
    yield one
    for screen in one.screens:
        screen.close()


def refused(later, text, code=None):
    with pytest.raises(RpcError) as e:
        later.get(10)
    assert text in e.value.message and code in (None, e.value.code)


def ends(screen, status, text):
    assert screen.wait_end() == status, screen.text
    assert text in screen.text, screen.text
    until(screen.has_echo, 3, "the terminal to be as it was")


def test_requests_are_approved_there(served):
    served.begin()
    t = served.attach()
    assert "Ctrl-C leaves" in t.text
    for nonce in ("0x0", "0x1"):
        waiting = served.sign(nonce=nonce)
        page = t.see(r"\[y/N\]: ")
        assert FIRST in page.replace(" ", "")
        t.type("y\n")
        t.see(r"^Password: ")
        t.type("password123\n")
        assert Account.recover_transaction(waiting.get()["raw"]) == FIRST
        t.see("Signed and handed")
    t.read(0.2)
    assert "password123" not in t.text, "the password was echoed"
    waiting = served.sign(nonce="0x2")
    t.see(r"\[y/N\]: ")
    t.type("n\n")
    refused(waiting, "denied")


def test_the_flag_names_the_socket_as_well(served):
    served.begin()
    served.attach("--ui-socket", str(served.path))


def test_a_wrong_password(served):
    served.begin()
    t = served.attach()
    waiting = served.sign()
    t.approve("wrong password")
    refused(waiting, "could not decrypt key")
    waiting = served.sign()
    t.approve()
    assert "raw" in waiting.get()


def test_a_long_password_and_one_that_is_too_long(served):
    served.begin()
    t = served.attach()
    for size, text in ((4000, "could not decrypt"), (4100, "internal error")):
        waiting = served.sign()
        t.say_yes()
        for _ in range(size // 100):
            t.type("x" * 100)
        t.type("\n")
        refused(waiting, text)
    waiting = served.sign()
    t.approve()
    assert "raw" in waiting.get()


@pytest.mark.parametrize("key, name", [("\x03", "Ctrl-C"), ("\x04", "Ctrl-D")])
def test_leaving(served, key, name):
    signer = served.begin()
    t = served.attach()
    time.sleep(0.3)
    t.type(key)
    ends(t, 0, "Detached. The signer goes on.")
    t = served.attach()
    waiting = served.sign()
    t.see(r"\[y/N\]: ")
    t.type(key)
    ends(t, 0, "Detached. The signer goes on.")
    refused(waiting, LEFT)
    assert signer.call("account_version") == "6.1.0"
    t = served.attach()
    waiting = served.sign()
    t.approve()
    assert "raw" in waiting.get()


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_at_the_password_they_cancel_that_request_only(served, key):
    served.begin()
    t = served.attach()
    waiting = served.sign()
    t.say_yes()
    t.type("passwo" + key)
    refused(waiting, "the password prompt was cancelled")
    waiting = served.sign()
    t.approve()
    assert "raw" in waiting.get()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
@pytest.mark.parametrize("at_password", [False, True])
def test_signals_detach(served, number, at_password):
    served.begin()
    t = served.attach()
    waiting = served.sign()
    t.say_yes() if at_password else t.see(r"\[y/N\]: ")
    t.proc.send_signal(number)
    ends(t, 128 + number, "detached on a signal")
    refused(waiting, LEFT)


@pytest.mark.parametrize("at_password", [False, True])
def test_killed_in_the_middle(served, at_password):
    signer = served.begin()
    t = served.attach()
    waiting = served.sign()
    t.say_yes() if at_password else t.see(r"\[y/N\]: ")
    role = t.children()
    t.proc.kill()
    t.proc.wait()
    refused(waiting, LEFT)
    until(t.has_echo, 5, "the terminal to be as it was")
    until(lambda: not any(os.path.exists(f"/proc/{pid}") and "State:\tZ" not in open(f"/proc/{pid}/status").read() for pid in role), 5, "the role to be gone")
    assert signer.call("account_version") == "6.1.0"
    again = served.attach()
    waiting = served.sign()
    again.approve()
    assert "raw" in waiting.get()


def test_its_ui_is_killed(served):
    served.begin()
    t = served.attach()
    waiting = served.sign()
    t.see(r"\[y/N\]: ")
    os.kill(t.children()[0], signal.SIGKILL)
    ends(t, 1, "the process 'ui' was killed by signal 9")
    refused(waiting, LEFT)


@pytest.mark.parametrize("at_password", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_signer_ends(served, number, at_password):
    signer = served.begin()
    t = served.attach()
    waiting = served.sign()
    t.say_yes() if at_password else t.see(r"\[y/N\]: ")
    signer.proc.send_signal(number)
    ends(t, 1, "the signer has ended")
    with pytest.raises((RpcError, OSError)):
        waiting.get()


def test_a_caller_that_leaves_at_the_password_gives_the_terminal_back(served):
    signer = served.begin()
    t = served.attach()
    s = signer.connect()
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "account_signTransaction", "params": [transfer()]}).encode())
    t.say_yes()
    t.type("secr3t")
    s.close()
    t.see("withdrawn")
    waiting = served.sign()
    t.approve()
    assert "raw" in waiting.get()
    t.read(0.2)
    assert "secr3t" not in t.text


def test_time_that_runs_out(served):
    served.begin("--request-timeout", "2")
    t = served.attach()
    waiting = served.sign()
    t.say_yes()
    refused(waiting, "timed out", -32002)
    t.see("withdrawn")
    waiting = served.sign()
    t.approve()
    assert "raw" in waiting.get()


def test_what_waited_is_shown(served):
    served.begin("--wait-for-ui", "1h")
    first, second = served.sign(nonce="0x1"), served.sign(nonce="0x2")
    time.sleep(0.5)
    t = served.attach()
    t.approve()
    t.approve()
    assert "raw" in first.get() and "raw" in second.get()


def test_many_at_once_one_after_the_other(served):
    served.begin()
    t = served.attach()
    waiting = [served.sign(nonce=hex(number)) for number in range(10)]
    for _ in waiting:
        t.approve()
    for one in waiting:
        assert "raw" in one.get()


# --- errors ---


def test_a_second_one_is_refused(served):
    served.begin()
    t = served.attach()
    other = served.attach(wait=False)
    ends(other, 1, "another user interface is attached")
    assert f"process {t.proc.pid}" in other.text
    waiting = served.sign()
    t.approve()
    assert "raw" in waiting.get()


def test_nobody_is_there(served, tmp_path):
    ends(served.attach(str(tmp_path / "nowhere"), wait=False), 1, "no signer is at")
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(tmp_path / "old"))
        ends(served.attach(str(tmp_path / "old"), wait=False), 1, "nobody listens there")
    (tmp_path / "file").write_text("")
    ends(served.attach(str(tmp_path / "file"), wait=False), 1, "nobody listens there")
    ends(served.attach("/" + "x" * 200, wait=False), 1, "is longer than")


@pytest.mark.parametrize("answer, text", [
    (b"", "closed the connection at once"), (b'{"jsonrpc":"2.0","method":"hello"}\n', "does not greet"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not greet"),
    (b'{"jsonrpc":"2.0","method":"ui_showError","params":[{"text":"\\u001b[2Jno\\nway"}]}\n', "[2Jno"), (b'[1]\n', "does not greet")])
def test_something_else_listens_there(served, tmp_path, answer, text):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "else"))
        listening.listen()
        screen = served.attach(str(tmp_path / "else"), wait=False)
        peer, _ = listening.accept()
        peer.sendall(answer)
        peer.shutdown(socket.SHUT_WR)
        ends(screen, 1, text)
        assert "\x1b[2J" not in screen.text
        peer.close()


def test_the_callers_socket_is_not_the_one(served):
    signer = served.begin()
    screen = served.attach(str(signer.ipc), wait=False)
    assert screen.wait_end(20) == 1
    assert "and not clef.ipc" in screen.text


@root
def test_a_signer_of_another_user(served, tmp_path):
    """Passwords are not typed for whoever happens to listen there."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "theirs"))
        os.seteuid(65534)  # what counts is who listens
        try:
            listening.listen()
        finally:
            os.seteuid(0)
        ends(served.attach(str(tmp_path / "theirs"), wait=False), 1, "another user (uid 65534)")


def test_without_a_terminal(served, clef):
    served.begin()
    done = subprocess.run([clef, "attach", str(served.path)], stdin=subprocess.PIPE, capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and "needs a terminal" in done.stderr and "ssh -t" in done.stderr
    assert "is attached: process" not in served.signer.stderr()


# --- between the two: the signer is played by the test ---

STARTUP = {"jsonrpc": "2.0", "method": "ui_onSignerStartup", "params": [{"info": {"extapi_http": "n/a", "extapi_ipc": "n/a", "extapi_version": "6.1.0",
           "intapi_version": "7.0.1", "ui_protocol": "7.1", "attached": True, "chain_id": "0x1"}, "warnings": []}]}


def question(number, method, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": [params]}


def input_required(number):
    return question(number, "ui_onInputRequired", title="Account password", prompt="Please", isPassword=True, request_id="r-1", expires_at=None)


class Played:
    """The signer's end of the connection."""

    def __init__(self, listening):
        self.socket, _ = listening.accept()
        self.socket.settimeout(10)
        _, fds, _, _ = socket.recv_fds(self.socket, 1, 4)
        self.pipe, = fds
        self.say(STARTUP)

    def say(self, *messages):
        self.socket.sendall(b"".join(json.dumps(m).encode() + b"\n" for m in messages))

    def hear(self):
        got = b""
        while not got.endswith(b"\n"):
            got += self.socket.recv(1 << 20)
        return json.loads(got)


@pytest.fixture
def played(served, tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "played"))
        listening.listen()
        screen = served.attach(str(tmp_path / "played"), wait=False)
        one = Played(listening)
        screen.see("is ready")
        yield screen, one
        one.socket.close()
        os.close(one.pipe)


def test_the_password_goes_over_the_pair_and_nothing_of_it_over_the_socket(played):
    screen, signer = played
    signer.say(input_required(7))
    screen.see(r"^Password: ")
    screen.type("pässwörd\n")
    assert os.read(signer.pipe, 8192) == bytes([0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 10]) + "pässwörd".encode()
    assert signer.hear() == {"jsonrpc": "2.0", "id": 7, "result": {"text": "", "secret_fd": True}}
    screen.type("\x03")
    assert screen.wait_end() == 0
    assert signer.socket.recv(100) == b""


def test_the_pair_goes_one_way(played):
    screen, signer = played
    with pytest.raises(BrokenPipeError):
        os.write(signer.pipe, b"x")


def test_a_question_that_is_taken_back_before_the_terminal_is_free(played):
    """The answer that lends the terminal meets the withdrawal on its way: nobody is asked then."""
    screen, signer = played
    withdrawal = {"jsonrpc": "2.0", "method": "ui_withdraw", "params": [{"id": 7, "request_id": "r-1", "reason": "timeout"}]}
    signer.say(input_required(7), withdrawal)
    screen.see("withdrawn")
    time.sleep(0.5)
    screen.read()
    assert "Password: " not in screen.text
    signer.say(input_required(8))
    screen.see(r"^Password: ")
    screen.type("another\n")
    assert os.read(signer.pipe, 8192)[:8] == bytes([0, 0, 0, 0, 0, 0, 0, 8])
    assert signer.hear()["id"] == 8


def test_an_unread_pair_does_not_stop_it(played):
    """keys reads only when it needs a password: what piles up is an error some day, never a wait."""
    screen, signer = played
    for number in range(1, 400):
        signer.say(input_required(number))
        screen.see(r"^Password: ")
        os.write(screen.master, b"x" * 4000 + b"\n")
        if "error" in signer.hear():
            break
    else:
        pytest.fail("400 passwords were taken and not read")
    screen.see("does not take passwords")
    screen.type("\x03")
    assert screen.wait_end() == 0


def test_a_large_question_and_a_large_answer(played):
    screen, signer = played
    accounts = [{"address": f"0x{n:040x}", "url": f"keystore:///keys/{n}"} for n in range(20000)]
    meta = {"remote": "NA", "local": "NA", "scheme": "ipc", "User-Agent": "", "Origin": ""}
    signer.say(question(3, "ui_approveListing", accounts=accounts, meta=meta, request_id="r-1", expires_at=None, chain_id="0x1", peer=None, warnings=[], decoded=None))
    screen.see(r"\]: $", 20)
    screen.type("y\n")
    assert signer.hear()["result"]["accounts"] == accounts


# --- what it may do ---


def status(pid, field):
    return re.search(rf"^{field}:\s+(\S+)", open(f"/proc/{pid}/status").read(), re.M)[1]


def test_it_is_confined(served):
    served.begin()
    t = served.attach()
    time.sleep(0.3)
    for pid in (t.proc.pid, t.children()[0]):
        assert status(pid, "Seccomp") == "2" and status(pid, "NoNewPrivs") == "1"
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0  # not dumpable


@root
def test_the_signer_keeps_nothing_of_those_that_left(served, rounds):
    signer = served.begin()
    counts = []
    for number in range(rounds(6, 60)):
        t = served.attach()
        if number % 2:
            waiting = served.sign()
            t.say_yes()
            t.proc.kill()
            refused(waiting, LEFT)
        else:
            t.type("\x03")
            assert t.wait_end() == 0
        counts.append(settled(lambda: descriptors_of(signer.proc.pid) + descriptors_of(signer.roles()["keys"][0])))
    assert len(set(counts)) == 1


def test_a_program_and_a_person_by_turns(served):
    served.begin()
    t = served.attach()
    waiting = served.sign()
    t.approve()
    assert "raw" in waiting.get()
    t.type("\x03")
    assert t.wait_end() == 0
    program = Attached(served.path, approver())
    assert "raw" in served.sign().get()
    program.leave()
    t = served.attach()
    waiting = served.sign()
    t.approve()
    assert "raw" in waiting.get()
    assert connect(served.path)
