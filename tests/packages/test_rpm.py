"""The RPM packages: what is in them, with which rights, what is kept on upgrades, and what installing and removing them does."""
import os
import re
import stat
import subprocess

import pytest

from package_files import RPMS, ROOT, run, tree

FILES = {
    "clef": {"/etc/clef/proxy.conf", "/usr/bin/clef", "/usr/bin/clef-proxy", "/usr/lib/systemd/user/clef.service", "/usr/lib/systemd/user/clef-proxy.service",
             "/usr/share/man/man1/clef.1", "/usr/share/man/man1/clef-proxy.1", "/usr/share/man/man5/clients.conf.5"},
    "clef-qubes-vault": {"/etc/clef/qubes-vault.conf", "/etc/qubes-rpc/qubes.Clefsign", "/etc/qubes/rpc-config/qubes.Clefsign", "/usr/lib/systemd/user/clef-qubes.service",
                         "/usr/lib/systemd/user/clef-qubes-ui.service", "/usr/libexec/clef/qubes.Clefsign", "/usr/libexec/clef/clef-qubes-run",
                         "/usr/share/man/man8/qubes.Clefsign.8"},
    "clef-qubes-client": {"/etc/qubes/post-install.d/30-clef-client.sh", "/usr/lib/systemd/system/clef-client.socket", "/usr/lib/systemd/system/clef-client.service",
                          "/usr/lib/systemd/system-preset/75-clef-client.preset"},
    "clef-qubes-dom0": {"/etc/qubes/policy.d/30-user-clef.policy", "/usr/bin/clef-policy-check", "/usr/share/man/man1/clef-policy-check.1"},
}
KEPT = {"clef": {"/etc/clef/proxy.conf"}, "clef-qubes-vault": {"/etc/clef/qubes-vault.conf", "/etc/qubes/rpc-config/qubes.Clefsign"}, "clef-qubes-client": set(),
        "clef-qubes-dom0": {"/etc/qubes/policy.d/30-user-clef.policy"}}
CONFIG, NOREPLACE = 1, 16
POLICY = "/etc/qubes/policy.d/30-user-clef.policy"


def content(rpm):
    """{path: (mode, owner:group, flags)} of what is no folder, without the links that rpm makes for debuggers."""
    rows = [line.split("|") for line in run(["rpm", "-qp", "--qf", "[%{FILENAMES}|%{FILEMODES}|%{FILEUSERNAME}:%{FILEGROUPNAME}|%{FILEFLAGS}\n]", rpm]).splitlines() if "|" in line]
    return {re.sub(r"(/man\d/.*)\.(gz|zst|xz|bz2)$", r"\1", path): (int(mode) & 0xFFFF, owner, int(flags)) for path, mode, owner, flags in rows
            if not stat.S_ISDIR(int(mode) & 0xFFFF) and "/.build-id/" not in path}


@pytest.mark.parametrize("name", RPMS)
def test_content(rpms, name):
    files = content(rpms[name])
    documents = {path for path in files if re.match(rf"/usr/share/(doc|licenses)/{name}[-/]", path)}
    assert set(files) - documents == FILES[name]
    assert any(path.endswith("/LICENSE") for path in documents)
    assert {path for path, (_, _, flags) in files.items() if flags & CONFIG} == KEPT[name]
    assert all(flags & NOREPLACE for _, _, flags in files.values() if flags & CONFIG)
    for path, (mode, owner, _) in files.items():
        if path == POLICY:
            assert (stat.S_IMODE(mode), owner) == (0o664, "root:qubes")
        elif stat.S_ISLNK(mode):
            assert path == "/etc/qubes-rpc/qubes.Clefsign"
        else:
            runs = re.search(r"/bin/|/libexec/|\.sh$|\.py$", path)
            assert (stat.S_IMODE(mode), owner) == (0o755 if runs else 0o644, "root:root"), path


def test_same_files_as_in_debian(debs, rpms):
    """Whoever changes one list changes the other."""
    for name, deb in debs.items():
        rows = [line.split(None, 5) for line in run(["dpkg-deb", "-c", deb]).splitlines()]
        there = {re.sub(r"^/lib/", "/usr/lib/", re.sub(r"\.gz$", "", row[5].split(" -> ")[0][1:])) for row in rows if not row[0].startswith("d") and "/share/doc/" not in row[5]}
        assert there == FILES[name]


def query(rpm, what):
    return run(["rpm", "-qp", "--qf", what, rpm]).splitlines()[-1]


def test_what_needs_what(rpms):
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text())[1]
    assert all(query(rpm, "%{VERSION}") == version for rpm in rpms.values())
    assert {name for name, rpm in rpms.items() if query(rpm, "%{ARCH}") == "noarch"} == {"clef-qubes-client", "clef-qubes-dom0"}
    needs = {name: run(["rpm", "-qp", "--requires", rpm]) for name, rpm in rpms.items()}
    assert "openssl-libs >= 3.0" in needs["clef"] and "libsodium.so" in needs["clef"] and "qubes" not in needs["clef"]
    assert re.search(rf"^clef\S* = {version}", needs["clef-qubes-vault"], re.M) and re.search(rf"^clef = {version}", needs["clef-qubes-client"], re.M)
    assert "python3" in needs["clef-qubes-dom0"] and not re.search(r"^clef(\s|-qubes-[vc])", needs["clef-qubes-dom0"], re.M)


