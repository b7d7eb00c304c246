"""The signer at a real terminal: what the person sees and types, and what a stray key or an impatient caller can not do."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest
from eth_account import Account

from signer import FIRST, Later, RpcError, SECOND, Signer, transfer, until

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\x07]")


class Terminal:
    """A signer whose terminal this is. Callers use the Signer's methods."""

    def __init__(self, clef, home, *args):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
        self.text, self.pos = "", 0
        self.signer = Signer(clef, home, "--http.vhosts", "*", *args, ui=None, start=False)

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.signer.proc = subprocess.Popen(self.signer.command, stdin=slave, stdout=slave, stderr=slave, cwd=home, preexec_fn=own_terminal,
                                            env={"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": str(home)})
        os.close(slave)
        self.signer.wait_serving()
        until(lambda: {"ui", "keys", "gate"} <= set(self.signer.roles()), 5, "all roles")
        self.see("is ready")

    def read(self, seconds=0.05):
        while select.select([self.master], [], [], seconds)[0]:
            try:
                chunk = os.read(self.master, 65536)
            except OSError:  # the other end is gone
                return
            if not chunk:
                return
            self.text += chunk.decode("utf-8", "replace")

    def see(self, pattern, seconds=10):
        """Wait until the pattern stands behind what was seen before; returns everything up to its end."""
        end = time.monotonic() + seconds
        while True:
            self.read()
            shown = ESCAPES.sub("", self.text)
            m = re.compile(pattern, re.M).search(shown, self.pos)
            if m:
                before, self.pos = shown[self.pos:m.end()], m.end()
                return before
            assert time.monotonic() < end, f"/{pattern}/ was not shown, but: {shown[self.pos:]!r}"

    def type(self, text):
        time.sleep(0.05)
        os.write(self.master, text.encode())

    def approve(self, password="password123"):
        self.see(r"\[y/N\]: ")
        self.type("y\n")
        self.see(r"^Password: ")
        self.type(password + "\n")

    def close(self):
        self.signer.close()
        os.close(self.master)


@pytest.fixture
def terminal(clef, tmp_path):
    opened = []

    def begin(*args):
        opened.append(Terminal(clef, tmp_path / f"terminal{len(opened)}", *args))
        return opened[-1]
    yield begin
    for one in opened:
        one.close()


def test_a_transaction_is_shown_approved_and_signed(terminal):
    t = terminal()
    waiting = t.signer.later("account_signTransaction", transfer(value="0xde0b6b3a7640000"))
    page = t.see(r"\[y/N\]: ")
    assert "1 ETH" in page and FIRST in page.replace(" ", "") and SECOND in page.replace(" ", "") and "HTTP" in page
    t.type("y\n")
    t.see(r"^Password: ")
    t.type("password123\n")
    assert Account.recover_transaction(waiting.get()["raw"]) == FIRST
    t.read(0.3)
    assert "password123" not in t.text, "the password was echoed"


@pytest.mark.parametrize("answer", ["\n", "n\n", "N\n", "no\n", "x\n", "yy\n", "0\n"], ids=repr)
def test_only_y_approves(terminal, answer):
    t = terminal()
    waiting = t.signer.later("account_signTransaction", transfer())
    t.see(r"\[y/N\]: ")
    t.type(answer)
    if answer.strip().lower() not in ("", "n", "no"):  # asking again is allowed
        time.sleep(0.8)
        t.type("n\n")
    with pytest.raises(RpcError):
        waiting.get(5)


def test_what_was_typed_before_the_page_counts_for_nothing(terminal):
    t = terminal()
    t.type("y\ny\ny\n")
    waiting = t.signer.later("account_signTransaction", transfer())
    for _ in range(10):  # also while the page is drawn
        os.write(t.master, b"y\n") if not t.read(0.02) and "[y/N]" not in t.text else None
    t.see(r"\[y/N\]: ")
    time.sleep(1)
    t.read()
    assert not waiting.done() and not re.search(r"^Password: ", ESCAPES.sub("", t.text)[t.pos:], re.M)
    t.type("n\n")
    with pytest.raises(RpcError):
        waiting.get(5)


