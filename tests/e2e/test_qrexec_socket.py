"""--qrexec-socket: calls of other qubes come in frames that name them, from a process of the signer's user; nobody else can name one. Frames on clef.ipc."""
import json
import os
import pathlib
import re
import socket
import stat
import subprocess
import tempfile
import time

import pytest

import frames
from attaching import Attached
from frames import Frames, Refused
from signer import FIRST, SILENT, Signer, approving, transfer, until

CLAIMS = {"host": "localhost:8550", "origin": "https://dapp.example", "agent": "Mozilla/5.0"}
root = pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")


@pytest.fixture
def vault(start, tmp_path):
    """begin(...): a signer with --qrexec-socket."""
    class Vault:
        path = tmp_path / "qrexec" / "qrexec.sock"

        def begin(self, *args, **settings):
            self.signer = start("--qrexec-socket", str(self.path), *args, **settings)
            until(self.path.exists, 10, "qrexec.sock")
            return self.signer

        def ask(self, method, *params, qube="work", **claims):
            return frames.ask(self.path, frames.call(method, params), qube=qube, **claims)

        def later(self, method, *params, qube="work", **claims):
            return frames.Later(self.path, frames.call(method, params), qube=qube, **claims)

    return Vault()


# --- the socket ---


def test_the_socket_and_its_folder_are_ours_alone(vault):
    signer = vault.begin()
    assert stat.S_IMODE(os.stat(vault.path).st_mode) == 0o600 and stat.S_ISSOCK(os.stat(vault.path).st_mode)
    assert stat.S_IMODE(os.stat(vault.path.parent).st_mode) == 0o700
    assert len(signer.roles()["gate"]) == 3
    assert f"listening on {vault.path} for qubes.Clefsign" in signer.stderr()
    assert signer.asked("ui_onSignerStartup")["params"][0]["info"]["extapi_qrexec"] == str(vault.path)
    assert signer.stop() == 0
    assert not vault.path.exists()


def test_without_the_flag_there_is_none(start):
    signer = start()
    assert len(signer.roles()["gate"]) == 2
    assert "extapi_qrexec" not in signer.asked("ui_onSignerStartup")["params"][0]["info"]


def start_and_fail(clef, home, *args):
    signer = Signer(clef, home, *args, start=False)
    done = subprocess.run(signer.command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("name", ["config", "keystore", "ipc", "ui"])
def test_its_folder_is_no_other_one_of_the_signer(clef, tmp_path, name):
    home = tmp_path / "s"
    for folder in ("ipc", "ui"):
        (home / folder).mkdir(mode=0o700, parents=True)
    args = ["--ipcpath", str(home / "ipc"), "--qrexec-socket", str(home / name / "qrexec.sock")]
    args += ["--ui-socket", str(home / "ui" / "ui.sock")] if name == "ui" else []
    signer = Signer(clef, home, *args, start=False, ui=None if name == "ui" else approving())
    done = subprocess.run(signer.command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "a folder of their own" in done.stderr and "--qrexec-socket" in done.stderr
    assert not list((home / name).glob("*.sock"))


def test_folders_that_will_not_do(clef, tmp_path):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o750)
    assert "expected 0700: whoever enters it could pose as any qube" in start_and_fail(clef, tmp_path / "s", "--qrexec-socket", str(folder / "q"))
    assert "is empty" in start_and_fail(clef, tmp_path / "s", "--qrexec-socket", "")


def test_a_second_signer_leaves_the_first_alone(vault, clef, tmp_path):
    vault.begin()
    assert "another signer holds" in start_and_fail(clef, tmp_path / "second", "--qrexec-socket", str(vault.path))
    assert vault.ask("account_version")["result"] == "6.1.0"


def test_a_killed_signers_socket_is_replaced(vault):
    first = vault.begin()
    first.proc.kill()
    first.proc.wait()
    assert vault.path.exists()
    vault.begin()
    assert vault.ask("account_version")["result"] == "6.1.0"


# --- who is asking ---


def test_the_person_sees_what_is_known_and_what_is_claimed(vault):
    signer = vault.begin()
    assert len(vault.ask("account_list", **CLAIMS)["result"]) == 3
    asked = signer.asked("ui_approveListing")["params"][0]
    assert asked["meta"] == {"remote": "qube:work", "local": "localhost:8550", "scheme": "qrexec", "User-Agent": "Mozilla/5.0", "Origin": "https://dapp.example"}
    assert asked["peer"] == {"uid": os.getuid(), "pid": os.getpid(), "qube": "work"}
    line = next(line for line in (signer.home / "audit.log").read_text().splitlines() if "type=request" in line)
    assert "qube:work" in line and "qrexec" in line


def test_a_transaction_of_a_qube(vault):
    signer = vault.begin()
    reply = vault.ask("account_signTransaction", transfer(), qube="Work.1_x-y")
    assert reply["result"]["raw"].startswith("0x")
    assert signer.asked("ui_approveTx")["params"][0]["meta"]["remote"] == "qube:Work.1_x-y"


def test_pending_requests_name_the_qube(vault):
    signer = vault.begin(ui=approving(ui_approveNewAccount=lambda p: SILENT))
    waiting = vault.later("account_new", qube="disp12")
    signer.asked("ui_approveNewAccount")
    one, = signer.ui_call("clef_pending")["result"]
    assert one["meta"]["remote"] == "qube:disp12" and one["peer"]["qube"] == "disp12"
    waiting.connection.close()


@pytest.mark.parametrize("name", ["../vault", "-x", "a/b", "<b>vault</b>", "va\x1b[1mult", "va\nult", "a" * 32, "w\u00f6rk", "1st", "\u202evault", "."])
def test_qubes_that_cannot_exist(vault, name):
    signer = vault.begin()
    with pytest.raises(Refused, match="cannot exist"):
        vault.ask("account_list", qube=name)
    assert signer.count("ui_approveListing") == 0


def test_nobody_else_names_a_qube(vault):
    signer = vault.begin()
    with Frames(signer.ipc) as connection, pytest.raises(Refused, match="over --qrexec-socket"):
        connection.ask(frames.call("account_list"), qube="work")
    with Frames(vault.path, greeted=True) as connection, pytest.raises(Refused, match="which qube"):
        connection.ask(frames.call("account_list"))
    with Frames(vault.path, greeted=True) as connection:
        connection.send(json.dumps(frames.call("account_list")).encode())
        with pytest.raises(Refused, match="no frame"):
            connection.answer()
        assert connection.ended()
    assert signer.count("ui_approveListing") == 0


def test_headers_name_no_qube(start):
    """Whatever a caller over HTTP says of others stays unread."""
    signer = start()
    headers = {"X-Forwarded-For": "qube:vault", "Forwarded": "for=8.8.8.8", "X-Qube": "vault", "Origin": "qube:vault", "User-Agent": "qube:vault"}
    status, text = signer.post(frames.call("account_list"), headers)
    assert status == 200
    asked = signer.asked("ui_approveListing")["params"][0]
    assert re.fullmatch(r"127\.0\.0\.1:\d+", asked["meta"]["remote"]) and asked["meta"]["scheme"] == "http" and asked["peer"] is None
    assert "8.8.8.8" not in json.dumps(asked)


@root
def test_another_user_poses_as_no_qube(vault):
    """Not even one to whom somebody opened the folder and the socket."""
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o711)
        vault.path = pathlib.Path(top) / "qrexec" / "qrexec.sock"
        signer = vault.begin()
        vault.path.parent.chmod(0o711)
        vault.path.chmod(0o666)
        os.seteuid(65534)
        try:
            connection = Frames(vault.path, greeted=True)
        finally:
            os.seteuid(0)
        with connection:
            error = connection.ask(frames.call("account_list"), qube="work")["error"]
        assert error["code"] == -32000 and "own user only" in error["message"]
        assert signer.count("ui_approveListing") == 0
        assert "not known to come from a process of this user" in signer.stderr()
        assert vault.ask("account_version")["result"] == "6.1.0"


