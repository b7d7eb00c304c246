"""Starting, ending, and everything that can go wrong in between: always a clear message, never a signature."""
import os
import random
import re
import signal
import socket
import time

import pytest

from signer import Later, RpcError, approving, http_request, request, transfer, until


def ends_by_itself(signer, *words):
    """The signer ended with status 1 and said why; no traces of a crash."""
    assert signer.wait_end() == 1
    said = signer.stderr()
    assert all(re.search(word, said, re.I) for word in words), said
    assert "Sanitizer" not in said and "core dumped" not in said


# --- start ---

def test_port_in_use(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        signer = start(port=other.getsockname()[1], wait=False)
        ends_by_itself(signer, str(signer.port), "in use")
        assert not signer.ipc.exists()


def test_second_signer_leaves_the_socket_to_the_first(start):
    first = start(http=False)
    second = start(home=first.home, http=False, wait=False)
    ends_by_itself(second, r"clef\.ipc")
    assert first.call_socket("account_version") == "6.1.0"


def test_stale_socket_file_is_replaced(start, tmp_path):
    (tmp_path / "s" / "config").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(tmp_path / "s" / "config" / "clef.ipc"))
    signer = start(home=tmp_path / "s", http=False, wait=False)
    until(lambda: probe(signer), 10, "the new socket")
    assert signer.call_socket("account_version") == "6.1.0"


def probe(signer):
    try:
        signer.connect(1).close()
        return True
    except OSError:
        return False


def test_something_else_in_the_sockets_place_is_not_removed(start, tmp_path):
    (tmp_path / "s" / "config").mkdir(parents=True)
    (tmp_path / "s" / "config" / "clef.ipc").write_text("precious")
    signer = start(home=tmp_path / "s", http=False, wait=False)
    ends_by_itself(signer, r"clef\.ipc")
    assert signer.ipc.read_text() == "precious"


def test_the_socket_is_for_its_owner_only(start):
    assert start(http=False).ipc.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("args, words", [
    (["--chainid", "0"], ["chain"]), (["--chainid", "-5"], ["chain"]), (["--http.port", "70000"], ["port"]), (["--http.addr", "nonsense"], ["nonsense"]),
    (["--request-timeout", "soon"], ["soon"]), (["--no-such-flag"], ["no-such-flag"]), (["--rules", "x.js"], ["rules"]), (["--secret-fd", "77"], ["77|descriptor"]),
    (["nosuchcommand"], ["nosuchcommand"])], ids=str)
def test_bad_arguments(start, args, words):
    ends_by_itself(start(*args, wait=False), *words)


def test_socket_path_too_long(start, tmp_path):
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    ends_by_itself(start("--ipcpath", str(folder), wait=False), "long|108|107")


def test_nothing_but_loopback_is_listened_on(start):
    signer = start(ipc=False)
    inode = {os.readlink(f"/proc/{pid}/fd/{fd}") for pids in signer.roles().values() for pid in pids for fd in readable_fds(pid)}
    listening = [line.split() for name in ("tcp", "tcp6") for line in open(f"/proc/net/{name}").readlines()[1:]]
    ours = [row[1] for row in listening if row[3] == "0A" and f"socket:[{row[9]}]" in inode]
    assert all(row.startswith("0100007F:") for row in ours)


def readable_fds(pid):
    try:
        return os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return []


# --- end ---

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_cleanly_and_answers_who_waits(start, number):
    signer = start(ui=approving(ui_approveTx=None))
    over_http = signer.later("account_signTransaction", transfer())
    signer.asked("ui_approveTx")
    begin = time.monotonic()
    assert signer.stop(number) == 0
    assert time.monotonic() - begin < 2
    assert not signer.ipc.exists()
    with pytest.raises(RpcError):
        over_http.get(2)
    assert signer.count("ui_onApprovedTx") == 0


def test_signal_while_a_slow_connection_is_open(start):
    signer = start()
    with signer.connect_http() as s, signer.connect() as t:
        s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Le")
        t.sendall(b"[")
        begin = time.monotonic()
        assert signer.stop(signal.SIGTERM) == 0 and time.monotonic() - begin < 2


def all_pids(signer, at_least):
    pids = [pid for pids in signer.roles().values() for pid in pids]
    return pids if len(pids) >= at_least else None


def test_no_child_is_left_behind(start):
    signer = start()
    pids = until(lambda: all_pids(signer, 4), 5, "core, keys and two gates")
    signer.stop()
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 3, "all roles to be gone")


@pytest.mark.parametrize("role", ["gate", "keys"])
def test_a_role_that_dies_takes_the_signer_down(start, role):
    signer = start(ui=approving(ui_approveTx=None))
    waiting = signer.later("account_signTransaction", transfer())
    signer.asked("ui_approveTx")
    others = [pid for pids in signer.roles().values() for pid in pids]
    os.kill(signer.roles()[role][0], signal.SIGKILL)
    ends_by_itself(signer, role)
    with pytest.raises(Exception):
        waiting.get(5)
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in others), 3, "all roles to be gone")
    assert not signer.ipc.exists()


def test_killed_core_takes_its_roles_along_and_the_next_start_works(start):
    signer = start()
    pids = [pid for role, pids in signer.roles().items() for pid in pids if role != "core"]
    signer.proc.kill()
    signer.wait_end()
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 5, "the roles to be gone")
    again = start(home=signer.home)
    until(lambda: probe(again), 10, "the socket")
    assert len(again.call_socket("account_list")) == 3


