"""Each role as the kernel sees it: confined, not dumpable, with the promised descriptors only. That forbidden calls kill is test_sandbox_kill.c's part."""
import fcntl
import os
import re
import subprocess

import pytest

from signer import transfer

ROLES = ["core", "gate", "keys", "proofs", "selectors"]


@pytest.fixture
def signer(start, tmp_path):
    signer = start("--4bytedb-custom", tmp_path / "selectors.json")
    signer.call("account_signTransaction", transfer())  # everything has run once
    return signer


def status(pid, field):
    return re.search(rf"^{field}:\s+(\S+)", open(f"/proc/{pid}/status").read(), re.M)[1]


def count(signer):
    return {role: len(pids) for role, pids in signer.roles().items()}


def test_the_roles_are_separate_processes(start, signer):
    assert count(signer) == {"core": 1, "gate": 2, "keys": 1, "proofs": 1, "selectors": 1}
    assert count(start()) == {"core": 1, "gate": 2, "keys": 1, "proofs": 1}  # nothing to write for selectors


@pytest.mark.parametrize("role", ROLES)
def test_seccomp_and_no_new_privileges(signer, role):
    for pid in signer.roles()[role]:
        for task in os.listdir(f"/proc/{pid}/task"):  # every thread
            assert status(f"{pid}/task/{task}", "Seccomp") == "2"
            assert status(f"{pid}/task/{task}", "NoNewPrivs") == "1"


@pytest.mark.parametrize("role", ROLES)
def test_not_dumpable(signer, role):
    """The kernel gives the files of a process that is not dumpable to root."""
    for pid in signer.roles()[role]:
        if os.getuid() == 0:
            as_nobody = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "cat", f"/proc/{pid}/maps"], capture_output=True)
            assert as_nobody.returncode != 0
        else:
            with pytest.raises(OSError):
                open(f"/proc/{pid}/mem", "rb").close()
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0


@pytest.mark.parametrize("role", ROLES)
def test_no_core_files(signer, role):
    for pid in signer.roles()[role]:
        assert re.search(r"Max core file size\s+0\s+0\s", open(f"/proc/{pid}/limits").read())


@pytest.mark.skipif(os.getuid() != 0, reason="only root may look at the descriptors of a process that is not dumpable")
def test_no_role_holds_a_descriptor_too_many(signer):
    for role, allowed in (("gate", r"socket:|pipe:|anon_inode:|/dev/null"), ("proofs", r"socket:|pipe:|anon_inode:|/dev/null"), ("keys", r"socket:|pipe:|anon_inode:|/dev/null|keystore|config|secretmem|memfd"),
                          ("selectors", r"socket:|pipe:|anon_inode:|/dev/null|" + re.escape(str(signer.home.parent / "selectors.json")) + "$")):
        for pid in signer.roles()[role]:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
                assert re.search(allowed, target), f"{role} holds {target}"


@pytest.mark.skipif(os.getuid() != 0, reason="only root may look at the descriptors of a process that is not dumpable")
def test_core_keeps_no_descriptor_that_was_left_open(start):
    """Whoever starts the signer may have files open; only the pipe for passwords is meant for it, and keys has that."""
    left, (secrets, ours) = os.memfd_create("left-open", 0), os.pipe()
    high = fcntl.fcntl(left, fcntl.F_DUPFD, 300)
    signer = start("--secret-fd", str(secrets), pass_fds=(left, high, secrets))
    for role, pids in signer.roles().items():
        for pid in pids:
            assert not any("left-open" in os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")), role
    for fd in (left, high, secrets, ours):
        os.close(fd)


def test_a_password_file_that_a_shell_made(start, clef, tmp_path):
    """bash's <(command) is a descriptor's path."""
    run = subprocess.run(["bash", "-c", 'exec "$0" newaccount --suppress-bootwarn --lightkdf --keystore "$1/k" --password-file <(echo password123)', clef, tmp_path],
                         capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root may look at the environment of a process that is not dumpable")
def test_the_environment_is_not_handed_on(start):
    signer = start(env={"SOME_TOKEN": "in-the-environment"})
    for role in ("gate", "keys", "proofs"):
        for pid in signer.roles()[role]:
            assert b"in-the-environment" not in open(f"/proc/{pid}/environ", "rb").read()


def test_nobody_can_attach_a_debugger(signer):
    for role in ROLES:
        for pid in signer.roles()[role]:
            attach = ["/usr/bin/python3", "-c", f"import ctypes, os; libc = ctypes.CDLL(None, use_errno=True); exit(0 if libc.ptrace(16, {pid}, 0, 0) == 0 else 7)"]
            as_nobody = (["setpriv", "--reuid=65534", "--clear-groups"] if os.getuid() == 0 else []) + attach
            assert subprocess.run(as_nobody, capture_output=True).returncode == 7
