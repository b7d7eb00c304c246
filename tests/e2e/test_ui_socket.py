"""--ui-socket: where the socket may lie, who may attach, what becomes of requests while user interfaces come and go, and passwords past core."""
import fcntl
import json
import os
import pathlib
import re
import resource
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time

import pytest
from eth_account import Account

from attaching import Attached, approver, connect, descriptors_of, read_line, secret, settled
from signer import FIRST, PASSWORDS, RpcError, Signer, approving, transfer, until

BY_PIPE = {"text": "", "secret_fd": True}
LEFT = "the user interface was detached before it answered"
NOBODY = "no user interface is attached"
root = pytest.mark.skipif(os.getuid() != 0, reason="only root sees into processes that are not dumpable")


@pytest.fixture
def served(start, tmp_path):
    """begin(...): a signer with --ui-socket. attach(...): a user interface for it, which is gone at the end."""
    class Served:
        path = tmp_path / "ui" / "socket"
        attached = []

        def begin(self, *args, **settings):
            self.signer = start("--ui-socket", str(self.path), *args, ui=None, **settings)
            until(self.path.exists, 10, "the UI's socket")
            return self.signer

        def attach(self, answers=None, pipe=None):
            self.attached.append(Attached(self.path, answers, pipe))
            return self.attached[-1]

        def sign(self, **changes):
            return self.signer.later("account_signTransaction", transfer(**changes))

        def log(self, pattern, seconds=5):
            until(lambda: re.search(pattern, self.signer.stderr()), seconds, f"{pattern} in the log: {self.signer.stderr()}")

    one = Served()
    yield one
    for ui in one.attached:
        ui.leave()


def refused(later, text, code=-32000):
    with pytest.raises(RpcError) as e:
        later.get(10)
    assert text in e.value.message and e.value.code == code
    return e.value.message


# --- the socket itself ---


def test_the_socket_and_its_folder_are_ours_alone(served):
    signer = served.begin()
    assert stat.S_IMODE(os.stat(served.path).st_mode) == 0o600 and stat.S_ISSOCK(os.stat(served.path).st_mode)
    assert stat.S_IMODE(os.stat(served.path.parent).st_mode) == 0o700
    assert "ui" not in signer.roles()
    assert signer.stop() == 0
    assert not served.path.exists()


def start_and_fail(clef, home, *args):
    signer = Signer(clef, home, *args, ui=None, start=False)
    done = subprocess.run(signer.command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1, done
    return done.stderr


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o711, 0o770, 0o1777, 0o600])
def test_a_folder_that_others_may_enter_is_refused(clef, tmp_path, mode):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    assert "expected 0700" in start_and_fail(clef, tmp_path / "s", "--ui-socket", str(folder / "socket"))
    assert not (folder / "socket").exists()


@pytest.mark.parametrize("name", ["config", "keystore", "ipc", "link"])
def test_the_signers_own_folders_are_refused(clef, tmp_path, name):
    home = tmp_path / "s"
    (home / "ipc").mkdir(0o700, parents=True)
    (home / "config").mkdir(0o700)
    (home / "link").symlink_to(home / "config")
    errors = start_and_fail(clef, home, "--ipcpath", str(home / "ipc"), "--ui-socket", str(home / name / "socket"))
    assert "a folder of their own" in errors, errors
    assert not (home / name / "socket").exists()


def test_what_is_proposed_works(clef, start, tmp_path):
    """In place of a folder that others use, too."""
    shared, home = tmp_path / "shared", tmp_path / "home"
    home.mkdir(0o755)
    shared.mkdir()
    shared.chmod(0o1777)
    errors = start_and_fail(clef, tmp_path / "s", "--ui-socket", str(shared / "socket"))
    proposed = re.search(r"--ui-socket ~/(\S+)$", errors, re.M)[1]
    assert "chmod" not in errors
    start("--ui-socket", str(home / proposed), ui=None)
    Attached(home / proposed).leave()


def test_a_folder_inside_of_the_configuration_is_fine(start, tmp_path):
    path = tmp_path / "signer0" / "config" / "ui" / "socket"
    signer = start("--ui-socket", str(path), ui=None)
    ui = Attached(path)
    ui.leave()
    assert signer.stop() == 0


