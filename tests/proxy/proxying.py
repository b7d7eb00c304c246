"""clef-proxy for tests, and signers behind it that do what a test says: one on a unix socket, one behind a qrexec-client-vm of the test's own."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading

from frames import REPLY, frame
from signer import free_port, until

SILENT = object()


def result(value):
    """A signer's answer to any call."""
    return lambda call: frame(bytes([REPLY]) + json.dumps({"jsonrpc": "2.0", "id": call.body["id"], "result": value}).encode())


class Asked:
    """One call as the signer got it: raw bytes, claims, the parsed body; gone: its connection has ended before it was answered."""

    def __init__(self, raw):
        self.raw, self.gone, texts, at = raw, threading.Event(), [], 6
        for _ in range(4):
            size, = struct.unpack_from(">H", raw, at)
            texts.append(raw[at + 2:at + 2 + size].decode())
            at += 2 + size
        self.qube, self.host, self.origin, self.agent = texts
        self.text = raw[at:]
        self.body = json.loads(self.text)


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        chunk = connection.recv(min(size - len(data), 1 << 20))
        if not chunk:
            raise EOFError
        data += chunk
    return data


class StubSigner:
    """Listens on a unix socket. `answer`: from an Asked to the bytes of the answer, or SILENT. closes: right behind the answer, not when the caller does."""

    closes = False

    def __init__(self, path, answer=result("ok")):
        self.path, self.answer, self.asked, self.most, self.open, self.changed = str(path), answer, [], 0, 0, threading.Condition()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _count(self, step):
        with self.changed:
            self.open += step
            self.most = max(self.most, self.open)

    def _serve(self, connection):
        self._count(1)
        asked = None
        with connection, contextlib.suppress(OSError, EOFError):
            head = read_exactly(connection, 6)
            asked = Asked(head + read_exactly(connection, struct.unpack(">BBI", head)[2]))
            with self.changed:
                self.asked.append(asked)
                self.changed.notify_all()
            data = self.answer(asked)
            if data is not SILENT:
                self._count(-1)
                connection.sendall(data)
                asked = None
                if self.closes:
                    return
            connection.recv(1)
        if asked:
            self._count(-1)
            asked.gone.set()

    def wait(self, count=1, seconds=10):
        """The call number `count`."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.asked) >= count, seconds), f"asked {len(self.asked)} times, expected {count}"
            return self.asked[count - 1]

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.listener.close()


class Proxy:
    """A running clef-proxy. listen: False leaves that to the arguments. launcher: words before the program's. wait: False does not wait for it to serve."""

    def __init__(self, program, home, *args, listen=True, env=None, launcher=(), wait=True, pass_fds=()):
        self.home, self.port, self.errors = pathlib.Path(home), free_port(), pathlib.Path(home) / "proxy.txt"
        words = ["--listen", f"127.0.0.1:{self.port}"] if listen else []
        with open(self.errors, "wb") as err:
            self.proc = subprocess.Popen([*launcher, program, "--config", "", "--loglevel", "4", *words, *map(str, args)], stdin=subprocess.DEVNULL,
                                         stdout=err, stderr=err, env=os.environ | (env or {}), pass_fds=pass_fds)
        if wait:
            until(self._serves, 10, f"clef-proxy to serve; {self.stderr()}")

    def _serves(self):
        assert self.proc.poll() is None, f"ended with {self.proc.returncode}: {self.stderr()}"
        with contextlib.suppress(OSError):
            self.connect().close()
            return True

    def stderr(self):
        return self.errors.read_text(errors="replace")

    def connect(self, seconds=10):
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def http(self, seconds=20):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)

    def request(self, method="POST", body=b"", headers=(), connection=None):
        """(status, headers in small letters, text). Headers: pairs; Host is localhost and the port unless it is among them."""
        headers = list(headers)
        own = connection is None
        connection = connection or self.http()
        connection.putrequest(method, "/", skip_host=True, skip_accept_encoding=True)
        if not any(name.lower() == "host" for name, _ in headers):
            headers.insert(0, ("Host", f"localhost:{self.port}"))
        for name, value in headers:
            connection.putheader(name, value)
        if body or method == "POST":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        reply = connection.getresponse()
        got = reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read().decode()
        if own:
            connection.close()
        return got

    def raw(self, data, seconds=10):
        """What comes back for these bytes, to the end of the connection."""
        with self.connect(seconds) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def children(self):
        """Process ids: the helper's first, then what it started."""
        found, todo = [], [self.proc.pid]
        while todo:
            with contextlib.suppress(OSError):
                new = list(map(int, pathlib.Path(f"/proc/{todo[0]}/task/{todo[0]}/children").read_text().split()))
                found += new
                todo += new
            del todo[0]
        return found

    def wait_end(self, seconds=10):
        return self.proc.wait(seconds)

    def stop(self, number=signal.SIGTERM):
        self.proc.send_signal(number)
        return self.wait_end()

    def close(self):
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()


JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def call(method="account_version", number=1, params=()):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}).encode()


# How the child below behaves, by the name of the qube that is called.
CLIENT = '''#!{python}
import json, os, signal, struct, sys, time
home, how = {home!r}, sys.argv[1]
def note(name, text=""):
    with open(f"{{home}}/{{name}}-{{os.getpid()}}", "w") as f:
        f.write(text)
head = os.read(0, 6)
body, size = b"", struct.unpack(">BBI", head)[2]
while len(body) < size:
    body += os.read(0, size - len(body))
note("asked", " ".join(sys.argv[1:]))
number = json.loads(body[body.index(b"{{"):])["id"]
if how == "silent":
    while os.read(0, 100):
        pass
    note("gone")
    sys.exit(1)
if how == "stubborn":
    time.sleep(60)
if how == "vault":
    text = b"\\0" + json.dumps({{"jsonrpc": "2.0", "id": number, "result": "ok"}}).encode()
    os.write(1, struct.pack(">BBI", 0, 1, len(text)) + text)
    while os.read(0, 100):
        pass
    sys.exit(0)
os.write(2, b"the first line\\x1b[2J\\nthe second\\n")
sys.exit(int(how[4:]))
'''


def write_client(folder):
    """A qrexec-client-vm for PATH; returns the folder of its notes."""
    path = pathlib.Path(folder) / "bin" / "qrexec-client-vm"
    path.parent.mkdir()
    path.write_text(CLIENT.format(python=sys.executable, home=str(folder)))
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:{os.environ['PATH']}"}
