"""Commands as a person types them for the first time: what goes wrong is said in a line, and nothing is taken for something else."""
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

KEY = "46" * 32
ADDRESS = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"


@pytest.fixture
def run(clef, tmp_path):
    def go(*args, stdin="", become=(), **more):
        if isinstance(stdin, str):
            more["input"] = stdin
        else:
            more["stdin"] = stdin
        more.setdefault("stdout", subprocess.PIPE)
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
        return subprocess.run([*become, clef, *map(str, args)], stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=env, timeout=60, **more)
    return go


@pytest.fixture
def nobody(tmp_path):
    """Acts as a user for whom modes count, and who owns the folder of the test."""
    if os.getuid() != 0:
        return []
    for folder in [tmp_path, *tmp_path.parents][:4]:
        if "pytest" in str(folder):
            folder.chmod(0o755)
    os.chown(tmp_path, 65534, 65534)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def prompt_and_type(clef, home, args, *typed):
    """Exit status and screen after typing these, or sending these signals, one at each prompt."""
    typed = list(typed)
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execve(clef, [clef, *args], {"HOME": str(home), "TERM": "xterm"})
    shown, end, answered = "", time.monotonic() + 20, 0
    while time.monotonic() < end:
        if select.select([master], [], [], 0.2)[0]:
            try:
                shown += os.read(master, 65536).decode()
            except OSError:
                break
        elif typed and shown.endswith("> ") and shown.count("\n> ") > answered:
            answered = shown.count("\n> ")
            if isinstance(typed[0], bytes):
                os.write(master, typed.pop(0))
            else:
                os.kill(pid, typed.pop(0))
    os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.replace("\r", "")


def test_ctrl_c_at_the_password_of_an_import(clef, tmp_path):
    (tmp_path / "key").write_text(KEY)
    code, shown = prompt_and_type(clef, tmp_path, ["--suppress-bootwarn", "importraw", "key", "--keystore", "ks"], b"\x03")
    assert code == 130 and shown.count("> ") == 1 and "interrupted" in shown
    assert not (tmp_path / "ks").exists()


def test_a_signal_ends_newaccount_as_shells_expect(clef, tmp_path):
    code, shown = prompt_and_type(clef, tmp_path, ["--suppress-bootwarn", "newaccount", "--keystore", "ks"], signal.SIGINT)
    assert code == 130 and "interrupted" in shown
    assert not (tmp_path / "ks").exists()


def test_ctrl_c_at_newaccount_says_how_to_leave(clef, tmp_path):
    """Clef asks thrice, as recorded."""
    code, shown = prompt_and_type(clef, tmp_path, ["--suppress-bootwarn", "newaccount", "--keystore", "ks"], b"\x03", b"\x03", b"\x03")
    assert "To leave, press Ctrl-C for each attempt that is left (2)" in shown
    assert code == 1 and "interrupted at the password prompt: no account was made" in shown


@pytest.mark.parametrize("command", [["newaccount"], ["importraw", "key"]])
def test_a_pipe_that_ends_is_asked_once(run, tmp_path, command):
    (tmp_path / "key").write_text(KEY)
    done = run("--suppress-bootwarn", "--keystore", "ks", *command)
    assert done.returncode == 1 and done.stdout.count("attempt") <= 1
    assert done.stderr == "the input ended where a password was expected\n"


def test_a_second_password_of_a_pipe_is_tried(run):
    done = run("--suppress-bootwarn", "--lightkdf", "--keystore", "ks", "newaccount", stdin="short\nlongenough1\n")
    assert done.returncode == 0 and "Generated account" in done.stdout


def test_a_keystore_that_is_not_there(run):
    for command in "list-accounts", "list-wallets":
        done = run("--suppress-bootwarn", "--keystore", "nowhere", command)
        assert done.returncode == 0 and re.search(r"the keystore /\S*/nowhere does not exist", done.stderr)


@pytest.mark.parametrize("command", ["list-accounts", "list-wallets"])
def test_a_keystore_that_cannot_be_reached(run, nobody, tmp_path, command):
    (tmp_path / "closed" / "keystore").mkdir(parents=True)
    (tmp_path / "closed").chmod(0)
    if nobody:
        os.chown(tmp_path / "closed", 65534, 65534)
    done = run("--suppress-bootwarn", "--keystore", "closed/keystore", command, become=nobody)
    (tmp_path / "closed").chmod(0o700)
    assert done.returncode == 1 and "closed/keystore cannot be read: Permission denied" in done.stderr and done.stdout == ""