@root
def test_a_folder_of_another_user_is_refused(clef, tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir(0o700)
    os.chown(folder, 65534, 65534)
    assert "belongs to another user" in start_and_fail(clef, tmp_path / "s", "--ui-socket", str(folder / "socket"))


def test_files_of_other_kinds_stay(clef, tmp_path):
    folder = tmp_path / "ui"
    folder.mkdir(0o700)
    (folder / "socket").write_text("precious")
    assert "is no socket" in start_and_fail(clef, tmp_path / "s", "--ui-socket", str(folder / "socket"))
    assert (folder / "socket").read_text() == "precious"
    start_and_fail(clef, tmp_path / "s", "--ui-socket", str(folder / "socket" / "below"))
    start_and_fail(clef, tmp_path / "s", "--ui-socket", str(folder))
    assert "longer than" in start_and_fail(clef, tmp_path / "s", "--ui-socket", str(folder / ("x" * 120)))


def test_a_stale_socket_is_replaced_and_one_in_use_is_not(served, clef, tmp_path):
    served.path.parent.mkdir(0o700)
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(served.path))
        old.listen()
        assert "another signer listens" in start_and_fail(clef, tmp_path / "s", "--ui-socket", str(served.path))
        assert served.path.exists()
    served.begin()
    served.attach()


def test_a_second_signer_does_not_touch_the_first(served, clef, tmp_path):
    """It must not even connect: requests that wait for a person would go to it."""
    signer = served.begin("--wait-for-ui", "60")
    waiting = served.sign()
    time.sleep(0.3)
    assert "another signer holds" in start_and_fail(clef, tmp_path / "s", "--ui-socket", str(served.path))
    served.attach(approver())
    assert "raw" in waiting.get()
    assert signer.stderr().count("is attached: process") == 1


def test_killed_and_started_again(served):
    served.begin().proc.kill()
    served.signer.wait_end()
    assert served.path.exists()
    served.begin()
    served.attach(approver())
    assert "raw" in served.sign().get()


@pytest.mark.parametrize("args, text", [
    (["--ui-socket", "/x/y", "--stdio-ui"], "contradict"), (["--wait-for-ui", "5"], "give --ui-socket"), (["--ui-socket", ""], "is empty"),
    (["--ui-socket", "/x/y", "--wait-for-ui", "soon"], "whole seconds"), (["attach"], "name the socket"),
    (["attach", "/x/y", "--ui-socket", "/x/y"], "twice"), (["attach", "/a", "/b"], "unexpected argument"), (["attach", "--stdio-ui", "/a"], "does not take it")])