# --- frames ---


def test_a_frame_on_the_local_socket(start):
    signer = start()
    assert len(frames.ask(signer.ipc, frames.call("account_list"), **CLAIMS)["result"]) == 3
    asked = signer.asked("ui_approveListing")["params"][0]
    assert asked["meta"] == {"remote": "NA", "local": "localhost:8550", "scheme": "ipc", "User-Agent": "Mozilla/5.0", "Origin": "https://dapp.example"}
    assert asked["peer"] == {"uid": os.getuid(), "pid": os.getpid()}
    with Frames(signer.ipc) as connection:
        assert connection.ask([frames.call("account_version", number=n) for n in range(3)])[2]["id"] == 2
        assert connection.ended()


def test_a_large_frame(vault):
    vault.begin()
    body = frames.call("account_version", ["x" * 5_000_000])
    assert "too many arguments" in frames.ask(vault.path, body, qube="work")["error"]["message"]
    with Frames(vault.path, greeted=True) as connection, pytest.raises(Refused, match="at most"):
        connection.send(frames.request(b"x" * 20_000_000, qube="work")[:6])
        connection.answer()


def test_calls_in_parallel(vault):
    signer = vault.begin()
    calls = [vault.later("account_version", qube=f"work-{n}") for n in range(100)]
    assert {one.get()["result"] for one in calls} == {"6.1.0"}
    for one in calls:
        one.connection.close()
    assert signer.proc.poll() is None


# --- callers and user interfaces that leave ---


def test_a_caller_that_leaves_withdraws_its_request(vault):
    signer = vault.begin(ui=approving(ui_approveTx=lambda p: SILENT))
    waiting = vault.later("account_signTransaction", transfer())
    question = signer.asked("ui_approveTx")["id"]
    waiting.connection.socket.shutdown(socket.SHUT_WR)  # half a close is no farewell
    time.sleep(0.2)
    assert signer.count("ui_withdraw") == 0
    waiting.connection.socket.shutdown(socket.SHUT_RDWR)
    waiting.connection.close()
    gone = signer.asked("ui_withdraw")["params"][0]
    assert gone["id"] == question and gone["reason"] == "caller gone"


def test_requests_at_the_end_of_the_signer(vault):
    signer = vault.begin(ui=approving(ui_approveTx=lambda p: SILENT))
    waiting = vault.later("account_signTransaction", transfer())
    signer.asked("ui_approveTx")
    assert signer.stop() == 0
    assert "ending" in waiting.get()["error"]["message"]


def hello(path):
    with Frames(path, greeted=True) as connection:
        return connection.hello


def test_the_greeting_says_whether_somebody_is_there(vault, tmp_path):
    vault.begin("--ui-socket", str(tmp_path / "ui" / "ui.sock"), ui=None)
    assert hello(vault.path) == 0
    assert "no user interface is attached" in vault.ask("account_signTransaction", transfer())["error"]["message"]
    ui = Attached(tmp_path / "ui" / "ui.sock", approving())
    until(lambda: hello(vault.path) == 1, 5, "the greeting to say that somebody is there")
    assert FIRST.lower() in vault.ask("account_list")["result"]
    ui.leave()
    until(lambda: hello(vault.path) == 0, 5, "the greeting to say that nobody is there")


def test_the_greeting_of_other_user_interfaces(vault):
    signer = vault.begin()
    assert hello(vault.path) == 1
    signer.proc.stdin.close()
    until(lambda: hello(vault.path) == 0, 5, "the greeting to say that nobody is there")