def test_a_keystore_of_unreadable_files_is_not_called_empty(run, nobody, tmp_path):
    (tmp_path / "ks").mkdir()
    for name in "UTC--a", "UTC--b":
        (tmp_path / "ks" / name).write_text("{}")
        (tmp_path / "ks" / name).chmod(0)
    for path in (tmp_path / "ks", *(tmp_path / "ks").iterdir()) if nobody else ():
        os.chown(path, 65534, 65534)
    done = run("--suppress-bootwarn", "--keystore", "ks", "list-accounts", become=nobody)
    assert "empty" not in done.stdout and "2 of the keystore's files cannot be read" in done.stdout


def test_the_socket_is_not_taken_for_its_folder(run, tmp_path):
    done = run("--suppress-bootwarn", "--ipcpath", "~/.clef/clef.ipc")
    assert done.returncode == 1 and f"here {tmp_path}/.clef" in done.stderr
    assert not (tmp_path / ".clef").exists()


def test_a_wrong_flag_is_an_error_of_two_lines(run):
    done = run("--chain-id", "5")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "flag provided but not defined: -chain-id: did you mean --chainid?\nSee 'clef --help'.\n"


def test_importraw_takes_flags_behind_the_file_and_reminds_of_it(run, tmp_path):
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "pw").write_text("longenough1\n")
    (tmp_path / "pw").chmod(0o600)
    done = run("--suppress-bootwarn", "importraw", "key", "--password-file", "pw", "--lightkdf", "--keystore", "ks")
    assert done.returncode == 0 and ADDRESS in done.stdout
    assert done.stderr.startswith("key still holds the key without a password")
    assert (tmp_path / "key").exists()


def test_an_account_whose_name_cannot_be_printed_is_named_all_the_same(run, tmp_path):
    with open("/dev/full", "w") as full:
        done = run("--suppress-bootwarn", "--lightkdf", "--keystore", "ks", "newaccount", "--password-file", "/dev/stdin", stdin="longenough1\n", stdout=full)
    (name,) = os.listdir(tmp_path / "ks")
    assert done.returncode == 1 and name in done.stderr and "No space left" in done.stderr


def test_password_files(run, tmp_path):
    (tmp_path / "pw").write_text("")
    done = run("--suppress-bootwarn", "--keystore", "ks", "newaccount", "--password-file", "pw")
    assert done.returncode == 1 and "the file is empty" in done.stderr
    (tmp_path / "pw").write_text("longenough1\n")
    for mode, warning in (0o600, None), (0o640, "by its group"), (0o604, "by every user"):
        (tmp_path / "pw").chmod(mode)
        done = run("--suppress-bootwarn", "--lightkdf", "--keystore", "ks", "newaccount", "--password-file", "pw")
        assert done.returncode == 0 and (warning in done.stderr if warning else done.stderr == "")


def test_an_acknowledgement_that_a_script_forgot(run, tmp_path):
    done = run("--keystore", "ks", "newaccount", stdin="longenough1\n")
    assert done.returncode == 1 and "the first line of standard input is not 'ok'" in done.stderr and "longenough1" not in done.stdout + done.stderr
    done = run("--keystore", "ks", "newaccount")
    assert done.returncode == 1 and "ended where 'ok' was expected" in done.stderr


def test_an_audit_log_that_cannot_be_made(run, tmp_path):
    done = run("--suppress-bootwarn", "--auditlog", tmp_path / "none" / "a.log")
    assert done.returncode == 1 and f"in the folder {tmp_path}/none: No such file" in done.stderr and "--auditlog" in done.stderr


@pytest.mark.parametrize("args, warning", [
    (["--http", "--http.addr", "0.0.0.0"], "--http.addr 0.0.0.0 is more than this machine"),
    (["--http", "--http.vhosts", "a,*"], "--http.vhosts '*'"),
    (["--ipcdisable"], "nothing can ask this signer"),
    (["--ipcdisable", "--qrexec-socket", "qrexec/s"], None),
    (["--http"], None),
])
def test_warnings_at_the_start(clef, tmp_path, args, warning):
    signer = subprocess.Popen([clef, "--suppress-bootwarn", "--stdio-ui", "--http.port", "0", "--keystore", "ks", "--configdir", "c", *args], cwd=tmp_path,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "ui_onSignerStartup" in signer.stdout.readline()
    signer.terminate()
    _, told = signer.communicate(timeout=20)
    assert (warning in told) if warning else ("WARN" not in told)