def test_usage_errors(clef, tmp_path, args, text):
    done = subprocess.run([clef, *args], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and text in done.stderr, done


def test_without_a_terminal_and_without_standard_input(clef, tmp_path):
    """As a service manager starts it: nobody is there to read the warning, which must not wait for 'ok'."""
    path = tmp_path / "ui" / "socket"
    signer = Signer(clef, tmp_path / "s", "--ui-socket", str(path), ui=None, start=False)
    command = [word for word in signer.command if word != "--suppress-bootwarn"]
    with open(signer.errors, "wb") as errors:
        signer.proc = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&-', "sh", *command], stderr=errors, cwd=tmp_path, start_new_session=True)
    try:
        signer.wait_serving()
        until(path.exists)
        assert "WARNING" in signer.stderr() and "Enter 'ok'" not in signer.stderr()
        ui = Attached(path, approver())
        assert "raw" in signer.call("account_signTransaction", transfer())
        ui.leave()
    finally:
        signer.close()


def test_nohup_is_honoured(served):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        signer = served.begin()
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signer.proc.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    served.attach(approver())
    assert "raw" in served.sign().get()


# --- attaching ---


def test_requests_are_asked_and_signed(served):
    signer = served.begin("--chainid", "5")
    ui = served.attach(approver())
    info = ui.seen[0]["params"][0]["info"]
    assert info["extapi_http"].endswith(f":{signer.port}/") and info["chain_id"] == "0x5" and info["attached"] is True
    answer = served.sign(chainId="0x5").get()
    assert Account.recover_transaction(answer["raw"]) == FIRST
    assert ui.call("clef_listAccounts")["result"][0]["address"].lower() == FIRST.lower()
    assert ui.asked("ui_onApprovedTx")["params"][0]["raw"] == answer["raw"]


def test_with_nobody_attached_requests_are_refused_at_once(served):
    signer = served.begin()
    began = time.monotonic()
    for _ in range(3):
        message = refused(served.sign(), NOBODY)
        assert "clef attach" in message and str(served.path) not in message  # a caller learns no paths
    assert time.monotonic() - began < 5
    assert signer.call("account_version") == "6.1.0"
    assert signer.stderr().count(f"clef attach {served.path}") == 2  # at the start, and once for all three
    served.attach(approver())
    assert "raw" in served.sign().get()


def test_one_at_a_time(served):
    served.begin()
    first = served.attach(approver())
    began = time.monotonic()
    second = connect(served.path)
    line = json.loads(read_line(second))
    assert line["method"] == "ui_showError" and "id" not in line
    assert "another user interface is attached" in line["params"][0]["text"] and str(os.getpid()) in line["params"][0]["text"]
    assert read_line(second) == b"" and time.monotonic() - began < 5
    second.close()
    assert "raw" in served.sign().get()
    first.leave()
    served.attach(approver())
    assert "raw" in served.sign().get()


def test_leaving_and_returning_at_once(served, rounds):
    served.begin()
    for _ in range(rounds(40, 2000)):
        served.attach().leave()
    served.attach(approver())
    assert "raw" in served.sign().get()


def test_a_crowd_at_the_socket(served):
    served.begin()
    served.attach(approver())
    others = [connect(served.path) for _ in range(100)]
    assert "raw" in served.sign().get()
    for other in others:
        assert b"another user interface" in read_line(other)
        other.close()


@root
def test_another_user_is_closed_at_once(start):
    with tempfile.TemporaryDirectory(dir="/tmp") as top:
        path = pathlib.Path(top) / "ui" / "socket"
        signer = start("--ui-socket", str(path), ui=None)
        for opened, mode in ((path.parent.parent, 0o755), (path.parent, 0o755), (path, 0o666)):  # so that the kernel lets them come so far
            opened.chmod(mode)
        program = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({str(path)!r}); s.settimeout(10); print(s.recv(100))"
        done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-c", program], capture_output=True, text=True, timeout=20)
        assert done.stdout == "b''\n", done
        until(lambda: "another user (uid 65534" in signer.stderr())
        assert "user interface is attached: process" not in signer.stderr()
        ui = Attached(path, approver())
        assert "raw" in signer.call("account_signTransaction", transfer())
        ui.leave()
        signer.close()


def test_who_is_attached_at_the_end_is_audited_as_detached(served):
    signer = served.begin()
    served.attach()
    signer.stop()
    lines = [line for line in (signer.home / "audit.log").read_text().splitlines() if "msg=UserInterface" in line]
    assert len(lines) == 2 and "type=detached" in lines[1] and 'reason="the signer ends"' in lines[1]


def test_attaching_and_detaching_are_audited_and_logged(served):
    signer = served.begin()
    ui = served.attach()
    served.log("a user interface is attached: process")
    ui.leave()
    served.log(r"the user interface \(process \d+\) is detached: it closed its end")
    lines = [line for line in (signer.home / "audit.log").read_text().splitlines() if "msg=UserInterface" in line]
    assert len(lines) == 2
    for line, kind in zip(lines, ("attached", "detached")):
        assert f"type={kind} uid={os.getuid()} pid={os.getpid()}" in line
    assert 'reason="it closed its end"' in lines[1]


def test_nobody_attaches_when_that_cannot_be_audited(start, tmp_path):
    if not pathlib.Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    path = tmp_path / "ui" / "socket"
    fifo = tmp_path / "audit"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    signer = start("--ui-socket", str(path), "--auditlog", str(fifo), ui=None)
    os.close(reader)  # from now on writing fails
    s = connect(path)
    assert read_line(s) == b""
    s.close()
    until(lambda: "is not attached: the audit log cannot be written" in signer.stderr())


# --- detaching ---


def leave_at_the_page(served, ui):
    ui.asked("ui_approveTx")


def leave_at_the_password(served, ui):
    ui.reply(ui.asked("ui_approveTx")["id"], approving()["ui_approveTx"](ui.asked("ui_approveTx")["params"]))
    ui.asked("ui_onInputRequired")


@pytest.mark.parametrize("until_when", [leave_at_the_page, leave_at_the_password])
def test_what_was_asked_is_refused_when_the_ui_leaves(served, until_when):
    signer = served.begin()
    ui = served.attach()
    waiting = served.sign()
    until_when(served, ui)
    ui.leave()
    refused(waiting, LEFT)
    assert signer.call("account_version") == "6.1.0"
    served.attach(approver())
    assert "raw" in served.sign(nonce="0x1").get()


def test_half_an_answer_is_none(served):
    served.begin()
    ui = served.attach()
    waiting = served.sign()
    question = ui.asked("ui_approveTx")
    answer = json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": {"approved": True, "transaction": question["params"][0]["transaction"]}})
    ui.write(answer.encode()[:-1])
    ui.leave()
    refused(waiting, LEFT)


def test_what_was_approved_with_its_password_is_signed_though_the_ui_left(served):
    served.begin()
    ui = served.attach(approver(ui_onInputRequired=None))
    waiting = served.sign()
    ui.reply(ui.asked("ui_onInputRequired")["id"], {"text": PASSWORDS[FIRST]})
    ui.leave()
    assert "raw" in waiting.get()


def test_the_next_ui_cannot_answer_for_the_one_before(served):
    """Numbers go on: a late or replayed yes to an old question is nothing."""
    served.begin()
    ui = served.attach()
    waiting = served.sign()
    old = ui.asked("ui_approveTx")
    ui.leave()
    refused(waiting, LEFT)
    ui = served.attach()
    waiting = served.sign()
    new = ui.asked("ui_approveTx")
    assert new["id"] > old["id"] and new["params"][0]["request_id"] != old["params"][0]["request_id"]
    ui.reply(old["id"], {"approved": True, "transaction": old["params"][0]["transaction"]})
    ui.reply(new["id"], {"approved": False, "transaction": None})
    refused(waiting, "request denied")


def test_calls_of_a_ui_that_left_are_not_answered_to_the_next(served):
    served.begin()
    ui = served.attach()
    ui.write({"jsonrpc": "2.0", "id": 777, "method": "clef_new", "params": []})
    ui.asked("ui_onInputRequired")
    ui.leave()
    served.log("clef_new is withdrawn")
    ui = served.attach(approver())
    assert "raw" in served.sign().get()
    assert 777 not in ui.replies
    assert ui.call("clef_pending")["result"] == []


def test_a_ui_that_says_nothing_holds_the_place_and_nothing_else(served):
    signer = served.begin("--request-timeout", "1")
    silent = connect(served.path)
    served.log("is attached: process")
    waiting = served.sign()
    other = connect(served.path)
    assert b"another user interface" in read_line(other)
    other.close()
    with pytest.raises(RpcError) as e:
        waiting.get()
    assert e.value.code == -32002
    assert signer.call("account_version") == "6.1.0"
    silent.close()
    served.attach(approver())
    assert "raw" in served.sign().get()


def test_garbage_without_end_detaches(served):
    signer = served.begin()
    ui = served.attach()
    try:
        for _ in range(2000):
            ui.write(b"this is no JSON}\n" * 100)
    except OSError:
        pass
    ui.wait_closed()
    served.log("detached: it sent too much that is no JSON")
    assert signer.stderr().count("are no JSON") < 100
    served.attach(approver())
    assert "raw" in served.sign().get()


def test_a_little_garbage_does_not(served):
    served.begin()
    ui = served.attach(approver())
    for _ in range(10):
        ui.write(b"this is no JSON}\n")
    assert "raw" in served.sign().get()


def test_calls_without_end_and_without_reading(served):
    """It is detached before it can fill the memory; callers are served all the while."""
    signer = served.begin()
    s = connect(served.path)
    served.log("is attached: process")
    s.settimeout(0.2)
    call = b'{"jsonrpc":"2.0","id":1,"method":"clef_listAccounts","params":[]}\n' * 1000
    end = time.monotonic() + 3
    while time.monotonic() < end:
        try:
            s.sendall(call)
        except OSError:
            break
    assert signer.call("account_version") == "6.1.0"
    s.close()
    served.log("is detached")
    served.attach(approver())
    assert "raw" in served.sign().get()


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("CLEF_SOAK"), reason="takes as long as the signer is patient: 30 seconds")
def test_one_that_does_not_read_is_detached_after_a_while(served):
    served.begin()
    s = connect(served.path)
    served.log("is attached: process")
    s.settimeout(1)
    call = b'{"jsonrpc":"2.0","id":1,"method":"clef_listAccounts","params":[]}\n' * 100
    try:
        for _ in range(300):
            s.sendall(call)
    except OSError:
        pass
    served.log("is detached: it has not read for a while", 60)
    served.attach(approver())
    assert "raw" in served.sign().get()
    s.close()


