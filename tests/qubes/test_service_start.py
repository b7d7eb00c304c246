"""qubes.Clefsign starts the signer and what shows its requests: once, by systemd or directly; a start that fails tells the caller nothing of the vault."""
import json
import os
import signal
import socket
import subprocess
import time

import frames
import pytest
from vault import BODY, REPLY, mode_of, until

NOT_STARTED = "the vault's signer could not be started; its user finds the reason in the vault's log"
SECRET = "/home/user/very-private/keystore"

# In the signer's place: notes how it was started, then does what MODE says. Serves every request with REPLY until it is told to end.
SIGNER = r'''#!/usr/bin/python3 -IS
import fcntl, json, os, signal, socket, sys, threading, time
home, mode, ui = %(home)r, %(mode)r, %(ui)r
words = sys.argv[1:]
started = {"words": words, "oom": open("/proc/self/oom_score_adj").read().strip(), "env": dict(os.environ), "sid": os.getsid(0) == os.getpid(), "cwd": os.getcwd(),
           "fds": {fd: os.readlink("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)},
           "pid": os.getpid()}
with open(home + "/started", "a") as f:
    fcntl.flock(f, fcntl.LOCK_EX)
    f.write(json.dumps(started) + "\n")
with open(f"{home}/{os.getpid()}.pid", "w") as f:
    f.write(str(os.getpid()))
print("started at /home/user/very-private/keystore", file=sys.stderr, flush=True)
if mode == "fails":
    sys.exit(3)
if mode == "killed":
    os.kill(os.getpid(), 9)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode in ("silent", "stubborn"):
    time.sleep(600)
path = words[words.index("--qrexec-socket") + 1]
os.makedirs(os.path.dirname(path), 0o700, True)
try:
    os.unlink(path)
except FileNotFoundError:
    pass
s = socket.socket(socket.AF_UNIX)
if mode != "elsewhere":
    s.bind(path)
    s.listen(1000)
time.sleep(%(slow)r)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
if "NOTIFY_SOCKET" in os.environ:
    for text in (b"STATUS=soon", b"NOTREADY=1\nREADY=10", b"STATUS=now\nREADY=1"):
        try:
            notify.sendto(text, os.environ["NOTIFY_SOCKET"])
        except OSError:
            pass
def serve(c):
    with c:
        c.sendall(b"\0\1\0\0\0\2\1" + bytes([ui]))
        if c.recv(1 << 16):
            if mode == "crashes":
                os._exit(9)
            c.sendall(%(answer)r)
while mode != "elsewhere":
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
time.sleep(600)
'''

# In systemctl's place: notes its words; what it does is in the file "systemctl.does".
SYSTEMCTL = r'''#!/bin/sh
echo "$XDG_RUNTIME_DIR $*" >> %(home)s/systemctl.log
. %(home)s/systemctl.does
'''


@pytest.fixture
def signer(vault):
    """signer(mode) puts a signer into the settings; its .starts() tells how it was started."""
    class Program:
        def __init__(self):
            self.options, self.more = "--chainid 5 'two words' \"\"", []

        def __call__(self, mode="serves", slow=0.0, ui=1, options=None):
            text = SIGNER % {"home": str(vault.home), "mode": mode, "slow": slow, "ui": ui, "answer": frames.answer(frames.REPLY, REPLY)}
            self.path = vault.program("signer", text)
            self.configure(f"signer-options = {self.options if options is None else options}", "ui-command =")
            return self

        def configure(self, *lines):
            vault.configure(f"signer = {self.path}", *lines)

        def starts(self):
            path = vault.home / "started"
            return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

        def kill(self):
            for pid_file in vault.home.glob("*.pid"):
                os.kill(int(pid_file.read_text()), signal.SIGKILL)
                pid_file.unlink()
    return Program()


@pytest.fixture
def manager(vault):
    """manager(does) puts a user manager with systemctl there; .calls() tells the words it was called with."""
    def make(does):
        (vault.runtime / "systemd").mkdir(exist_ok=True)
        (vault.runtime / "systemd" / "private").touch()
        (vault.home / "systemctl.does").write_text(does)
        vault.program("systemctl", SYSTEMCTL % {"home": vault.home})
    make.calls = lambda: (vault.home / "systemctl.log").read_text().splitlines() if (vault.home / "systemctl.log").exists() else []
    return make


