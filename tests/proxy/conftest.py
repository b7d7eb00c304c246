"""Tests of clef-proxy as a program: callers in front of it, signers of the tests behind it."""
import os
import pathlib
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from proxying import Proxy, StubSigner, result, write_client  # noqa: E402  (the path comes first)


@pytest.fixture(scope="session")
def program(clef):
    """The clef-proxy of the build that `clef` is of; CLEF_PROXY names another one."""
    path = pathlib.Path(os.environ.get("CLEF_PROXY") or pathlib.Path(clef).resolve().parent.parent / "proxy" / "clef-proxy")
    if not path.exists():
        pytest.fail(f"{path} is not there: run make first")
    return str(path)


@pytest.fixture
def home():
    """A folder whose path is short enough for unix sockets."""
    with tempfile.TemporaryDirectory(prefix="clef-proxy-") as path:
        yield pathlib.Path(path)


@pytest.fixture
def signer(home):
    stub = StubSigner(home / "clef.ipc", result("ok"))
    yield stub
    stub.close()


@pytest.fixture
def start(program, home):
    """start(...) starts a clef-proxy; all are ended with the test."""
    running = []

    def start_one(*args, **settings):
        running.append(Proxy(program, home, *args, **settings))
        return running[-1]

    yield start_one
    for proxy in running:
        proxy.close()


@pytest.fixture
def proxy(start, signer):
    """One in front of the stub on the socket, which lets pages of one origin call."""
    return start("--signer", f"unix:{signer.path}", "--origins", "https://app.example,http://localhost:3000")


@pytest.fixture
def qrexec(start, home):
    """qrexec("silent", ...) starts one whose calls go to a child that behaves so."""
    env = write_client(home)
    return lambda how, *args, **settings: start("--signer", f"qrexec:{how}", *args, env=env | settings.pop("env", {}), **settings)