def test_the_signer_ends_with_a_ui_attached_and_with_none(served):
    signer = served.begin()
    ui = served.attach()
    waiting = served.sign()
    ui.asked("ui_approveTx")
    assert signer.stop(signal.SIGTERM) == 0
    ui.wait_closed()
    with pytest.raises((RpcError, OSError)):
        waiting.get()


@root
def test_many_come_and_go_and_nothing_is_left(served, rounds):
    signer = served.begin()
    counts = []
    for number in range(rounds(60, 1000)):
        ours, theirs = socket.socketpair(socket.AF_UNIX, [socket.SOCK_STREAM, socket.SOCK_SEQPACKET][number % 2])
        ui = served.attach(approver(), pipe=theirs.fileno())
        if number % 3 == 0:
            waiting = served.sign()
            ui.asked("ui_approveTx")
        ui.leave()
        ours.close()
        theirs.close()
        if number in (9, rounds(60, 1000) - 1):
            counts.append([settled(lambda pid=pid: descriptors_of(pid)) for pid in (signer.proc.pid, signer.roles()["keys"][0])])
    assert counts[0] == counts[1]
    served.attach(approver())
    assert "raw" in served.sign().get()


# --- waiting for a user interface ---


def test_a_request_waits_for_a_ui(served):
    served.begin("--wait-for-ui", "30s")
    waiting = served.sign()
    time.sleep(0.5)
    assert not waiting.done()
    ui = served.attach(approver())
    assert "raw" in waiting.get()
    assert [m["method"] for m in ui.seen][:2] == ["ui_onSignerStartup", "ui_approveTx"]