def ask(vault, **settings):
    return vault.start(**settings).send(frames.request(BODY)).result(40)


# --- directly ---

def test_a_signer_is_started_when_none_runs(vault, signer):
    signer(slow=0.3)
    assert ask(vault).reply() == REPLY
    start, = signer.starts()
    assert start["oom"] == open("/proc/self/oom_score_adj").read().strip()  # the service's is not the signer's
    assert start["words"] == ["--ipcdisable", "--qrexec-socket", str(vault.socket), "--ui-socket", str(vault.ui_socket), "--wait-for-ui", "60s",
                              "--chainid", "5", "two words", ""]
    assert start["sid"]
    assert start["env"]["XDG_RUNTIME_DIR"] == str(vault.runtime) and start["env"]["HOME"] == str(vault.home)
    assert not any(name.startswith("QREXEC_") for name in start["env"])
    # Nothing of the caller's: no input, its output is the vault's log, and no other descriptor.
    assert {fd: start["fds"][fd] for fd in "012"} == {"0": "/dev/null", "1": str(vault.log), "2": str(vault.log)}
    assert all("/proc/" in target for fd, target in start["fds"].items() if fd not in "012")
    assert SECRET in vault.log.read_text()
    assert mode_of(vault.own) == 0o700 and mode_of(vault.log) == 0o600
    assert sorted(p.name for p in vault.own.iterdir()) == ["calls", "lock", "signer.log"]
    assert ask(vault).reply() == REPLY
    assert len(signer.starts()) == 1


def test_it_waits_for_the_word_and_not_for_a_time(vault, signer):
    """Neither before the signer says so, nor long after."""
    signer(slow=1.0)
    begin = time.monotonic()
    assert ask(vault).reply() == REPLY
    assert 1.0 <= time.monotonic() - begin < 2.0


def test_the_start_outlives_the_call(vault, signer):
    signer()
    assert vault.call().send(frames.request(BODY)).result().reply() == REPLY
    pid = signer.starts()[0]["pid"]
    os.kill(pid, 0)
    assert ask(vault).reply() == REPLY


@pytest.mark.parametrize("bare", [False, True])
def test_ten_calls_start_it_once(vault, signer, bare):
    signer(slow=0.5)
    calls = [vault.call().send(BODY if bare else frames.request(BODY)) for _ in range(10)]
    for call in calls:
        answered = (call.end() if bare else call).result(30)
        assert answered.out == REPLY if bare else answered.reply() == REPLY
    assert len(signer.starts()) == 1


def test_a_signer_that_left_its_socket_behind(vault, signer):
    signer()
    vault.socket.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(vault.socket))
    assert ask(vault).reply() == REPLY


def test_it_is_started_again_after_a_crash(vault, signer):
    signer("crashes")
    assert "the signer ended before it answered" in ask(vault).failure(125)
    signer()
    assert ask(vault).reply() == REPLY
    assert len(signer.starts()) == 2
    assert (vault.own / "signer.log.old").exists()  # with the reason of the crash


def test_a_starter_that_is_killed(vault, signer):
    """The call that started the signer dies with its caller; the others get their turn, and there is no second signer."""
    signer(slow=0.7)
    first = vault.start().send(frames.request(BODY))
    until(signer.starts)
    others = [vault.start().send(frames.request(BODY)) for _ in range(3)]
    time.sleep(0.1)
    first.proc.kill()
    for call in others:
        assert call.result(30).reply() == REPLY
    assert len(signer.starts()) <= 2  # the second one found the socket of the first, and may have come before it


@pytest.mark.parametrize("runtime", ["", "relative", None])
def test_without_a_runtime_folder_it_is_the_usual_one(vault, signer, runtime):
    """/run/user/UID, which need not be there: then there is no signer either."""
    if os.path.exists(f"/run/user/{os.getuid()}/clef-qrexec"):
        pytest.skip("a signer of this user's own is there")
    signer()
    text = vault.start(XDG_RUNTIME_DIR=runtime).send(frames.request(BODY)).result()
    if not os.path.isdir(f"/run/user/{os.getuid()}"):
        assert text.failure(125) == NOT_STARTED
    assert not vault.own.exists()


# --- starts that fail ---

