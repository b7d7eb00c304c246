"""A running signer for tests: folders of its own, a scripted person behind the UI protocol on stdio, callers over HTTP and the socket.

The person is a dict of functions, method name to answer(params), which returns the result, raises Refusal for a JSON-RPC error, or returns
SILENT to answer later (or never) with reply(). Approve() is the default person: approves everything and knows the fixtures' passwords.

Every message on the UI channel is checked against docs/ui-protocol.schema.json. What breaks it fails the test when the signer is closed; a test whose UI
answers wrongly on purpose says so with the marker bad_answers.
"""
import http.client
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

import ui_schema

FIXTURE = pathlib.Path(__file__).resolve().parent / "vectors" / "clef-1.17.3" / "fixtures" / "three-keys" / "keystore"
FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SECOND = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"
THIRD = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
PASSWORDS = {FIRST: "password123", SECOND: "password456", THIRD: "pässwörd-öl"}
SILENT = object()
NEW_PASSWORD = "a good password"


def transfer(**changes):
    """The arguments of a plain transfer."""
    return {"from": FIRST, "to": SECOND, "gas": "0x5208", "gasPrice": "0x3b9aca00", "nonce": "0x0", "value": "0x1"} | changes


class Refusal(Exception):
    """The person's program answers with a JSON-RPC error."""

    def __init__(self, message, code=-32000):
        super().__init__(message)
        self.error = {"code": code, "message": message}


class RpcError(Exception):
    """The signer answered a call with an error."""

    def __init__(self, error):
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code, self.message = error.get("code"), error.get("message")


def approve_input(params):
    prompt = params[0]["prompt"]
    return {"text": next((pw for address, pw in PASSWORDS.items() if address in prompt), NEW_PASSWORD)}


def approving(**changes):
    """A person who approves everything; changes replaces single answers."""
    return {
        "ui_approveListing": lambda p: {"accounts": p[0]["accounts"]},
        "ui_approveNewAccount": lambda p: {"approved": True},
        "ui_approveTx": lambda p: {"approved": True, "transaction": p[0]["transaction"]},
        "ui_approveSignData": lambda p: {"approved": True},
        "ui_approveBulkTransactions": lambda p: {"approved": True},
        "ui_onInputRequired": approve_input,
    } | changes