def test_it_does_not_wait_longer(served):
    served.begin("--wait-for-ui", "1s")
    began = time.monotonic()
    refused(served.sign(), NOBODY)
    assert 0.9 < time.monotonic() - began < 5
    ui = served.attach()
    time.sleep(0.3)
    assert len(ui.seen) == 1  # nothing of it is asked afterwards


def test_the_time_of_the_request_goes_on(served):
    served.begin("--wait-for-ui", "1h", "--request-timeout", "1")
    with pytest.raises(RpcError) as e:
        served.sign().get()
    assert e.value.code == -32002
    ui = served.attach()
    time.sleep(0.3)
    assert len(ui.seen) == 1


def test_a_caller_that_left_is_not_asked_about(served):
    signer = served.begin("--wait-for-ui", "1h")
    with signer.connect() as s:
        s.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "account_signTransaction", "params": [transfer()]}).encode())
        time.sleep(0.3)
    served.log("withdrawn")
    ui = served.attach(approver())
    assert "raw" in served.sign(nonce="0x7").get()
    assert [m["params"][0]["transaction"]["nonce"] for m in ui.seen if m["method"] == "ui_approveTx"] == ["0x7"]
    assert not [m for m in ui.seen if m["method"] == "ui_withdraw"]


def test_a_hundred_wait_and_are_asked_in_order(served):
    served.begin("--wait-for-ui", "1h")
    waiting = []
    for number in range(100):
        waiting.append(served.sign(nonce=hex(number)))
        if number % 20 == 19:
            time.sleep(0.2)
    time.sleep(1)
    ui = served.attach(approver())
    ours = {json.loads(json.dumps(w.get(60)["tx"]))["nonce"] for w in waiting}
    assert len(ours) == 100
    asked = [m["id"] for m in ui.seen if m["method"] == "ui_approveTx"]
    assert len(asked) == 100 and asked == sorted(asked)


def test_a_hundred_that_were_asked_are_refused_together(served):
    served.begin("--wait-for-ui", "1h")
    waiting = [served.sign(nonce=hex(number)) for number in range(100)]
    time.sleep(1)
    ui = served.attach()
    ui.asked("ui_approveTx", 100)
    ui.leave()
    for one in waiting:
        refused(one, LEFT)


