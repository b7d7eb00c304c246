"""A vault for tests: the folders and the environment that qubes.Clefsign finds there, calls of it, and listeners in the signer's place."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading

import frames
from signer import until

CLIENT_VM = pathlib.Path(__file__).resolve().parent / "qrexec-client-vm"
BODY = b'{"jsonrpc":"2.0","id":1,"method":"account_version","params":[]}'
REPLY = b'{"jsonrpc":"2.0","id":1,"result":"6.1.0"}'


class Answered:
    """How a call of the service ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err.decode()

    def reply(self):
        """Of a frame that was answered with a reply."""
        assert self.status == 0 and not self.err, (self.status, self.err)
        kind, rest = frames.read_answer(self.out)
        assert kind == frames.REPLY
        return rest

    def failure(self, status, bare=False):
        """The text that the caller got, in the form it asked in, with this status. It must be one line on standard error, too."""
        assert self.status == status, (self.status, self.out[:200], self.err)
        if bare:
            answer = json.loads(self.out)
            assert answer["id"] is None and answer["jsonrpc"] == "2.0"
            text = answer["error"]["message"]
        else:
            kind, rest = frames.read_answer(self.out)
            assert kind == frames.REFUSED
            text = rest.decode()
        assert self.err == f"qubes.Clefsign: {text}\n"
        return text


class Call:
    """One running service, started as qrexec's agent starts it. stdio: "pipe", "socket" (a pair each), "one" (one socket for both ways)."""

    def __init__(self, vault, command, env, stdio="pipe"):
        if stdio == "one":
            a, b = socket.socketpair()
            theirs_in = theirs_out = b.detach()
            self.stdin = self.stdout = a.detach()
        elif stdio == "socket":
            pairs = [socket.socketpair() for _ in range(2)]
            self.stdin, theirs_in = (s.detach() for s in pairs[0])
            self.stdout, theirs_out = (s.detach() for s in pairs[1])
        else:
            theirs_in, self.stdin = os.pipe()
            self.stdout, theirs_out = os.pipe()
        self.errors = tempfile.TemporaryFile(dir=vault.home)
        self.proc = subprocess.Popen(command, stdin=theirs_in, stdout=theirs_out, stderr=self.errors, env=env, cwd=vault.home)
        self.open, self.pid = {self.stdin, self.stdout}, self.proc.pid
        for fd in {theirs_in, theirs_out}:
            os.close(fd)

    def send(self, data):
        try:
            while data:
                data = data[os.write(self.stdin, data):]
        except (BrokenPipeError, ConnectionResetError):
            pass  # the service has seen enough
        return self

    def end(self):
        """No more data will come."""
        if self.stdin == self.stdout:
            socket.socket(fileno=os.dup(self.stdin)).shutdown(socket.SHUT_WR)
        else:
            self._close(self.stdin)
        return self

    def hang_up(self):
        """Nobody reads any more."""
        self._close(self.stdout)
        return self

    def _close(self, fd):
        if fd in self.open:
            os.close(fd)
            self.open.discard(fd)

    def read(self, most=1 << 20):
        try:
            return os.read(self.stdout, most)
        except ConnectionResetError:  # data of ours was not read
            return b""

    def result(self, seconds=20):
        out = b""
        while self.stdout in self.open:
            chunk = self.read()
            if not chunk:
                break
            out += chunk
        status = self.proc.wait(seconds)
        self.close()
        self.errors.seek(0)
        return Answered(status, out, self.errors.read())

    def close(self):
        for fd in list(self.open):
            self._close(fd)
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()