def until(condition, seconds=10, what="a condition"):
    """Wait until the condition holds; returns what it gave."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.01)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Signer:
    """http, ipc: which transports to serve. keys: False starts with an empty keystore. ui: the person's answers, or None for no UI protocol at all
    (then stdin is a pipe). wait: False does not wait for it to serve. start: False
    only makes the folders and the command."""

    def __init__(self, binary, home, *args, http=True, ipc=True, keys=True, ui=approving(), wait=True, port=None, env=None, pass_fds=(), timeout=None,
                 start=True):
        self.home, self.port = pathlib.Path(home), port or free_port()
        self.keystore, self.config = self.home / "keystore", self.home / "config"
        self.ipc = self.config / "clef.ipc"
        self.answers, self.seen, self.replies, self.changed = dict(ui or {}), [], {}, threading.Condition()
        self.next_id, self.http_on, self.ipc_on = 100, http, ipc
        self.wrong, self.asked_by_id, self.called_by_id, self.answers_checked = [], {}, {}, True
        for folder in (self.home, self.keystore, self.config):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if keys and not any(self.keystore.iterdir()):
            for name in FIXTURE.iterdir():
                shutil.copy(name, self.keystore)
        command = [binary, "--keystore", str(self.keystore), "--configdir", str(self.config), "--suppress-bootwarn", "--lightkdf", "--auditlog",
                   str(self.home / "audit.log")]
        command += ["--stdio-ui"] if ui is not None else []
        command += ["--http", "--http.port", str(self.port)] if http else []
        command += [] if ipc else ["--ipcdisable"]
        command += ["--request-timeout", str(timeout)] if timeout else []
        self.command, self.errors, self.out_closed = command + list(args), self.home / "stderr.txt", False
        if not start:
            return
        with open(self.errors, "wb") as err:
            self.proc = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, cwd=self.home,
                                         env=os.environ | (env or {}), pass_fds=pass_fds)
        threading.Thread(target=self._read_ui, daemon=True).start()
        if wait:
            self.wait_serving()

    # --- its life ---

    def wait_serving(self, seconds=20):
        def serving():
            assert self.proc.poll() is None, f"the signer ended with {self.proc.returncode}: {self.stderr()}"
            return (not self.http_on or self._listening()) and (not self.ipc_on or self.ipc.exists()) and self._staffed()
        until(serving, seconds, f"the signer to serve; it said: {self.stderr()}")
        return self

    def _staffed(self):
        """The sockets are there before their gates; a process that is about to become a role has no name yet."""
        roles = self.roles()
        return {"keys", "proofs"} <= roles.keys() and "?" not in roles and len(roles.get("gate", [])) == self.http_on + self.ipc_on + ("--qrexec-socket" in self.command)

    def _listening(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
            return True
        except OSError:
            return False

    def stderr(self):
        return self.errors.read_text(errors="replace") if self.errors.exists() else ""

    def wait_end(self, seconds=10):
        """Its exit status; -N when signal N killed it."""
        try:
            return self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s; it said: {self.stderr()}") from None

    def stop(self, number=signal.SIGINT, seconds=10):
        self.proc.send_signal(number)
        return self.wait_end(seconds)

    def close(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGINT)
            try:
                self.proc.wait(3)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        if self.proc.stdin and not self.proc.stdin.closed:
            try:
                self.proc.stdin.close()
            except OSError:
                pass

    def roles(self):
        """{role: [process ids]} of the signer's children, and "core": its own."""
        found = {"core": [self.proc.pid]}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rsplit(") ", 1)[1].split()[1])
                if parent == self.proc.pid:
                    words = (stat.parent / "cmdline").read_bytes().split(b"\0")
                    role = next((w[7:].decode() for w in words if w.startswith(b"--role=")), "?")
                    found.setdefault(role, []).append(int(stat.parent.name))
            except (OSError, IndexError):
                pass  # it ended meanwhile
        return found

    # --- the person ---

    def _read_ui(self):
        decoder, text = json.JSONDecoder(), ""
        fd = self.proc.stdout.fileno()
        while not self.out_closed:
            if not select.select([fd], [], [], 0.05)[0]:
                continue
            chunk = os.read(fd, 1 << 20)
            if not chunk:
                break
            text += chunk.decode()
            while text.strip():
                text = text.lstrip()
                try:
                    message, end = decoder.raw_decode(text)
                except ValueError:
                    break
                text = text[end:]
                self._check_sent(message, end)
                self._on_ui(message)
        if self.out_closed:
            self.proc.stdout.close()

    def _check_sent(self, message, size):
        if size > ui_schema.LARGEST or not isinstance(message, dict):
            return
        method = None
        if "method" in message:
            self.asked_by_id[message.get("id")] = message["method"]
        else:
            method = self.called_by_id.get(message["id"])
        problem = ui_schema.wrong_from_signer(message, method)
        if problem:
            self.wrong.append(f"the signer sent: {problem}")

    def _on_ui(self, message):
        with self.changed:
            if "method" in message:
                self.seen.append(message)
            else:
                self.replies[message["id"]] = message
            self.changed.notify_all()
        if "id" in message and "method" in message:
            threading.Thread(target=self._answer, args=(message,), daemon=True).start()

    def _answer(self, message):
        answer = self.answers.get(message["method"])
        try:
            result = answer(message["params"]) if answer else SILENT
        except Refusal as refusal:
            self.reply(message["id"], error=refusal.error)
            return
        if result is not SILENT:
            self.reply(message["id"], result)

    def reply(self, number, result=None, error=None):
        message = {"jsonrpc": "2.0", "id": number} | ({"error": error} if error else {"result": result})
        problem = self.answers_checked and number in self.asked_by_id and ui_schema.wrong_answer(self.asked_by_id[number], message)
        if problem:
            self.wrong.append(f"the UI answered: {problem}")
        self.write_ui(message)

    def write_ui(self, message):
        """A JSON value, or bytes as they are."""
        data = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        try:
            self.proc.stdin.write(data)
            self.proc.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def asked(self, method, count=1, seconds=10):
        """Wait until the UI was sent this method so many times; returns the last of them."""
        with self.changed:
            ok = self.changed.wait_for(lambda: self.count(method) >= count, seconds)
            assert ok, f"{method} was sent {self.count(method)} times, expected {count}; it said: {self.stderr()}"
            return [m for m in self.seen if m["method"] == method][count - 1]

    def count(self, method):
        return sum(m["method"] == method for m in self.seen)

    def ui_call(self, method, *params, seconds=15):
        """A call by the UI; returns the whole answer."""
        self.next_id += 1
        number = self.next_id
        self.called_by_id[number] = method if ui_schema.is_defined(f"{method}.result") else None
        self.write_ui({"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)})
        with self.changed:
            assert self.changed.wait_for(lambda: number in self.replies, seconds), f"no answer to {method}: {self.stderr()}"
            return self.replies.pop(number)

    # --- callers ---

    def post(self, body, headers=None, seconds=30, method="POST", path="/"):
        """(status, text) of one HTTP request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data, {"Content-Type": "application/json"} | (headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def call(self, method, *params, seconds=30):
        """A call over HTTP; returns the result or raises RpcError."""
        status, text = self.post(request(method, *params), seconds=seconds)
        assert status == 200, (status, text)
        return result_of(json.loads(text))

    def call_socket(self, method, *params, seconds=30):
        with self.connect(seconds) as s:
            s.sendall(json.dumps(request(method, *params)).encode())
            return result_of(read_json(s))

    def connect(self, seconds=30):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(seconds)
        s.connect(str(self.ipc))
        return s

    def connect_http(self, seconds=30):
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def later(self, method, *params, seconds=30):
        """Start a call over HTTP in the background; a Later's get() gives its result or raises."""
        return Later(lambda: self.call(method, *params, seconds=seconds))


class Later:
    """Something that runs in the background."""

    def __init__(self, work):
        self.value = self.error = None
        self.thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self.thread.start()

    def _run(self, work):
        try:
            self.value = work()
        except Exception as error:  # handed on by get()
            self.error = error

    def done(self):
        return not self.thread.is_alive()

    def get(self, seconds=30):
        self.thread.join(seconds)
        assert self.done(), f"no answer after {seconds} s"
        if self.error:
            raise self.error
        return self.value


def request(method, *params, number=1):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def http_request(body, close=False):
    """The bytes of an HTTP request, for tests that speak to the socket themselves."""
    data = json.dumps(body).encode()
    return (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + (b"Connection: close\r\n" if close else b"") +
            b"Content-Length: %d\r\n\r\n" % len(data) + data)


def result_of(answer):
    if "error" in answer:
        raise RpcError(answer["error"])
    return answer["result"]


def read_json(sock):
    """One JSON value off a stream; None when the peer closes first."""
    text = b""
    while True:
        chunk = sock.recv(65536)
        if not chunk:
            return None
        text += chunk
        try:
            return json.loads(text)
        except ValueError:
            continue