def test_who_comes_after_it_left_waits_again(served):
    served.begin("--wait-for-ui", "1h")
    ui = served.attach()
    first = served.sign()
    ui.asked("ui_approveTx")
    ui.leave()
    refused(first, LEFT)
    second = served.sign(nonce="0x1")
    time.sleep(0.3)
    assert not second.done()
    served.attach(approver())
    assert "raw" in second.get()


def test_the_rest_of_an_approval_is_not_asked_of_somebody_else(served):
    """The first one said yes to a new account and gave a bad password: the next one must not be asked for another, having seen nothing."""
    signer = served.begin("--wait-for-ui", "1h")
    ui = served.attach({"ui_approveNewAccount": lambda p: {"approved": True}})
    waiting = signer.later("account_new")
    question = ui.asked("ui_onInputRequired")
    ui.reply(question["id"], {"text": "short"})
    ui.leave()
    refused(waiting, LEFT)
    ui = served.attach(approver())
    time.sleep(0.3)
    assert [m["method"] for m in ui.seen] == ["ui_onSignerStartup"]


def test_changed_blobs_are_checked_and_then_asked_of_nobody_else(served):
    """The second check of blobs takes its time: who said yes may be gone by its end."""
    served.begin("--wait-for-ui", "1h")
    cheap = {"blobs": ["0x" + "00" * 131072], "maxFeePerBlobGas": "0x1", "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x1", "gasPrice": None}
    other = {"blobs": ["0x" + f"{1:064x}" * 4096], "commitments": None, "proofs": None, "blobVersionedHashes": None}
    ui = served.attach()
    waiting = served.sign(**cheap)
    question = ui.asked("ui_approveTx")
    ui.reply(question["id"], {"approved": True, "transaction": question["params"][0]["transaction"] | other})
    ui.leave()
    refused(waiting, LEFT)
    ui = served.attach(approver())
    time.sleep(0.3)
    assert [m["method"] for m in ui.seen] == ["ui_onSignerStartup"]


# --- passwords ---

PIPES = ["pipe", "stream", "seqpacket", "datagram"]


class Pipe:
    """Both ends of what passwords go through."""

    def __init__(self, kind):
        if kind == "pipe":
            self.theirs, self.ours = os.pipe()
        else:
            pair = socket.socketpair(socket.AF_UNIX, {"stream": socket.SOCK_STREAM, "seqpacket": socket.SOCK_SEQPACKET, "datagram": socket.SOCK_DGRAM}[kind])
            self.theirs, self.ours = pair[0].detach(), pair[1].detach()

    def send(self, data):
        os.write(self.ours, data)

    def close(self):
        for fd in (self.theirs, self.ours):
            try:
                os.close(fd)
            except OSError:
                pass


@pytest.fixture
def pipe():
    made = []

    def make(kind="pipe"):
        made.append(Pipe(kind))
        return made[-1]
    yield make
    for one in made:
        one.close()


def ask_by_pipe(served, ui, count=1, **changes):
    """The caller's answer, and the number of the password's question."""
    waiting = served.sign(**changes)
    return waiting, ui.asked("ui_onInputRequired", count)["id"]


@pytest.mark.parametrize("kind", PIPES)
@pytest.mark.parametrize("secret_first", [True, False])
def test_a_password_over_a_descriptor_that_was_passed(served, pipe, kind, secret_first):
    served.begin()
    p = pipe(kind)
    ui = served.attach(approver(ui_onInputRequired=None), p.theirs)
    os.close(p.theirs)
    for count in (1, 2):
        waiting, question = ask_by_pipe(served, ui, count, nonce=hex(count))
        if secret_first:
            p.send(secret(question, PASSWORDS[FIRST]))
            time.sleep(0.1)
        ui.reply(question, BY_PIPE)
        if not secret_first:
            time.sleep(0.1)
            p.send(secret(question, PASSWORDS[FIRST]))
        assert Account.recover_transaction(waiting.get()["raw"]) == FIRST


def test_without_a_descriptor_there_is_no_such_password(served):
    served.begin()
    ui = served.attach(approver(ui_onInputRequired=lambda p: BY_PIPE))
    refused(served.sign(), "it gave the signer none")


