"""qubes.Clefsign with a real user manager of systemd and the units of the packages. Needs root, a systemd on this machine (it need not run) and namespaces: without
them there is nothing to see, and test_service_start.py has a stand-in for systemctl."""
import os
import pathlib
import shutil
import subprocess

import pytest

UNITS = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "systemd" / "user"
SYSTEMD = pathlib.Path("/lib/systemd/systemd")
NO_MANAGER = 77

# A machine of its own as far as systemd looks: /run, process ids and, where the old kind is there, a control group.
MACHINE = r"""
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/user/0 && chmod 700 /run/user/0 || exit 77
[ ! -d /sys/fs/cgroup/systemd ] || { mkdir "$GROUP" && echo 0 > "$GROUP/cgroup.procs"; } || exit 77
export XDG_RUNTIME_DIR=/run/user/0
/lib/systemd/systemd --user > "$HOME/systemd.log" 2>&1 &
for i in $(seq 50); do [ -S /run/user/0/systemd/private ] && break; sleep 0.1; done
systemctl --user set-environment "CLEF_QUBES_CONFIG=$CLEF_QUBES_CONFIG" || exit 77
call() { printf '{"jsonrpc":"2.0","id":%s,"method":"account_version","params":[]}' "$1" | env -u XDG_RUNTIME_DIR "$SERVICE" 2>> "$HOME/errors"; echo " status $?"; }
main() { systemctl --user show -p MainPID --value clef-qubes; }
"""


@pytest.fixture
def machine(vault, clef):
    """machine(script) runs a shell script in it and returns what that printed."""
    if os.getuid() != 0 or not SYSTEMD.exists() or not shutil.which("unshare"):
        pytest.skip("no root, or no systemd, or no unshare here")
    units = vault.home / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    for name in ("clef-qubes.service", "clef-qubes-ui.service"):
        text = (UNITS / name).read_text()
        assert "ExecStart=/usr/libexec/clef/clef-qubes-run " in text
        (units / name).write_text(text.replace("/usr/libexec/clef", str(pathlib.Path(vault.service).parent)))
    vault.configure(f"signer = {clef}", "signer-options = --lightkdf --suppress-bootwarn --ipcdisable --auditlog ''",
                    f"signer-options = --configdir {vault.home}/c --keystore {vault.home}/k",
                    f"ui-command = sh -c 'echo shown at $0 >> {vault.home}/ui; exec sleep 100' %s", "wait-for-ui = 1")
    group = f"/sys/fs/cgroup/systemd/clef-test-{os.getpid()}"
    env = vault.env | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SERVICE": vault.service, "GROUP": group, "QREXEC_REMOTE_DOMAIN": "work"}

    def run(script):
        proc = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", MACHINE + script + "\nexit 0"],
                              env=env, capture_output=True, text=True, timeout=60)
        if proc.returncode != 0:
            pytest.skip(f"no user manager comes up here: {proc.stderr}")
        return proc.stdout.splitlines()

    yield run
    if os.path.isdir(group):
        subprocess.run(["find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"], capture_output=True, timeout=20)


def test_ten_calls_start_the_unit_once(vault, machine):
    out = machine('for i in 1 2 3 4 5 6 7 8 9 10; do call $i & calls="$calls $!"; done; wait $calls\n'
                  'sleep 0.3; echo "main $(main)"; call 11; echo "main $(main)"; systemctl --user is-active clef-qubes-ui; ps -A -o args= | grep -c -- "^[^ ]*clef --ipcdisable --qrexec"\n')
    text = "\n".join(out)
    assert text.count(' status 0') == 11 and text.count('"result":"6.1.0"') == 11, text
    assert len({line for line in out if line.startswith("main ")}) == 1  # the notification named the right process
    assert out[-2:] == ["active", "1"]
    assert (vault.home / "ui").read_text() == "shown at /run/user/0/clef-ui/ui.sock\n"
    assert not (vault.home / "errors").read_text()


def test_the_unit_is_started_again(vault, machine):
    out = machine('call 1; first=$(main); kill -9 $first; sleep 0.3; call 2; [ "$first" != "$(main)" ] && echo another\n'
                  "systemctl --user stop clef-qubes; ls /run/user/0; call 3\n")
    assert out.count("another") == 1 and sum(line.endswith(" status 0") for line in out) == 3, out
    assert "clef-qrexec" in out and "clef-ui" in out  # they are the signer's own


def test_a_start_that_fails_takes_nobodys_socket(vault, machine):
    """A person's own signer, started otherwise, holds what this one would need."""
    vault.configure("signer = /bin/false")
    out = machine("mkdir -m 700 /run/user/0/clef-ui && touch /run/user/0/clef-ui/ui.sock\ncall 1; ls /run/user/0/clef-ui\n")
    assert out[-2:] == [" status 125", "ui.sock"], out


def test_a_unit_that_fails(vault, machine):
    vault.configure("signer = /nonexistent/clef")
    out = machine("call 1; call 2; cat /run/user/0/clef-qubes/signer.log\n")
    assert sum(line.endswith(" status 125") for line in out) == 2, out
    assert "systemctl --user start clef-qubes.service failed (status 1)" in out[-1]
    assert "/" not in (vault.home / "errors").read_text()