def test_one_page_at_a_time_and_the_number_waiting(terminal):
    t = terminal()
    one = t.signer.later("account_signTransaction", transfer(nonce="0x1"))
    t.see(r"\[y/N\]: ")
    two = t.signer.later("account_signTransaction", transfer(nonce="0x2"))
    three = t.signer.later("account_signTransaction", transfer(nonce="0x3"))
    time.sleep(0.5)
    t.read()
    assert len(re.findall(r"\[y/N\]: ", t.text)) == 1
    t.type("n\n")
    with pytest.raises(RpcError):
        one.get(5)
    page = t.see(r"\[y/N\]: ")
    assert re.search(r"1 (more|other|further|request)", page), page
    t.type("n\n")
    t.see(r"\[y/N\]: ")
    t.type("n\n")
    for waiting in (two, three):
        with pytest.raises(RpcError):
            waiting.get(5)


def test_a_caller_who_leaves_is_said_and_the_late_y_is_nothing(terminal):
    t = terminal()
    s = t.signer.connect()
    s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"account_signTransaction","params":[%s]}' % json.dumps(transfer()).encode())
    t.see(r"\[y/N\]: ")
    s.close()
    t.see(r"withdrawn")
    t.type("y\n")
    time.sleep(0.5)
    t.read()
    assert "password" not in ESCAPES.sub("", t.text)[t.pos:].lower()
    waiting = t.signer.later("account_signTransaction", transfer())
    t.approve()
    waiting.get()


def test_time_that_runs_out_is_said(terminal):
    t = terminal("--request-timeout", "1")
    waiting = t.signer.later("account_signTransaction", transfer())
    t.see(r"\[y/N\]: ")
    with pytest.raises(RpcError) as e:
        waiting.get(5)
    assert e.value.code == -32002
    t.see(r"withdrawn")


def test_a_caller_who_leaves_at_the_password_gives_the_terminal_back(terminal):
    t = terminal()
    s = t.signer.connect()
    s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"account_signTransaction","params":[%s]}' % json.dumps(transfer()).encode())
    t.see(r"\[y/N\]: ")
    t.type("y\n")
    t.see(r"^Password: ")
    s.close()
    t.see(r"withdrawn")
    waiting = t.signer.later("account_signTransaction", transfer())
    t.approve()
    assert "raw" in waiting.get()


def test_hostile_text_cannot_draw_on_the_terminal(terminal):
    t = terminal()
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "account_signData", "params": [
        "text/plain", FIRST, "0x" + "ok\x1b[2J\x1b]0;evil\x07\nApprove? [y/N]: y\n\u202etxet".encode().hex()]})
    waiting = Later(lambda: t.signer.post(body.encode(), {"User-Agent": b"agent\xe2\x80\xae\xc2\x9b31mred"}))
    t.see(r"Approve\? \[y/N\]: $")
    time.sleep(0.2)
    t.read()
    assert "\x1b[2J" not in t.text and "\x1b]0" not in t.text and "\u202e" not in t.text and "\x9b" not in t.text
    t.type("n\n")
    assert "error" in waiting.get()[1]


def test_wrong_password_is_said_to_both(terminal):
    t = terminal()
    waiting = t.signer.later("account_signTransaction", transfer())
    t.approve("wrong password")
    with pytest.raises(RpcError):
        waiting.get(10)
    assert t.signer.call("account_version") == "6.1.0"


def test_ctrl_c_at_the_password_cancels_it_and_at_a_page_ends_the_signer(terminal):
    t = terminal()
    waiting = t.signer.later("account_signTransaction", transfer())
    t.see(r"\[y/N\]: ")
    t.type("y\n")
    t.see(r"^Password: ")  # echo is off now
    t.type("\x03")
    with pytest.raises(RpcError):
        waiting.get(5)
    waiting = t.signer.later("account_signTransaction", transfer())
    t.see(r"\[y/N\]: ")
    t.type("\x03")
    assert t.signer.wait_end() == 0
    assert termios.tcgetattr(t.master)[3] & termios.ECHO
    with pytest.raises((RpcError, OSError)):
        waiting.get(5)