def failures(vault, signer, calls, seconds):
    """All calls at the same time fail alike, within the time, and say nothing of the vault."""
    begin = time.monotonic()
    running = [vault.call().send(frames.request(BODY)) for _ in range(calls)]
    for call in running:
        answered = call.result(40)
        assert answered.failure(125) == NOT_STARTED
        for word in (SECRET, "private", str(vault.home), "/", "signer.log", "status"):
            assert word not in answered.err and word.encode() not in answered.out[frames.HEAD:]
    assert time.monotonic() - begin < seconds


@pytest.mark.parametrize("mode, why", [("fails", "ended with status 3"), ("killed", "killed by signal 9"), ("elsewhere", "nobody listens")])
def test_a_start_that_fails(vault, signer, mode, why):
    signer(mode)
    failures(vault, signer, 10, 10)
    assert why in vault.log.read_text() and SECRET in vault.log.read_text()
    assert len(signer.starts()) == 1
    answered = vault.start().send(BODY).end().result()
    assert answered.failure(125, bare=True) == NOT_STARTED


def test_a_start_that_failed_is_tried_again_after_a_moment(vault, signer):
    signer("fails")
    assert ask(vault).failure(125) == NOT_STARTED
    signer()
    assert ask(vault).failure(125) == NOT_STARTED
    time.sleep(2.1)
    assert ask(vault).reply() == REPLY


@pytest.mark.parametrize("mode", ["silent", "stubborn"])
def test_a_signer_that_never_serves_is_ended(vault, signer, mode):
    signer(mode)
    signer.configure("start-timeout = 1", "ui-command =")
    failures(vault, signer, 10, 8)
    start, = signer.starts()
    until(lambda: not os.path.exists(f"/proc/{start['pid']}"), what="the signer to end")
    assert "did not serve within 1 seconds" in vault.log.read_text()


@pytest.mark.parametrize("lines, why", [
    (["signer = /nonexistent/clef"], "cannot start /nonexistent/clef"),
    (["signer = clef"], "expected an absolute path"),
    (["signer-options = --keystore '/home/user/very-private/keystore"], "does not end"),
    (["start-timeout = soon"], "line 1: start-timeout: expected seconds"),
    (["start-timeout = 0"], "expected seconds"),
    (["start-timeout = 121"], "expected seconds"),
    (["start-timeout = 1", "start-timeout = 2"], "line 2: start-timeout: stands twice"),
    (["singer = /usr/bin/clef"], "line 1: singer: no such setting"),
    (["[signer]", "signer = /usr/bin/clef"], "no sections"),
    (["just words"], "expected \"key = value\""),
    (["signer-options = " + "x" * 300], "longer than"),
])
def test_settings_that_are_wrong(vault, lines, why):
    vault.configure(*lines)
    assert ask(vault).failure(125) == NOT_STARTED
    assert why in vault.log.read_text() and str(vault.config) in vault.log.read_text() or why.startswith("cannot start")


def test_settings_that_cannot_be_read(vault):
    vault.config.unlink()
    vault.config.mkdir()
    assert ask(vault).failure(125) == NOT_STARTED
    assert str(vault.config) in vault.log.read_text()


def test_no_runtime_folder(vault, signer):
    signer()
    assert vault.start(XDG_RUNTIME_DIR="/nonexistent").send(frames.request(BODY)).result().failure(125) == NOT_STARTED
    assert vault.start(XDG_RUNTIME_DIR="/" + "x" * 200).send(BODY).end().result().failure(125, bare=True) == NOT_STARTED


def test_a_folder_of_ours_that_others_may_enter(vault, signer):
    signer()
    vault.own.mkdir()
    vault.own.chmod(0o755)
    assert ask(vault).failure(125) == NOT_STARTED
    vault.own.rmdir()
    vault.own.symlink_to(vault.home)
    assert ask(vault).failure(125) == NOT_STARTED
    assert signer.starts() == []


def test_callers_that_go_away_while_it_starts(vault, signer):
    """They wait for nothing more: the signer is started all the same, and serves the next."""
    signer(slow=0.5)
    calls = [vault.call().send(frames.request(BODY)) for _ in range(5)]
    until(signer.starts)
    for call in calls:
        call.proc.kill()
        call.proc.wait()
    until(lambda: not vault.services(), what="the services to end")
    assert ask(vault).reply() == REPLY
    assert len(signer.starts()) == 1


# --- the user interface ---

