"""How clef-proxy starts and ends: flags, settings, sockets that a service manager hands over, notifications, confinement."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import pytest

from proxying import JSON, SILENT, call
from signer import until

# Puts the descriptors at 3 and up, in order, and says that they are ours, as a service manager does.
LAUNCHER = """
import os, sys
fds, pid, rest = [int(n) for n in sys.argv[1].split(",") if n], sys.argv[2], sys.argv[3:]
high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
    os.close(fd)
os.environ.update(LISTEN_PID=pid or str(os.getpid()), LISTEN_FDS=str(len(fds)))
os.execv(rest[0], rest)
"""


def handed_over(*sockets, pid=""):
    """Settings of start() for a proxy that gets these sockets."""
    fds = [s.fileno() for s in sockets]
    return {"launcher": [sys.executable, "-c", LAUNCHER, ",".join(map(str, fds)), pid], "pass_fds": fds, "listen": False}


def listening(address="127.0.0.1", family=socket.AF_INET, path=None):
    s = socket.socket(socket.AF_UNIX if path else family)
    s.bind(str(path) if path else (address, 0))
    s.listen(8)
    return s


def run(program, *args, env=None):
    return subprocess.run([program, *args], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL, env=env)


def test_help_and_version(program):
    done = run(program, "--help")
    assert done.returncode == 0 and not done.stderr and "Examples" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert run(program, "-version").stdout.startswith("clef-proxy version ")


@pytest.mark.parametrize("args, words", [
    (["--sinner", "x"], "did you mean --signer?"),
    (["--signer", "https://vault.example"], "TLS support in a later version"),
    (["--signer", "qrexec:../../x"], "name of a qube"),
    (["--signer", "qrexec"], "no qrexec-client-vm in PATH"),
    (["--listen", "0.0.0.0:0"], "--allow-remote-callers"),
    (["--listen", "none"], "nowhere to serve"),
    (["--socket", "/nowhere/x.ipc"], "cannot open its folder"),
    (["--origins", "*"], "every web page"),
    (["--config", "/nowhere.conf"], "/nowhere.conf"),
    (["--upstream", "ftp://x"], "http"),
    (["--listen", "127.0.0.1:0", "--allow-remote-callers\x1b[2J"], "\\x1b[2J"),
])
def test_what_cannot_be_done(program, args, words):
    words_given = [w for w in args if w.startswith("--")]
    more = ["--listen", "127.0.0.1:0"] if "--listen" not in words_given else []
    more += ["--config", ""] if "--config" not in words_given else []
    more += ["--signer", "unix:/nowhere"] if "--signer" not in words_given else []
    done = run(program, *more, *args, env={"PATH": "/usr/bin"})
    assert done.returncode == 1 and words in done.stderr and "\x1b" not in done.stderr


def test_a_settings_file(start, signer, home):
    port = listening()
    address = port.getsockname()
    port.close()
    (home / "settings").write_text(f"# of this qube\nsigner = unix:{signer.path}\nlisten = 127.0.0.1:{address[1]}\norigins = https://app.example\n")
    proxy = start("--config", home / "settings", listen=False, wait=False)
    proxy.port = address[1]
    until(proxy._serves, 10, "it to serve")
    assert proxy.request(body=call(), headers=[JSON, ("Origin", "https://app.example")])[0] == 200


def test_a_port_that_is_taken(start, signer):
    with listening() as s:
        proxy = start("--signer", f"unix:{signer.path}", "--listen", f"127.0.0.1:{s.getsockname()[1]}", listen=False, wait=False)
        assert proxy.wait_end() == 1 and "name another with --listen" in proxy.stderr()


def test_ipv6(start, signer):
    proxy = start("--signer", f"unix:{signer.path}", "--listen", "[::1]:0")
    line = next(line for line in proxy.stderr().splitlines() if "http://[::1]:" in line)
    with socket.create_connection(("::1", int(line.rsplit(":", 1)[1]))) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


# --- sockets that are handed over ---

def test_sockets_of_a_service_manager(start, signer, home):
    with listening() as tcp, listening(path=home / "act.ipc") as unix:
        proxy = start("--signer", f"unix:{signer.path}", wait=False, **handed_over(tcp, unix))
        proxy.port = tcp.getsockname()[1]
        assert json.loads(proxy.request(body=call(), headers=[JSON])[2])["result"] == "ok"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(home / "act.ipc"))
            connection.sendall(call(number=5))
            assert json.loads(connection.recv(1000)) == {"jsonrpc": "2.0", "id": 5, "result": "ok"}
        # The default address is not served besides, nor is anything else that was inherited open.
        assert proxy.stderr().count("HTTP at") == 1
        fds = {os.readlink(p) for p in pathlib.Path(f"/proc/{proxy.proc.pid}/fd").iterdir()}
        assert not any(str(home) in fd for fd in fds - {str(proxy.errors)})
        assert proxy.stop() == 0
        assert (home / "act.ipc").exists()


def test_sockets_of_somebody_else(start, signer):
    with listening() as tcp:
        proxy = start("--signer", f"unix:{signer.path}", "--listen", "127.0.0.1:0", wait=False, **handed_over(tcp, pid="1"))
        until(lambda: "HTTP at" in proxy.stderr(), 5, "it to serve")
        assert "service manager" not in proxy.stderr()


@pytest.mark.parametrize("kind, words", [("datagram", "of another kind"), ("silent", "does not listen"), ("connected", "Accept=no"), ("file", "no socket"),
                                         ("remote", "--allow-remote-callers"), ("many", "at most 16")])
def test_sockets_that_are_none(start, signer, home, kind, words):
    with contextlib.ExitStack() as stack:
        if kind == "datagram":
            given = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
        elif kind == "silent":
            given = [socket.socket()]
        elif kind == "connected":
            given = [stack.enter_context(s) for s in socket.socketpair()][:1]
        elif kind == "file":
            given = [open(home / "file", "w")]
        elif kind == "remote":
            given = [listening("0.0.0.0")]
        else:
            given = [listening() for _ in range(17)]
        for s in given:
            stack.enter_context(s)
        proxy = start("--signer", f"unix:{signer.path}", wait=False, **handed_over(*given))
        assert proxy.wait_end() == 1 and words in proxy.stderr()


# --- notifications, the end ---

def test_notifications(start, signer, home):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(home / "notify"))
        told.settimeout(10)
        proxy = start("--signer", f"unix:{signer.path}", env={"NOTIFY_SOCKET": str(home / "notify")})
        assert told.recv(100) == b"READY=1"
        assert proxy.stop() == 0
        assert told.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_end(proxy, signer, number):
    signer.answer = lambda asked: SILENT
    connection = proxy.connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(call()) + call())
    asked = signer.wait()
    assert proxy.stop(number) == 0
    assert asked.gone.wait(5)
    assert b"clef-proxy is shutting down" in connection.recv(65536)


def test_it_dies_with_nothing_left(proxy, signer):
    signer.answer = lambda asked: SILENT
    connection = proxy.connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(call()) + call())
    asked = signer.wait()
    proxy.stop(signal.SIGKILL)
    assert asked.gone.wait(5)


# --- confinement ---

def status_of(pid):
    return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def test_it_is_confined(qrexec):
    proxy = qrexec("vault")
    proxy.request(body=call(), headers=[JSON])
    status = status_of(proxy.proc.pid)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    helper = proxy.children()[0]
    assert status_of(helper)["NoNewPrivs"] == "1"
    # The helper has no way to callers: standard descriptors, its channel, its signals.
    assert len(list(pathlib.Path(f"/proc/{helper}/fd").iterdir())) == 5
    for pid in (proxy.proc.pid, helper):
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert "Max core file size        0 " in limits


def test_a_node_by_name(start, signer):
    """With a node names are resolved, in threads, and connections made: what is confined has to let libcurl do that."""
    import http.server
    import threading

    class Node(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = json.dumps({"jsonrpc": "2.0", "id": body["id"], "result": "0x7a69"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node) as node:
        threading.Thread(target=node.serve_forever, daemon=True).start()
        proxy = start("--signer", f"unix:{signer.path}", "--upstream", f"http://localhost:{node.server_port}/SECRET-KEY")
        for number in range(3):
            assert json.loads(proxy.request(body=call("eth_gasPrice", number), headers=[JSON])[2])["result"] == "0x7a69"
        assert status_of(proxy.proc.pid)["Seccomp"] == "2"
        assert "SECRET" not in proxy.stderr()
        node.shutdown()
    # A name that nobody knows, and a node that is gone, are errors, not the end.
    assert "error" in json.loads(proxy.request(body=call("eth_gasPrice"), headers=[JSON])[2])
    other = start("--signer", f"unix:{signer.path}", "--upstream", "https://node.invalid")
    assert "error" in json.loads(other.request(body=call("eth_gasPrice"), headers=[JSON])[2])
    assert proxy.proc.poll() is None and other.proc.poll() is None