def test_terminal_is_restored_when_keys_is_killed_at_the_password(terminal):
    t = terminal()
    t.signer.later("account_signTransaction", transfer())
    t.see(r"\[y/N\]: ")
    t.type("y\n")
    t.see(r"^Password: ")
    os.kill(t.signer.roles()["keys"][0], signal.SIGKILL)
    assert t.signer.wait_end() == 1
    t.see("keys")
    until(lambda: termios.tcgetattr(t.master)[3] & termios.ECHO, 3, "echo to be on again")


def test_killed_ui_takes_the_signer_down(terminal):
    t = terminal()
    os.kill(t.signer.roles()["ui"][0], signal.SIGKILL)
    assert t.signer.wait_end() == 1
    t.see("ui")


def test_closed_terminal_ends_the_signer_or_refuses(terminal):
    t = terminal()
    waiting = t.signer.later("account_signTransaction", transfer())
    t.see(r"\[y/N\]: ")
    t.type("\x04")  # end of file
    with pytest.raises((RpcError, OSError)):
        waiting.get(5)


def test_ui_is_confined_too(terminal):
    t = terminal()
    waiting = t.signer.later("account_signTransaction", transfer())
    t.approve()
    waiting.get()
    status = open(f"/proc/{t.signer.roles()['ui'][0]}/status").read()
    assert re.search(r"^Seccomp:\s+2$", status, re.M) and re.search(r"^NoNewPrivs:\s+1$", status, re.M)


def test_a_password_begun_early_does_not_show(terminal):
    """Who knows what comes types on: before the prompt nothing of it counts, and nothing of it shows."""
    t = terminal()
    waiting = t.signer.later("account_signTransaction", transfer())
    t.see(r"\[y/N\]: ")
    t.type("y\n")
    t.see("Approved")
    for letter in "qxqxqxqxqx":
        os.write(t.master, letter.encode())
        time.sleep(0.002)
    t.see(r"^Password: ")
    t.type("\x15password123\n")  # Ctrl-U: what came after the prompt is part of the password
    assert Account.recover_transaction(waiting.get()["raw"]) == FIRST
    t.read(0.3)
    assert "qx" not in t.text and "password123" not in t.text


def test_a_password_that_is_not_wanted_any_more_does_not_show(terminal):
    t = terminal("--request-timeout", "1")
    t.signer.later("account_signTransaction", transfer())
    t.see(r"\[y/N\]: ")
    t.type("y\n")
    t.see(r"^Password: ")
    end = time.monotonic() + 1.5
    while "withdrawn" not in t.text and time.monotonic() < end:
        os.write(t.master, b"s")
        t.read(0.01)
    t.see("withdrawn")
    assert "ss" not in ESCAPES.sub("", t.text).split("Password: ")[1].split("withdrawn")[0]


class Job:
    """A signer as a shell's job, which can be put into the background."""

    def __init__(self, clef, home):
        self.signer = Signer(clef, home, "--http.vhosts", "*", ui=None, start=False)
        command, (to_shell, self.told), (self.shell_says, says) = self.signer.command, os.pipe(), os.pipe()
        self.shell, self.master = pty.fork()
        if self.shell == 0:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            job = os.fork()
            if job == 0:
                os.setpgid(0, 0)
                os.tcsetpgrp(0, os.getpid())
                signal.signal(signal.SIGTTOU, signal.SIG_DFL)
                os.chdir(home)
                os.execv(command[0], command)
            os.write(says, f"{job}\n".encode())
            for word in iter(lambda: os.read(to_shell, 1), b""):
                os.tcsetpgrp(0, os.getpgrp() if word == b"b" else job)
                os.write(says, b"ok\n")
            os._exit(0)
        self.job = int(os.read(self.shell_says, 20))
        self.text = ""

    def put(self, where):
        os.write(self.told, where)
        os.read(self.shell_says, 20)

    def state(self):
        try:
            return open(f"/proc/{self.job}/stat").read().rsplit(") ", 1)[1][0]
        except FileNotFoundError:
            return "gone"

    def see(self, text, seconds=10):
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, f"{text!r} was not shown, but {self.text!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 65536).decode("utf-8", "replace")
        self.text = self.text.split(text, 1)[1]

    def close(self):
        for pid in (self.job, self.shell):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        os.waitpid(self.shell, 0)
        os.close(self.master)


