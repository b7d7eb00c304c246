"""Who started the signer is told by NOTIFY_SOCKET when it serves and when it ends, as sd_notify(3) has it."""
import os
import socket

import pytest

from signer import free_port, until


@pytest.fixture(params=["path", "abstract"])
def listener(request, tmp_path):
    """(name for NOTIFY_SOCKET, the socket behind it)"""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        name = str(tmp_path / "notify") if request.param == "path" else f"@clef-test-{os.getpid()}-{free_port()}"
        s.bind("\0" + name[1:] if name.startswith("@") else name)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        s.settimeout(20)
        yield name, s


def receive(s):
    """(text, process id of the sender, as systemd asks for it)"""
    text, ancillary, _, _ = s.recvmsg(4096, 1024)
    return text.decode(), int.from_bytes(ancillary[0][2][:4], "little")


def test_ready_and_stopping(start, listener):
    name, s = listener
    signer = start(env={"NOTIFY_SOCKET": name}, wait=False)
    assert receive(s) == ("READY=1", signer.proc.pid)
    # Every role serves by then: a call needs no second try.
    assert signer.call("account_version") == "6.1.0"
    assert signer.stop() == 0
    assert receive(s) == ("STOPPING=1", signer.proc.pid)
    s.settimeout(0.2)
    with pytest.raises(TimeoutError):
        s.recv(100)


def test_a_start_that_fails_is_never_ready(start, listener, tmp_path):
    name, s = listener
    (tmp_path / "signer0" / "config").mkdir(parents=True)
    (tmp_path / "signer0" / "config" / "clef.ipc").write_text("no socket")
    signer = start(env={"NOTIFY_SOCKET": name}, wait=False)
    assert signer.wait_end() == 1
    s.settimeout(0.2)
    with pytest.raises(TimeoutError):
        s.recv(100)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may look at a process that is not dumpable")
def test_no_role_can_speak_for_the_signer(start, listener):
    name, s = listener
    signer = start(env={"NOTIFY_SOCKET": name})
    inode = lambda pid: {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    datagrams = [line.split()[6] for line in open("/proc/net/unix").read().splitlines()[1:] if line.split()[4] == "0002"]
    ours = inode(signer.proc.pid) & {f"socket:[{i}]" for i in datagrams}
    assert len(ours) == 1
    for role, pids in signer.roles().items():
        for pid in pids if role != "core" else []:
            assert not inode(pid) & ours
            assert b"NOTIFY_SOCKET" not in open(f"/proc/{pid}/environ", "rb").read()


@pytest.mark.parametrize("name", ["/nonexistent/notify", "relative", "vsock:2:1234"])
def test_a_name_that_cannot_be_used(start, name):
    """The signer serves all the same, and says why nobody hears of it."""
    signer = start(env={"NOTIFY_SOCKET": name})
    assert "NOTIFY_SOCKET" in until(signer.stderr)
