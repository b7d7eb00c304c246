"""A test bed without Qubes: a vault (the signer, qubes.Clefsign, its settings and folders) and any number of qubes that call it, each with its own name, all in
one folder of one machine. Between them stands tests/qubes/qrexec-client-vm in place of qrexec.

    bed = Bed(clef, home)         begins without a signer: the first call has qubes.Clefsign start one, and bed.attend() is the person in the vault
    bed.ready(...)                or has one running already, whose person is behind --stdio-ui (signer.Signer: seen, asked, answers, …)
    work = bed.qube("work")       a qube; work.frame(...), work.bare(...) call by qrexec-client-vm, work.proxy(...) starts a clef-proxy there
"""
import contextlib
import http.client
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import frames
from attaching import Attached
from signer import FIXTURE, Later, RpcError, Signer, approving, free_port, request, result_of, until

HERE = pathlib.Path(__file__).resolve().parent
CHAIN = 31337  # anvil's
LIGHT = ["--suppress-bootwarn", "--lightkdf"]


def beside(clef, *names):
    """Another program of the same build."""
    path = pathlib.Path(clef).resolve().parents[1].joinpath(*names)
    assert path.exists(), f"{path} is not there: run make first"
    return path


class Bed:
    def __init__(self, clef, home, *signer_args, settings="", ui_command=None, keys=True, client_vm=HERE / "qrexec-client-vm"):
        """settings: more lines of qubes-vault.conf. ui_command: in place of one that only notes that it was started;
        {home} is the bed's folder. client_vm: another stand-in."""
        self.clef, self.home = str(clef), pathlib.Path(home)
        self.service, self.running, self.proxies, self.people = beside(clef, "qubes", "qubes.Clefsign"), [], [], []
        self.runtime, self.keystore, self.config = self.home / "run", self.home / "keystore", self.home / "config"
        for folder in (self.home, self.runtime, self.keystore, self.config, self.home / "rpc", self.home / "bin", self.home / "state"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in FIXTURE.iterdir() if keys else ():
            shutil.copy(name, self.keystore)
        (self.home / "rpc" / "qubes.Clefsign").symlink_to(self.service)
        (self.home / "bin" / "qrexec-client-vm").symlink_to(client_vm)
        self.qrexec_socket, self.ui_socket = self.runtime / "clef-qrexec" / "qrexec.sock", self.runtime / "clef-ui" / "ui.sock"
        self.signer_args = [*LIGHT, "--keystore", str(self.keystore), "--configdir", str(self.config), "--ipcdisable", "--auditlog",
                            str(self.home / "audit.log"), "--chainid", str(CHAIN), *signer_args]
        self.ui_noted = self.home / "ui-started"
        ui_command = (ui_command or "sh -c 'echo started >> {home}/ui-started'").format(home=self.home)
        self.settings = self.home / "qubes-vault.conf"
        options = "".join(f"signer-options = {word}\n" for word in self.signer_args)
        self.settings.write_text(f"signer = {self.clef}\n{options}ui-command = {ui_command}\n{settings}")
        (self.home / "service.env").write_text(f"XDG_RUNTIME_DIR={self.runtime}\nCLEF_QUBES_CONFIG={self.settings}\nHOME={self.home}\n")

    # --- the vault ---

    def ready(self, *args, ui=None):
        """A signer that runs before anybody calls, and its person."""
        for folder in (self.qrexec_socket.parent, self.ui_socket.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        self.signer = Signer(self.clef, self.home, "--qrexec-socket", str(self.qrexec_socket), "--chainid", str(CHAIN), *args,
                             http=False, ipc=False, keys=False, ui=ui or approving())
        self.running.append(self.signer)
        return self.signer

    def attend(self, answers=None):
        """A person who comes to the vault's screen when the service started a user interface."""
        until(lambda: self.ui_noted.exists() and self.ui_socket.exists(), 10, f"a user interface to be started; {self.log()}")
        self.people.append(Attached(self.ui_socket, approving() if answers is None else answers))
        return self.people[-1]

    def attend_later(self, answers=None):
        """The same in the background: who calls next needs not be waited for."""
        return Later(lambda: self.attend(answers))

    def ui_starts(self):
        return len(self.ui_noted.read_text().split()) if self.ui_noted.exists() else 0

    def log(self):
        """What the vault's log has: of the service, and of a signer that it started."""
        path = self.runtime / "clef-qubes" / "signer.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def cores(self):
        """Process ids of signers in this vault, however they were started."""
        return [pid for pid, words in processes() if words[:1] == [self.clef] and str(self.qrexec_socket) in words]

    def roles(self):
        """{role: process id} of the one signer."""
        [core] = self.cores()
        found = {"core": core}
        for pid, words in processes():
            role = next((w[7:] for w in words if w.startswith("--role=")), None)
            if role and parent_of(pid) == core:
                found[role] = pid
        return found

    def services(self):
        """Process ids of qubes.Clefsign at work for this vault."""
        return [pid for pid, words in processes() if words[:1] == [str(self.home / "rpc" / "qubes.Clefsign")]]

    # --- the qubes ---

    def qube(self, name):
        return Qube(self, name)

    def close(self):
        self.settings.write_text("signer = /bin/false\n")  # whoever still comes starts no other one
        for one in self.proxies:
            one.close()
        for person in self.people:
            person.leave()
        for one in self.running:
            one.close()
        self._end(self.cores)
        self._end(self.services)
        self._end(self.cores)

    def _end(self, those):
        for pid in those():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        until(lambda: not those(), 10, "what runs in the vault to end")

    def wrong(self):
        return [text for one in self.running for text in one.wrong]


class Qube:
    """A qube that calls the vault."""

    def __init__(self, bed, name):
        self.bed, self.name = bed, name
        self.env = {"PATH": f"{bed.home / 'bin'}:{os.environ['PATH']}", "HOME": str(bed.home), "LC_ALL": "C.UTF-8", "FAKE_QREXEC_SOURCE": name,
                    "FAKE_QREXEC_RPC": str(bed.home / "rpc"), "FAKE_QREXEC_ENV": str(bed.home / "service.env"), "FAKE_QREXEC_STATE": str(bed.home / "state")}

    def proxy_env(self):
        """The environment of a clef-proxy here. It gives its children none of its own, so a qrexec-client-vm of this qube's sets up the stand-in."""
        folder = self.bed.home / f"bin-of-{self.name}"
        folder.mkdir(exist_ok=True)
        client = folder / "qrexec-client-vm"
        settings = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in self.env.items() if name.startswith("FAKE_"))
        client.write_text(f"#!/bin/sh\n{settings}exec {shlex.quote(str(self.bed.home / 'bin' / 'qrexec-client-vm'))} \"$@\"\n")
        client.chmod(0o755)
        return self.env | {"PATH": f"{folder}:{self.env['PATH']}"}

    def qrexec(self, service="qubes.Clefsign", target="@default", options=()):
        """qrexec-client-vm with pipes at all three ends, to be fed by the test."""
        return subprocess.Popen(["qrexec-client-vm", *options, target, service], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, executable=str(self.bed.home / "bin" / "qrexec-client-vm"))

    def bare(self, body, seconds=30, **settings):
        """What the old guide's client does: the body, then the end of the file. (exit status, standard output, standard error)"""
        call = self.qrexec(**settings)
        out, err = call.communicate(as_bytes(body), timeout=seconds)
        return call.returncode, out, err.decode()

    def frame(self, body, seconds=30, raw=None, **claims):
        """What clef-proxy does: a frame, then the reply is waited for with the input open. (exit status, kind, rest, standard error)"""
        return Call(self, body, raw, **claims).get(seconds)

    def call(self, method, *params, **claims):
        """By a frame; returns the result or raises RpcError."""
        status, kind, rest, err = self.frame(request(method, *params), **claims)
        assert (status, kind) == (0, frames.REPLY), (status, kind, rest, err)
        return result_of(json.loads(rest))

    def proxy(self, *args, **settings):
        self.bed.proxies.append(Proxy(self, *args, **settings))
        return self.bed.proxies[-1]


class Call:
    """A frame on its way: qrexec-client-vm waits for the reply."""

    def __init__(self, qube, body=None, raw=None, **claims):
        self.process = qube.qrexec()
        self.process.stdin.write(raw if raw is not None else frames.request(body, **claims))
        self.process.stdin.flush()

    def get(self, seconds=30):
        """The input is closed after the output has ended, as the real caller does."""
        timer = threading.Timer(seconds, self.process.kill)
        timer.start()
        try:
            out, err = self.process.stdout.read(), self.process.stderr.read().decode()
            self.process.stdin.close()
            status = self.process.wait()
        finally:
            timer.cancel()
        self.process.stdout.close()
        self.process.stderr.close()
        kind, rest = (out[6], out[7:]) if out[:2] == b"\0\1" and len(out) > 6 else (None, out)
        return status, kind, rest, err

    def kill(self):
        self.process.kill()
        self.process.wait()


class Proxy:
    """clef-proxy in a qube, on a free port. Speaks HTTP as dapps do."""

    def __init__(self, qube, *args, signer="qrexec", wait=True):
        self.qube, self.port = qube, free_port()
        self.errors = qube.bed.home / f"proxy-{self.port}.txt"
        command = [str(beside(qube.bed.clef, "proxy", "clef-proxy")), "--listen", f"127.0.0.1:{self.port}", "--signer", signer, "--config", "", *args]
        with open(self.errors, "wb") as err:
            self.proc = subprocess.Popen(command, env=qube.proxy_env(), stdin=subprocess.DEVNULL, stdout=err, stderr=err, cwd=qube.bed.home)
        self.url = f"http://127.0.0.1:{self.port}"
        if wait:
            until(self._listening, 10, f"clef-proxy to serve; {self.stderr()}")

    def _listening(self):
        assert self.proc.poll() is None, f"clef-proxy ended with {self.proc.returncode}: {self.stderr()}"
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
            return True

    def stderr(self):
        return self.errors.read_text(errors="replace")

    def post(self, body, headers=None, seconds=30, method="POST", plain=False):
        """(status, headers, text) of one HTTP request. plain: no header but those given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.request(method, "/", data, ({} if plain else {"Content-Type": "application/json"}) | (headers or {}))
            answer = connection.getresponse()
            return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def call(self, method, *params, seconds=30, headers=None):
        status, _, text = self.post(request(method, *params), headers, seconds)
        assert status == 200, (status, text)
        return result_of(json.loads(text))

    def later(self, method, *params, **settings):
        return Later(lambda: self.call(method, *params, **settings))

    def connect(self, seconds=30):
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def children(self):
        return [pid for pid, _ in processes() if parent_of(pid) == self.proc.pid]

    def close(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
            try:
                self.proc.wait(5)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()


def as_bytes(body):
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def processes():
    """(process id, command line) of everything that runs."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
            yield int(folder.name), words


def parent_of(pid):
    with contextlib.suppress(OSError, IndexError):
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[1])


def ancestors(pid):
    found = []
    while (pid := parent_of(pid)) and pid not in found:
        found.append(pid)
    return found


@contextlib.contextmanager
def short_folder():
    """Unix sockets lie below it, whose paths may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="clef-bed-") as home:
        yield home