def test_the_ui_is_started_when_nobody_is_attached(vault, signer):
    signer(ui=0)
    note = vault.program("ui", '#!/bin/sh\nfor w in "$@"; do printf "[%s]" "$w"; done >> "$HOME/ui"; echo >> "$HOME/ui"\nls -l /proc/$$/fd > "$HOME/ui.fds"\nenv > "$HOME/ui.env"; grep SigIgn /proc/$$/status >> "$HOME/ui.env"\nsleep 600 & echo $! > "$HOME/ui.pid"\nwait\n')
    signer.configure(f"ui-command = {note} -T 'Clef of the vault' -e clef attach %s --socket=%s", "wait-for-ui = 7")
    assert ask(vault, DISPLAY=":7").reply() == REPLY  # not held up by it
    shown = vault.home / "ui"
    assert until(lambda: shown.exists() and shown.read_text()) == f"[-T][Clef of the vault][-e][clef][attach][{vault.ui_socket}][--socket={vault.ui_socket}]\n"
    env = until(lambda: (vault.home / "ui.pid").exists() and (vault.home / "ui.env").read_text()).splitlines()
    assert "DISPLAY=:7" in env and f"XDG_RUNTIME_DIR={vault.runtime}" in env
    assert not any(line.startswith("QREXEC_") for line in env)
    assert int(env[-1].removeprefix("SigIgn:"), 16) >> signal.SIGPIPE - 1 & 1 == 0
    assert "pipe:" not in (vault.home / "ui.fds").read_text()
    assert signer.starts()[0]["words"][6] == "7s"
    # It is about to attach: no second window for the next calls.
    for call in [vault.start().send(frames.request(BODY)) for _ in range(10)]:
        assert call.result().reply() == REPLY
    assert shown.read_text().count("\n") == 1


def test_no_ui_is_started_when_somebody_is_attached(vault, signer):
    signer(ui=1)
    signer.configure(f"ui-command = /bin/sh -c 'echo x >> {vault.home}/ui'")
    assert ask(vault).reply() == REPLY
    time.sleep(0.2)
    assert not (vault.home / "ui").exists()


def test_ten_calls_start_one_ui(vault, signer):
    signer(ui=0, slow=0.3)
    signer.configure(f"ui-command = /bin/sh -c 'echo x >> {vault.home}/ui'")
    for call in [vault.start().send(frames.request(BODY)) for _ in range(10)]:
        assert call.result(30).reply() == REPLY
    time.sleep(0.2)
    assert (vault.home / "ui").read_text() == "x\n"


@pytest.mark.parametrize("command", ["/nonexistent/terminal %s", "/bin/false", ""])
def test_a_ui_that_does_not_start_is_no_reason_to_give_up(vault, signer, command):
    """Somebody may attach by hand; the signer waits for it, and says so when nobody does."""
    signer(ui=0)
    signer.configure(f"ui-command = {command}")
    assert ask(vault).reply() == REPLY
    if "nonexistent" in command:
        until(lambda: "cannot start the user interface /nonexistent/terminal" in vault.log.read_text())


# --- by systemd ---

UNIT = '"$HOME/bin/signer" --qrexec-socket "$XDG_RUNTIME_DIR/clef-qrexec/qrexec.sock" > /dev/null 2>&1 < /dev/null &\nfor i in $(seq 100); do [ -S "$XDG_RUNTIME_DIR/clef-qrexec/qrexec.sock" ] && break; sleep 0.05; done\n'


def test_the_users_systemd_starts_it(vault, signer, manager):
    signer()
    manager(UNIT)
    for call in [vault.call().send(frames.request(BODY)) for _ in range(10)]:
        assert call.result(30).reply() == REPLY
    assert manager.calls() == [f"{vault.runtime} --user --quiet --no-ask-password start clef-qubes.service"]
    assert len(signer.starts()) == 1 and "NOTIFY_SOCKET" not in signer.starts()[0]["env"]


def test_the_users_systemd_starts_the_ui(vault, signer, manager):
    signer(ui=0)
    manager('case "$*" in *clef-qubes-ui*) exit 0;; esac\n' + UNIT)
    assert ask(vault).reply() == REPLY
    assert ask(vault).reply() == REPLY
    until(lambda: not vault.services())
    assert manager.calls()[1:] == [f"{vault.runtime} --user --quiet --no-ask-password start --no-block clef-qubes-ui.service"]


