"""The units of systemd: systemd itself reads them, in a scratch folder with the packages' files; what makes them safe is in them."""
import re
import shutil
import subprocess

import pytest

from package_files import ROOT, run

UNITS = ROOT / "packaging/systemd"
CLIENT = (UNITS / "system/clef-client.service").read_text()
SOCKET = (UNITS / "system/clef-client.socket").read_text()


@pytest.fixture
def machine_root(debs, tmp_path):
    """The packages' files, a shell's worth of what units of a real machine pull in, and the accounts of a qube."""
    root = tmp_path / "root"
    for deb in debs.values():
        run(["dpkg-deb", "-x", deb, root])
    if (root / "lib").exists():
        shutil.copytree(root / "lib", root / "usr/lib", dirs_exist_ok=True)
        shutil.rmtree(root / "lib")
    (root / "lib").symlink_to("usr/lib")
    folder = root / "usr/lib/systemd/system"
    for name in ("sysinit.target", "basic.target", "default.target", "shutdown.target", "sockets.target", "multi-user.target", "-.slice", "system.slice", "-.mount", "tmp.mount"):
        mount = {"tmp.mount": "[Mount]\nWhat=none\nWhere=/tmp\n", "-.mount": "[Mount]\nWhat=none\nWhere=/\n"}.get(name, "")
        (folder / name).write_text("[Unit]\nDefaultDependencies=no\n" + mount)
    for unit in (root / "usr/lib/systemd/user").iterdir():  # systemd does not look at another machine's units of users: as the system's it reads the same lines
        shutil.copy(unit, folder)
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nuser:x:1000:\nqubes:x:98:user\n")
    return root


def verify(root, units):
    done = subprocess.run(["systemd-analyze", f"--root={root}", "--man=no", "--recursive-errors=no", "verify", *(str(root / "usr/lib/systemd/system" / u) for u in units)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


@pytest.mark.parametrize("units", [["clef-client.socket", "clef-client.service"], ["clef.service"], ["clef-proxy.service"], ["clef-qubes.service"], ["clef-qubes-ui.service"]])
def test_systemd_understands_the_units(machine_root, units):
    status, said = verify(machine_root, units)
    assert status == 0 and "clef" not in said, said
    broken = machine_root / "usr/lib/systemd/system" / units[-1]  # and it does say so when something is wrong
    broken.write_text(broken.read_text().replace("LimitCORE=", "LimitKORE="))
    assert "LimitKORE" in verify(machine_root, units)[1]
    broken.write_text(broken.read_text().replace("ExecStart=/usr/", "ExecStart=/nowhere/"))
    assert verify(machine_root, units)[0] != 0


def test_client_is_off_until_dom0_turns_it_on():
    for text in (CLIENT, SOCKET):
        assert "ConditionPathExists=/run/qubes-service/clef-client\n" in text
    assert (UNITS / "75-clef-client.preset").read_text().splitlines()[-1] == "enable clef-client.socket"


def test_client_listens_on_this_machine_only():
    listens = re.findall(r"^ListenStream=(.*)$", SOCKET, re.M)
    assert listens == ["127.0.0.1:8550", "/run/clef-client/clef.ipc"] and "BindToDevice=lo\n" in SOCKET
    assert "SocketUser=user\nSocketMode=0600\n" in SOCKET and "Accept=" not in SOCKET  # one process for all callers


def test_client_may_do_little():
    for line in ("User=user", "SupplementaryGroups=qubes", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes", "DevicePolicy=closed",
                 "MemoryDenyWriteExecute=yes", "LimitCORE=0"):
        assert f"\n{line}\n" in CLIENT, line
    allowed = re.search(r"^SystemCallFilter=(.*)$", CLIENT, re.M)[1].split()
    assert {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(allowed), "clef-proxy could not confine itself, and would not start"
    assert {re.match(r"/dev/xen/\w+ rw$", d) is not None for d in re.findall(r"^DeviceAllow=(.*)$", CLIENT, re.M)} == {True}


def test_security_as_systemd_judges_it(machine_root):
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", f"--root={machine_root}", "--no-pager", "clef-client.service"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    exposure = re.search(r"Overall exposure level for clef-client\.service: ([0-9.]+)", done.stdout)
    assert exposure, done.stdout + done.stderr
    assert float(exposure[1]) < 3.0, done.stdout


def test_vaults_sockets_are_in_folders_of_the_user_alone():
    text = (UNITS / "user/clef-qubes.service").read_text()
    for line in ("Type=notify", "UMask=0077", "LimitCORE=0"):
        assert f"\n{line}\n" in text, line
    assert "[Install]" not in text and "[Install]" not in (UNITS / "user/clef-qubes-ui.service").read_text()  # a call starts them, no login