def test_the_terminal_is_only_the_signers_own_to_lend(served):
    served.begin()
    served.attach(approver(ui_onInputRequired=lambda p: {"text": "", "terminal": True}))
    refused(served.sign(), "only the signer's own terminal UI")


def test_a_cancelled_password(served):
    served.begin()
    served.attach(approver(ui_onInputRequired=lambda p: {"text": "", "cancelled": True}))
    refused(served.sign(), "the password prompt was cancelled")


def test_the_descriptor_goes_with_its_ui(served, pipe):
    served.begin()
    p = pipe()
    ui = served.attach(approver(ui_onInputRequired=None), p.theirs)
    waiting, question = ask_by_pipe(served, ui)
    ui.reply(question, BY_PIPE)
    ui.leave()
    refused(waiting, "detached")
    p.send(secret(question, PASSWORDS[FIRST]))
    ui = served.attach(approver(ui_onInputRequired=None))
    waiting, question = ask_by_pipe(served, ui)
    p.send(secret(question, PASSWORDS[FIRST]))
    ui.reply(question, BY_PIPE)
    refused(waiting, "it gave the signer none")
    # The other end sees that nobody can read any more.
    os.close(p.theirs)
    with pytest.raises(BrokenPipeError):
        until(lambda: p.send(b"x"), 5)


def test_a_second_descriptor_takes_the_place_of_the_first(served, pipe):
    served.begin()
    first, second = pipe(), pipe("seqpacket")
    ui = served.attach(approver(ui_onInputRequired=None), first.theirs)
    waiting, question = ask_by_pipe(served, ui)
    ui.reply(question, BY_PIPE)
    time.sleep(0.2)
    ui.pass_descriptors(second.theirs)
    refused(waiting, "it began another one")
    waiting, question = ask_by_pipe(served, ui, 2)
    first.send(secret(question, "wrong"))
    second.send(secret(question, PASSWORDS[FIRST]))
    ui.reply(question, BY_PIPE)
    assert "raw" in waiting.get()


@pytest.mark.parametrize("message", [b"\0" * 8 + b"\xff" * 4, b"\0" * 8 + b"\0\0\x10\x01" + b"x" * 4097], ids=["a length without end", "one byte too many"])
@pytest.mark.parametrize("kind", PIPES)
def test_a_malformed_message_ends_the_pipe_until_the_next(served, pipe, message, kind):
    served.begin()
    p = pipe(kind)
    ui = served.attach(approver(ui_onInputRequired=None), p.theirs)
    waiting, question = ask_by_pipe(served, ui)
    ui.reply(question, BY_PIPE)
    p.send(message)
    refused(waiting, "a malformed message came")
    waiting, question = ask_by_pipe(served, ui, 2)
    ui.reply(question, BY_PIPE)
    refused(waiting, "no password from the UI")
    ui.leave()
    again = pipe(kind)
    ui = served.attach(approver(ui_onInputRequired=None), again.theirs)
    waiting, question = ask_by_pipe(served, ui)
    again.send(secret(question, PASSWORDS[FIRST]))
    ui.reply(question, BY_PIPE)
    assert "raw" in waiting.get()


def test_a_pipe_that_is_flooded_does_not_keep_the_next_one_from_its_own(served):
    """keys reads no more than it must of what nobody asked for, and hears all the while that the UI has left."""
    served.begin()
    ours, theirs = socket.socketpair()
    ui = served.attach(approver(ui_onInputRequired=None), theirs.fileno())
    theirs.close()
    waiting, question = ask_by_pipe(served, ui)
    ui.reply(question, BY_PIPE)
    flood = b"".join(secret(1 << 40 | n, "") for n in range(2000))

    def pour():
        try:
            while True:
                ours.sendall(flood)
        except OSError:
            pass
    pouring = threading.Thread(target=pour, daemon=True)
    pouring.start()
    refused(waiting, "it sent too many that nobody asked for")
    ui.leave()
    served.attach(approver())
    assert "raw" in served.sign().get()
    pouring.join(10)
    assert not pouring.is_alive()
    ours.close()


def test_a_pipe_that_is_closed(served, pipe):
    served.begin()
    p = pipe()
    ui = served.attach(approver(ui_onInputRequired=None), p.theirs)
    waiting, question = ask_by_pipe(served, ui)
    ui.reply(question, BY_PIPE)
    p.close()
    refused(waiting, "it closed the descriptor")


