"""User interfaces that attach to a signer started with --ui-socket: a program of our own (Attached) and `clef attach` at a terminal (Screen)."""
import array
import fcntl
import json
import os
import pty
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time

from signer import SILENT, approving, until

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\x07]")


def secret(question, password):
    """A password as it goes over the pipe (gendoc describes it)."""
    data = password.encode()
    return struct.pack(">QI", question, len(data)) + data


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(str(path))
    return s


def read_line(s):
    """One line off a connection; what came before its end when the peer closed."""
    text = b""
    while not text.endswith(b"\n"):
        try:
            chunk = s.recv(1)
        except ConnectionResetError:
            break
        if not chunk:
            break
        text += chunk
    return text


class Attached:
    """A program as user interface. answers: as the Signer's ui; what it does not name stays unanswered. Passes the descriptor `pipe` at the start."""

    def __init__(self, path, answers=None, pipe=None):
        self.answers, self.seen, self.replies = dict(answers or {}), [], {}
        self.changed, self.closed, self.last_id = threading.Condition(), False, 100
        self.socket = connect(path)
        self.socket.settimeout(None)
        if pipe is not None:
            self.pass_descriptors(pipe)
        threading.Thread(target=self._read, daemon=True).start()
        self.asked("ui_onSignerStartup")

    def pass_descriptors(self, *fds):
        self.socket.sendmsg([b"\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])

    def _read(self):
        text = b""
        while True:
            try:
                chunk = self.socket.recv(1 << 20)
            except OSError:
                chunk = b""
            if not chunk:
                break
            *lines, text = (text + chunk).split(b"\n")
            for line in lines:
                self._take(json.loads(line))
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _take(self, message):
        with self.changed:
            if "method" in message:
                self.seen.append(message)
            else:
                self.replies[message.get("id")] = message
            self.changed.notify_all()
        answer = self.answers.get(message.get("method"))
        if "id" in message and answer:
            result = answer(message["params"])
            if result is SILENT:
                return
            try:
                self.reply(message["id"], result)
            except OSError:  # it has left meanwhile
                pass

    def write(self, message):
        data = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        self.socket.sendall(data)

    def reply(self, number, result):
        self.write({"jsonrpc": "2.0", "id": number, "result": result})

    def call(self, method, *params, seconds=10):
        self.last_id += 1
        number = self.last_id
        self.write({"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)})
        with self.changed:
            assert self.changed.wait_for(lambda: number in self.replies, seconds), f"no answer to {method}"
            return self.replies.pop(number)

    def asked(self, method, count=1, seconds=10):
        def those():
            return [m for m in self.seen if m.get("method") == method]
        with self.changed:
            assert self.changed.wait_for(lambda: len(those()) >= count or self.closed, seconds), f"{method} did not come: {self.seen}"
            assert len(those()) >= count, f"closed before {method} came: {self.seen}"
            return those()[count - 1]

    def wait_closed(self, seconds=10):
        with self.changed:
            assert self.changed.wait_for(lambda: self.closed, seconds), "the signer did not close the connection"

    def leave(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


def approver(**changes):
    """The answers of a person who approves everything."""
    return approving(**changes)


class Screen:
    """`clef attach` at a terminal of its own."""

    def __init__(self, clef, *args, wait=True):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
        self.text, self.pos = "", 0

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.proc = subprocess.Popen([clef, "attach", *args], stdin=slave, stdout=slave, stderr=slave, preexec_fn=own_terminal,
                                     env={"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8"})
        os.close(slave)
        if wait:
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

    def say_yes(self):
        self.see(r"\[y/N\]: ")
        self.type("y\n")
        self.see(r"^Password: ")

    def approve(self, password="password123"):
        self.say_yes()
        self.type(password + "\n")

    def has_echo(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO) and bool(termios.tcgetattr(self.master)[3] & termios.ICANON)

    def wait_end(self, seconds=10):
        end = time.monotonic() + seconds
        while self.proc.poll() is None:  # it may wait for us to read
            self.read(0.02)
            assert time.monotonic() < end, f"still attached: {self.text!r}"
        self.read(0.1)
        return self.proc.returncode

    def children(self):
        with open(f"/proc/{self.proc.pid}/task/{self.proc.pid}/children") as f:
            return [int(pid) for pid in f.read().split()]

    def close(self):
        if self.proc.poll() is None:
            self.proc.kill()
        self.proc.wait()
        os.close(self.master)


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def settled(value, seconds=5):
    """The value that a function gives twice in a row, with a moment in between."""
    last = [value()]

    def same():
        time.sleep(0.2)
        last.append(value())
        return last[-1] == last[-2]
    until(same, seconds, "something to settle")
    return last[-1]