@pytest.fixture
def job(clef, tmp_path):
    one = Job(clef, tmp_path / "job")
    one.see("is ready")
    yield one
    one.close()


def test_in_the_background_it_goes_on_and_ends_when_told(job):
    job.put(b"b")
    waiting = job.signer.later("account_signTransaction", transfer())
    job.see("[y/N]: ")
    assert job.state() not in "Tt"
    os.kill(job.job, signal.SIGTERM)
    until(lambda: job.state() in ("gone", "Z"), 5, "the end")
    with pytest.raises(Exception):
        waiting.get(5)
    assert not (job.signer.home / "config" / "clef.ipc").exists()


def test_what_is_typed_in_the_shell_is_not_for_the_signer(job):
    """The terminal has a line for whoever reads: in the background that is not the signer, and it must not take it for the end of its input."""
    job.put(b"b")
    waiting = job.signer.later("account_signTransaction", transfer())
    job.see("[y/N]: ")
    os.write(job.master, b"y\n")
    time.sleep(0.7)
    assert job.state() not in "Tt" and not waiting.done()
    # Nobody in the shell read it. In the foreground again, only what is typed then counts.
    job.put(b"f")
    time.sleep(0.7)
    os.write(job.master, b"n\n")
    job.see("Refused")
    with pytest.raises(RpcError):
        waiting.get(5)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may look at the descriptors of a process that is not dumpable")
def test_a_gate_does_not_hold_the_terminal_and_is_heard(terminal):
    """Its standard error is a pipe to core: it can neither read what is typed nor write to the screen."""
    t = terminal()
    roles = t.signer.roles()
    for role in ("gate", "keys"):
        for pid in roles[role]:
            assert os.readlink(f"/proc/{pid}/fd/2").startswith("pipe:")
            assert re.search(r"^flags:\s+\d*1$", open(f"/proc/{pid}/fdinfo/2").read(), re.M), "not write-only"
    for pid in roles["gate"]:
        assert not any("/pts/" in os.readlink(f"/proc/{pid}/fd/{fd}") or "/tty" in os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd"))
    # What it says there comes out as a line, whatever it holds.
    with open(f"/proc/{roles['gate'][0]}/fd/2", "wb", 0) as pipe:
        pipe.write(b"\x1b[2Jhello\r\n")
    t.see(r"ERROR \[[^]]*\] gate: \\x1b\[2Jhello")


def test_start_warns_and_wants_ok(clef, tmp_path):
    t = Terminal.__new__(Terminal)
    t.text, t.pos = "", 0
    t.master, slave = pty.openpty()
    proc = subprocess.Popen([clef, "--keystore", str(tmp_path / "k"), "--configdir", str(tmp_path / "c"), "--auditlog", ""], stdin=slave, stdout=slave, stderr=slave,
                            cwd=tmp_path)
    os.close(slave)
    try:
        t.see(r"^> ")
        t.type("no\n")
        assert proc.wait(5) == 1
    finally:
        proc.kill()
        proc.wait()
        os.close(t.master)


def test_several_transactions_at_once(terminal):
    shown = terminal("--allow-bulk")
    call = shown.signer.later("account_bulkSignTransactions", [transfer(), transfer(nonce="0x1")])
    assert "2 transactions" in shown.see(r"\[y/N\]: ")
    shown.type("y\n")
    shown.see(r"^Password: ")
    shown.type("password123\n")
    assert [Account.recover_transaction(a["raw"]) for a in call.get()] == [FIRST, FIRST]


def test_authorization(terminal):
    shown = terminal()
    call = shown.signer.later("account_signAuthorization", FIRST, {"chainId": "0x0", "address": SECOND, "nonce": "0x7"})
    page = shown.see(r"\[y/N\]: ")
    assert SECOND in page.replace(" ", "") and "every chain" in page.lower()
    shown.type("y\n")
    shown.see(r"^Password: ")
    shown.type("password123\n")
    answer = call.get()
    assert (answer["chainId"], answer["nonce"], answer["address"]) == ("0x0", "0x7", SECOND.lower())