def test_a_systemd_without_the_units(vault, signer, manager):
    """systemctl says so with status 5; then it goes directly."""
    signer(ui=0)
    signer.configure(f"ui-command = /bin/sh -c 'echo x >> {vault.home}/ui'")
    manager('echo "Failed to start clef-qubes.service: Unit clef-qubes.service not found." >&2; exit 5')
    assert ask(vault).reply() == REPLY
    until((vault.home / "ui").exists)
    assert len(manager.calls()) == 2 and len(signer.starts()) == 1
    until((vault.home / "ui").exists)


def test_a_unit_that_fails(vault, signer, manager):
    """That is for its user to see to: nothing is started past it."""
    signer()
    manager(f'echo "Job for clef-qubes.service failed, see {SECRET}" >&2; exit 1')
    failures(vault, signer, 10, 8)
    assert "systemctl --user start clef-qubes.service failed (status 1)" in vault.log.read_text() and SECRET in vault.log.read_text()
    assert len(manager.calls()) == 1 and signer.starts() == []


def test_a_systemd_that_hangs(vault, signer, manager):
    signer()
    signer.configure("start-timeout = 1")
    manager(f"echo $$ > {vault.home}/systemctl.pid; exec sleep 600")
    failures(vault, signer, 3, 8)
    assert signer.starts() == []
    assert not os.path.exists("/proc/" + (vault.home / "systemctl.pid").read_text().strip())


def test_a_unit_that_listens_elsewhere(vault, signer, manager):
    signer()
    manager("exit 0")
    failures(vault, signer, 3, 8)
    assert "nobody listens on" in vault.log.read_text()


# --- the program that the units start ---

def run(vault, *words):
    path = vault.service.replace("qubes.Clefsign", "clef-qubes-run")
    proc = subprocess.run([path, *words], env=vault.env, capture_output=True, text=True, timeout=20)
    return proc.returncode, proc.stdout, proc.stderr


def test_the_units_use_the_same_settings(vault):
    echo = vault.program("echo", '#!/bin/sh\nfor w in "$@"; do printf "[%s]" "$w"; done\n')
    vault.configure(f"signer = {echo}", "signer-options = --chainid 5", "signer-options = 'a b'", "wait-for-ui = 9", "ui-command = echo -e %s")
    assert run(vault, "signer") == (0, f"[--ipcdisable][--qrexec-socket][{vault.socket}][--ui-socket][{vault.ui_socket}][--wait-for-ui][9s][--chainid][5][a b]", "")
    assert run(vault, "ui") == (0, f"[-e][{vault.ui_socket}]", "")
    vault.configure("ui-command =")
    assert run(vault, "ui") == (0, "", "")


@pytest.mark.parametrize("terminal, words", [("x-terminal-emulator", "[-T][Clef][-e]"), ("gnome-terminal", "[--wait][--title=Clef][--]"),
                                             ("xfce4-terminal", "[--disable-server][-T][Clef][-x]"), ("konsole", "[-e]"), ("xterm", "[-T][Clef][-e]")])
def test_without_a_command_the_terminal_that_is_there(vault, terminal, words):
    """Fedora has no x-terminal-emulator."""
    vault.program(terminal, '#!/bin/sh\nfor w in "$@"; do printf "[%s]" "$w"; done\n')
    vault.env["PATH"] = f"/nonexistent:{vault.bin}"
    vault.configure("signer = /opt/clef")
    assert run(vault, "ui") == (0, f"{words}[/opt/clef][attach][{vault.ui_socket}]", "")


def test_no_terminal_at_all(vault):
    vault.env["PATH"] = str(vault.bin)
    vault.configure("")
    status, _, err = run(vault, "ui")
    assert status == 1 and "cannot start x-terminal-emulator" in err


def test_the_units_say_what_is_wrong(vault):
    vault.configure("signer = /nonexistent/clef")
    assert run(vault, "signer")[0] == 1 and "cannot start /nonexistent/clef" in run(vault, "signer")[2]
    vault.configure("nonsense = 1")
    assert run(vault, "ui")[0] == 1 and "no such setting" in run(vault, "ui")[2]
    assert [run(vault, *words)[0] for words in ([], ["x"], ["signer", "x"])] == [2, 2, 2]