def test_killed_at_any_time_never_half_a_key_file(start, rounds):
    """SIGKILL at a random moment of making accounts: each file that is there opens, and the next start works."""
    dice, home, known = random.Random(7), None, 0
    for _ in range(rounds(6, 150)):
        signer = start(home=home) if home else start(keys=False)
        home = signer.home
        making = [signer.later("account_new") for _ in range(3)]
        time.sleep(dice.random() * 0.6)
        for pid in [signer.proc.pid] if dice.random() < 0.5 else signer.roles().get("keys", []):
            os.kill(pid, signal.SIGKILL)
        signer.wait_end()
        done = 0
        for m in making:
            try:
                done += bool(m.get(10))
            except Exception:
                pass  # killed before it was answered
        names = [n for n in os.listdir(signer.keystore) if not n.startswith(".")]
        assert len(names) >= known + done, "an account that was answered is not on disk"
        known = len(names)
    signer = start(home=home)
    assert len(signer.call("account_list")) == known if known else True


# --- the UI ---

def test_ui_that_closes_refuses_what_waits(start):
    signer = start(ui=approving(ui_approveTx=None))
    waiting = signer.later("account_signTransaction", transfer())
    signer.asked("ui_approveTx")
    signer.proc.stdin.close()
    with pytest.raises((RpcError, OSError)):
        waiting.get(5)
    assert signer.count("ui_onApprovedTx") == 0


def test_ui_that_closed_before_the_request(start):
    signer = start()
    signer.proc.stdin.close()
    time.sleep(0.3)
    if signer.proc.poll() is None:  # serving on without a UI is allowed, signing is not
        with pytest.raises(RpcError):
            signer.call("account_signTransaction", transfer(), seconds=5)


def test_ui_that_reads_no_more(start):
    signer = start()
    signer.out_closed = True
    until(lambda: signer.proc.stdout.closed, 3)
    with pytest.raises((RpcError, OSError)):
        signer.call("account_signTransaction", transfer(), seconds=5)


@pytest.mark.parametrize("junk", [b"nonsense\n", b"\0\xff\xfe\n", b'{"jsonrpc":"2.0","id":1', b'{"jsonrpc":"2.0","id":9999,"result":{}}\n', b"[[[[[[\n", b"null\n", b'"x"\n'],
                         ids=str)
def test_nonsense_from_the_ui_approves_nothing(start, junk):
    signer = start(ui=approving(ui_approveTx=None), timeout=2)
    waiting = signer.later("account_signTransaction", transfer())
    signer.asked("ui_approveTx")
    signer.write_ui(junk)
    with pytest.raises((RpcError, OSError)):
        waiting.get(6)
    assert signer.count("ui_onApprovedTx") == 0


@pytest.mark.bad_answers
@pytest.mark.parametrize("result", [None, {}, [], True, {"approved": "yes"}, {"approved": 1}, {"approved": True}, {"approved": True, "transaction": None},
                                    {"approved": True, "transaction": {}}, {"Approved": True, "transaction": {}}], ids=str)
def test_replies_that_are_no_approval(start, result):
    signer = start(ui=approving(ui_approveTx=lambda p: result), timeout=3)
    with pytest.raises(RpcError):
        signer.call("account_signTransaction", transfer())
    assert signer.count("ui_onApprovedTx") == 0


def test_ui_that_sends_without_end(start):
    """An endless line from the UI must not eat all memory; the signer may end or stop reading, but not sign."""
    signer = start(ui=approving(ui_approveTx=None), timeout=3)
    pids = [pid for pids in signer.roles().values() for pid in pids]
    signer.write_ui(b'{"jsonrpc":"2.0","id":1,"result":"')
    sent = Later(lambda: [signer.write_ui(b"x" * 0x100000) for _ in range(200)])
    end = time.monotonic() + 5
    while time.monotonic() < end and not sent.done():
        for pid in pids:
            assert resident_kib(pid) < 200 * 1024
        time.sleep(0.05)
    if signer.proc.poll() is None:
        with pytest.raises((RpcError, OSError)):
            signer.call("account_signTransaction", transfer(), seconds=5)


def resident_kib(pid):
    try:
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1])
    except (OSError, TypeError):
        return 0


def test_an_answer_in_pieces(start):
    signer = start(ui=approving(ui_approveListing=None))
    waiting = signer.later("account_list")
    question = signer.asked("ui_approveListing")
    for c in b'{"jsonrpc":"2.0","id":%d,"result":{"accounts":[]}}\n' % question["id"]:
        signer.write_ui(bytes([c]))
    assert waiting.get(5) == []


# --- many at once ---

def test_sixteen_callers_at_once(start):
    signer = start()
    calls = [signer.later("account_signTransaction", transfer(nonce=hex(n)), seconds=60) for n in range(16)]
    answers = [c.get(60) for c in calls]
    assert [a["tx"]["nonce"] for a in answers] == [hex(n) for n in range(16)]
    assert signer.call("account_version") == "6.1.0"


def test_pending_requests_of_one_caller_are_bounded(start):
    """A caller who asks without end cannot fill the person's screen or the memory."""
    signer = start(ui=approving(ui_approveTx=None), timeout=60)
    connections = []
    try:
        for n in range(300):
            s = signer.connect_http()
            s.sendall(http_request(request("account_signTransaction", transfer(nonce=hex(n)))))
            connections.append(s)
        assert signer.call("account_version", seconds=5) == "6.1.0"
    finally:
        for s in connections:
            s.close()