def test_those_that_want_debians_libraries_say_so(rpms):
    """Built on Debian they are for checking; dom0's is the same everywhere."""
    if os.path.exists("/etc/debian_version"):
        assert {name for name, rpm in rpms.items() if ".debian." in rpm.name} == set(RPMS) - {"clef-qubes-dom0"}


def test_scripts(rpms, tmp_path):
    """Only the client has some. They are sh, and speak to systemd about the client's units and nothing else."""
    for name, rpm in rpms.items():
        assert bool(run(["rpm", "-qp", "--scripts", rpm]).strip()) == (name == "clef-qubes-client")
    tags = {"post": "%{POSTIN}", "preun": "%{PREUN}", "postun": "%{POSTUN}"}
    (tmp_path / "systemctl").write_text(f'#!/bin/sh\necho "$*" >>"{tmp_path}/said"\nexit 1\n')
    (tmp_path / "systemctl").chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    expected = {("post", 1): "--no-reload preset clef-client.socket", ("post", 2): "", ("preun", 0): "--no-reload disable --now clef-client.socket clef-client.service",
                ("preun", 1): "", ("postun", 1): "try-restart clef-client.service", ("postun", 0): ""}
    for (tag, count), said in expected.items():
        script = tmp_path / tag
        script.write_text("#!/bin/sh\n" + run(["rpm", "-qp", "--qf", tags[tag], rpms["clef-qubes-client"]]).split("\nwarning:")[0] + "\n")
        run(["shellcheck", script])
        (tmp_path / "said").write_text("")
        run(["sh", script, count], env=env)  # systemctl fails here, the package does not
        assert (tmp_path / "said").read_text().strip() == said, (tag, count)
        run(["/bin/sh", script, count], env={"PATH": "/nonexistent"})  # no systemctl at all


@pytest.fixture
def fedora(tmp_path):
    """A scratch folder with rpm's own records in it; rpm changes its root there, which only root may."""
    if os.geteuid() != 0:
        pytest.skip("rpm --root is for root only")
    root = tmp_path / "root"
    for folder in ("etc", "home/user/.ethereum/keystore", "var/lib/rpm"):
        (root / folder).mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nqubes:x:98:\n")
    (root / "home/user/.ethereum/keystore/UTC--key").write_text("{}")
    always = ["rpm", f"--root={root}", "--dbpath=/var/lib/rpm", "--nodeps", "--noscripts"] + ["--force-debian"] * ("--force-debian" in run(["rpm", "--help"]))

    def rpm(*words):
        done = subprocess.run(always + [str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if "Operation not permitted" in done.stderr and "chroot" in done.stderr:
            pytest.skip("this machine does not let root change its root")
        assert done.returncode == 0, done.stderr
        return done.stdout

    rpm.root = root
    return rpm


def files(root):
    return {path: what for path, what in tree(root).items() if what != "/" and not path.startswith("/var/lib/rpm")}


def test_install_and_remove(fedora, rpms):
    before = files(fedora.root)
    fedora("-i", *rpms.values())
    installed = files(fedora.root)
    assert {re.sub(r"(/man\d/.*)\.(gz|zst|xz|bz2)$", r"\1", p) for p in installed if "/share/doc/" not in p and "/licenses/" not in p and "/.build-id/" not in p} - set(before) == set().union(*FILES.values())
    policy = fedora.root / POLICY[1:]
    assert stat.S_IMODE(policy.stat().st_mode) == 0o664 and policy.stat().st_uid == 0
    (fedora.root / "etc/clef/qubes-vault.conf").write_text("start-timeout = 60\n")
    policy.write_text(policy.read_text().replace("target=vault", "target=eth"))
    fedora("-U", "--force", *rpms.values())
    assert "target=eth" in policy.read_text() and (fedora.root / "etc/clef/qubes-vault.conf").read_text() == "start-timeout = 60\n"
    fedora("-e", *[n for n in RPMS])
    left = files(fedora.root)
    assert set(left) - set(before) == {"/etc/clef/qubes-vault.conf.rpmsave", POLICY + ".rpmsave"}  # what a person wrote is not lost, and qrexec does not read it
    assert all(left[path] == before[path] for path in before)
    assert not [path for path, what in tree(fedora.root).items() if what == "/" and re.search(r"/(doc|licenses)/clef|libexec/clef", path)]


def test_checker_as_packaged(rpms, tmp_path):
    """The policy in the package is fine by the checker in the package."""
    with open(rpms["clef-qubes-dom0"], "rb") as rpm, open(tmp_path / "content.tar", "wb") as archive:
        subprocess.run(["rpm2archive", "-n", "-"], stdin=rpm, stdout=archive, timeout=60, check=True)
    run(["tar", "-xf", tmp_path / "content.tar", "-C", tmp_path])
    said = run([tmp_path / "usr/bin/clef-policy-check", tmp_path / "etc/qubes/policy.d"])
    assert said.count("kept ") == 9