def odd_descriptor(kind, tmp_path):
    if kind == "file":
        return os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT, 0o600)
    if kind == "folder":
        return os.open(tmp_path, os.O_RDONLY)
    if kind == "null":
        return os.open("/dev/null", os.O_RDWR)
    if kind == "writing end":
        return os.pipe()[1]
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "listening"))
    listening.listen()
    return listening.detach()


@pytest.mark.parametrize("kind", ["file", "folder", "null", "writing end", "listening"])
def test_descriptors_that_are_no_pipe(served, tmp_path, kind):
    signer = served.begin("--request-timeout", "5")
    fd = odd_descriptor(kind, tmp_path)
    ui = served.attach(approver(ui_onInputRequired=None), fd)
    waiting, question = ask_by_pipe(served, ui)
    ui.reply(question, BY_PIPE)
    if kind == "listening":  # nothing can ever be read there, and nobody can tell
        refused(waiting, "timed out", -32002)
    else:
        refused(waiting, "no password")
    waiting, question = ask_by_pipe(served, ui, 2)
    ui.reply(question, {"text": PASSWORDS[FIRST]})
    assert "raw" in waiting.get()
    assert len(signer.roles()["keys"]) == 1
    os.close(fd)


def test_a_pipe_with_signals_on_it(served, pipe):
    """What the sender set on the descriptor must not make keys do what its sandbox forbids."""
    served.begin()
    p = pipe("stream")
    fcntl.fcntl(p.theirs, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    ui = served.attach(approver(ui_onInputRequired=None), p.theirs)
    waiting, question = ask_by_pipe(served, ui)
    p.send(secret(question, PASSWORDS[FIRST]))
    ui.reply(question, BY_PIPE)
    assert "raw" in waiting.get()


@root
def test_a_second_descriptor_that_cannot_be_passed_on_ends_the_first(served, pipe):
    signer = served.begin()
    keys, core = signer.roles()["keys"][0], signer.proc.pid
    before = settled(lambda: descriptors_of(keys))
    p = pipe()
    ui = served.attach(approver(ui_onInputRequired=None), p.theirs)
    until(lambda: descriptors_of(keys) == before + 1, what="the first descriptor in keys")
    used = settled(lambda: sorted(int(fd) for fd in os.listdir(f"/proc/{core}/fd")))
    limits = resource.prlimit(core, resource.RLIMIT_NOFILE)
    # Room for the one that comes, and none for the copy that is to go.
    room = next(n for n in range(1, 1024) if n not in used) + 1
    resource.prlimit(core, resource.RLIMIT_NOFILE, (room, limits[1]))
    ui.pass_descriptors(p.theirs)
    served.log("could not be passed on")
    resource.prlimit(core, resource.RLIMIT_NOFILE, limits)
    until(lambda: descriptors_of(keys) == before, what="the first descriptor's end")
    waiting, question = ask_by_pipe(served, ui)
    ui.reply(question, BY_PIPE)
    refused(waiting, "it gave the signer none")


@root
def test_several_descriptors_at_once_are_all_closed(served, pipe):
    signer = served.begin()
    ui = served.attach(approver(ui_onInputRequired=None))
    before = settled(lambda: descriptors_of(signer.proc.pid))
    p = pipe()
    for count in (2, 3, 253):
        ui.pass_descriptors(*[p.theirs] * count)
    served.log("several descriptors at once")
    waiting, question = ask_by_pipe(served, ui)
    assert descriptors_of(signer.proc.pid) == before
    ui.reply(question, BY_PIPE)
    refused(waiting, "it gave the signer none")


@root
def test_descriptors_without_end_detach(served, pipe):
    signer = served.begin()
    ui = served.attach()
    ui.leave()
    before = [settled(lambda pid=pid: descriptors_of(pid)) for pid in (signer.proc.pid, signer.roles()["keys"][0])]
    ui = served.attach()
    p = pipe()
    try:
        for _ in range(200):
            ui.pass_descriptors(p.theirs)
    except OSError:
        pass
    ui.wait_closed()
    served.log("it passed too many descriptors")
    assert [settled(lambda pid=pid: descriptors_of(pid)) for pid in (signer.proc.pid, signer.roles()["keys"][0])] == before
    served.attach(approver())
    assert "raw" in served.sign().get()