class Listener:
    """In the signer's place at qrexec.sock. handle(connection, request payload) answers; ui: what the greeting says."""

    def __init__(self, path, handle=None, ui=True, greeting=None):
        self.greeting = frames.answer(frames.HELLO, bytes([ui])) if greeting is None else greeting
        self.handle = handle or (lambda s, payload: s.sendall(frames.answer(frames.REPLY, REPLY)))
        self.changed, self.requests, self.gone, self.connections = threading.Condition(), [], 0, 0
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(1024)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                s, _ = self.socket.accept()
                threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _note(self, **changes):
        with self.changed:
            for name, by in changes.items():
                setattr(self, name, getattr(self, name) + by)
            self.changed.notify_all()

    def _serve(self, s):
        self._note(connections=1)
        with s, contextlib.suppress(OSError):
            s.sendall(self.greeting)
            payload = frames.receive(s.recv)
            if payload is not None:
                self._note(requests=[frames.read_request(payload)])
                if self.handle(s, payload) == "wait":
                    s.recv(1)  # until the service closes
        self._note(gone=1)

    def wait(self, what, count=1, seconds=10):
        """Until so many connections, requests or ends (gone) were seen."""
        def number():
            value = getattr(self, what)
            return len(value) if isinstance(value, list) else value
        with self.changed:
            assert self.changed.wait_for(lambda: number() >= count, seconds), f"{what}: {number()}, expected {count}"

    def close(self):
        # Closing alone does not wake accept().
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Vault:
    """The paths are short: a unix socket's may have 107 bytes."""

    def __init__(self, service):
        self.service, self.home = str(service), pathlib.Path(tempfile.mkdtemp(prefix="vault"))
        self.runtime, self.bin, self.config = self.home / "run", self.home / "bin", self.home / "qubes-vault.conf"
        self.rpc, self.calls = self.home / "rpc", self.home / "calls"
        for folder in (self.runtime, self.bin, self.rpc, self.calls):
            folder.mkdir(mode=0o700)
        (self.rpc / "qubes.Clefsign").symlink_to(self.service)
        self.socket, self.own = self.runtime / "clef-qrexec" / "qrexec.sock", self.runtime / "clef-qubes"
        self.ui_socket, self.log = self.runtime / "clef-ui" / "ui.sock", self.own / "signer.log"
        self.env = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime),
                    "CLEF_QUBES_CONFIG": str(self.config), "LANG": "C.UTF-8"}
        # What sanitizers are told.
        self.env |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        self.configure("ui-command =")
        self.running, self.listeners, self.children = [], [], []

    def configure(self, *lines):
        self.config.write_text("\n".join(lines) + "\n")

    def program(self, name, text):
        """An executable of the vault in PATH."""
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o700)
        return path

    def listen(self, *args, **settings):
        self.listeners.append(Listener(self.socket, *args, **settings))
        return self.listeners[-1]

    def start(self, *words, qube="work", stdio="pipe", **env):
        """The service as the agent starts it; env replaces variables, None removes one."""
        given = self.env | {"QREXEC_REMOTE_DOMAIN": qube, "QREXEC_SERVICE_FULL_NAME": "qubes.Clefsign", "QREXEC_AGENT_PID": "1"} | env
        self.running.append(Call(self, [self.service, *words], {n: v for n, v in given.items() if v is not None}, stdio))
        return self.running[-1]

    def client_env(self, qube="work", stdio="pipe", **more):
        """The environment for qrexec-client-vm in a calling qube."""
        path, text = self.home / "env", "".join(f"{n}={v}\n" for n, v in self.env.items())
        if not path.exists() or path.read_text() != text:  # others may be reading it
            path.write_text(text)
        return {"PATH": "/usr/bin:/bin", "FAKE_QREXEC_SOURCE": qube, "FAKE_QREXEC_RPC": str(self.rpc), "FAKE_QREXEC_ENV": str(path),
                "FAKE_QREXEC_STATE": str(self.calls), "FAKE_QREXEC_STDIO": stdio} | more

    def call(self, target="@default", service="qubes.Clefsign", **settings):
        """The same through qrexec-client-vm."""
        self.running.append(Call(self, [CLIENT_VM, target, service], self.client_env(**settings)))
        return self.running[-1]

    def services(self):
        """Process ids of our services."""
        found = []
        for exe in pathlib.Path("/proc").glob("[0-9]*/exe"):
            with contextlib.suppress(OSError):
                # The name of a process that is not dumpable is still told to root, and its command line to everybody.
                if (exe.parent / "cmdline").read_bytes().split(b"\0")[0].decode() in (self.service, str(self.rpc / "qubes.Clefsign")) and \
                        str(self.home).encode() in (exe.parent / "environ").read_bytes():
                    found.append(int(exe.parent.name))
        return found

    def close(self):
        for call in self.running:
            call.close()
        for listener in self.listeners:
            listener.close()
        for pid_file in self.home.glob("*.pid"):
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(pid_file.read_text()), signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def status_line(pid, field):
    with open(f"/proc/{pid}/status") as f:
        return next(line.split()[1] for line in f if line.startswith(field + ":"))


__all__ = ["Vault", "Listener", "Call", "BODY", "REPLY", "CLIENT_VM", "mode_of", "status_line", "until"]
