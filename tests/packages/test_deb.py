"""The Debian packages: what lintian says of them, what is in them and with which rights, and what installing, upgrading, removing and purging them does to a machine."""
import os
import re
import subprocess

import pytest

from package_files import DEBS, ROOT, found, run

CLEF = {"/etc/clef/proxy.conf", "/usr/bin/clef", "/usr/bin/clef-proxy", "/usr/lib/systemd/user/clef.service", "/usr/lib/systemd/user/clef-proxy.service",
        "/usr/share/man/man1/clef.1.gz", "/usr/share/man/man1/clef-proxy.1.gz", "/usr/share/man/man5/clients.conf.5.gz"}
VAULT = {"/etc/clef/qubes-vault.conf", "/etc/qubes-rpc/qubes.Clefsign", "/etc/qubes/rpc-config/qubes.Clefsign", "/usr/lib/systemd/user/clef-qubes.service",
         "/usr/lib/systemd/user/clef-qubes-ui.service", "/usr/libexec/clef/qubes.Clefsign", "/usr/libexec/clef/clef-qubes-run", "/usr/share/man/man8/qubes.Clefsign.8.gz"}
CLIENT = {"/etc/qubes/post-install.d/30-clef-client.sh", "/usr/lib/systemd/system/clef-client.socket", "/usr/lib/systemd/system/clef-client.service",
          "/usr/lib/systemd/system-preset/75-clef-client.preset"}
CONFFILES = {"clef": {"/etc/clef/proxy.conf"}, "clef-qubes-vault": {"/etc/clef/qubes-vault.conf", "/etc/qubes/rpc-config/qubes.Clefsign"},
             "clef-qubes-client": {"/etc/qubes/post-install.d/30-clef-client.sh"}}
PROGRAMS = {"/usr/bin/clef", "/usr/bin/clef-proxy", "/usr/libexec/clef/qubes.Clefsign", "/usr/libexec/clef/clef-qubes-run", "/etc/qubes/post-install.d/30-clef-client.sh"}


def content(deb):
    """{path: (rights, owner)} of what is no folder; /lib is /usr/lib on every Debian that can install it."""
    rows = [line.split(None, 5) for line in run(["dpkg-deb", "-c", deb]).splitlines()]
    return {re.sub(r"^/lib/", "/usr/lib/", row[5].split(" -> ")[0][1:]): (row[0], row[1]) for row in rows if not row[0].startswith("d")}


def field(deb, name):
    return run(["dpkg-deb", "-f", deb, name]).strip()


def test_lintian_has_nothing_to_say():
    changes = found("*.changes")
    out = subprocess.run(["lintian", "--pedantic", "--allow-root", "--fail-on", "error,warning", str(changes)], capture_output=True, text=True, timeout=300)
    tags = [line for line in out.stdout.splitlines() if re.match(r"[EWP]: ", line) and "no-dep5-copyright" not in line]  # its form wants an address
    assert out.returncode == 0 and not tags, out.stdout + out.stderr


@pytest.mark.parametrize("name,expected", [("clef", CLEF), ("clef-qubes-vault", VAULT), ("clef-qubes-client", CLIENT)])
def test_content(debs, name, expected):
    files = content(debs[name])
    documents = {path for path in files if path.startswith(f"/usr/share/doc/{name}/")}
    assert set(files) - documents == expected
    assert {f"/usr/share/doc/{name}/{file}" for file in ("copyright", "changelog.gz", "changelog.Debian.gz")} <= documents
    for path, (rights, owner) in files.items():
        wanted = "l" if path == "/etc/qubes-rpc/qubes.Clefsign" else "-rwxr-xr-x" if path in PROGRAMS or path.endswith(".py") else "-rw-r--r--"
        assert rights.startswith(wanted) and owner == "root/root", (path, rights, owner)


def test_manual_for_qubes_is_there(debs):
    assert any("/qubes.md" in path for path in content(debs["clef"]))


@pytest.mark.parametrize("name", DEBS)
def test_settings_are_kept_on_upgrades(debs, name):
    listed = run(["dpkg-deb", "--ctrl-tarfile", debs[name]], errors="replace") and subprocess.run(
        ["dpkg-deb", "-I", str(debs[name]), "conffiles"], capture_output=True, text=True, timeout=60).stdout.split()
    assert set(listed) == CONFFILES[name]
    assert {path for path in content(debs[name]) if path.startswith("/etc/")} - {"/etc/qubes-rpc/qubes.Clefsign"} == CONFFILES[name]


def test_what_needs_what(debs):
    version = field(debs["clef"], "Version")
    assert version == re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text())[1]
    needs = field(debs["clef"], "Depends")
    assert "libssl3" in needs and "libsodium23" in needs and "libcurl4" in needs and "qubes" not in needs
    assert f"clef (= {version})" in field(debs["clef-qubes-vault"], "Depends")
    assert f"clef (>= {version})" in field(debs["clef-qubes-client"], "Depends") and field(debs["clef-qubes-client"], "Architecture") == "all"


def unpack(deb, folder):
    run(["dpkg-deb", "-x", deb, folder])
    return folder


def test_programs_are_hardened_and_run(debs, tmp_path):
    root = unpack(debs["clef-qubes-vault"], unpack(debs["clef"], tmp_path))
    for path in sorted(PROGRAMS - {"/etc/qubes/post-install.d/30-clef-client.sh"}):
        program = root / path[1:]
        header, dynamic = run(["readelf", "-hW", program]), run(["readelf", "-dlW", program])
        assert "DYN (" in header and "BIND_NOW" in dynamic and "GNU_RELRO" in dynamic and not re.search(r"GNU_STACK.*\bRWE\b", dynamic), path
        assert "RPATH" not in dynamic and "RUNPATH" not in dynamic, path
        assert ".debug_info" not in run(["readelf", "-SW", program]), path
    version = field(debs["clef"], "Version")
    assert version in run([root / "usr/bin/clef", "--version"])
    assert version in run([root / "usr/bin/clef-proxy", "--version"])
    refused = subprocess.run([str(root / "usr/libexec/clef/qubes.Clefsign")], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                             env={"QREXEC_REMOTE_DOMAIN": "../x", "XDG_RUNTIME_DIR": str(tmp_path)})
    assert refused.returncode == 126, refused
    assert os.readlink(root / "etc/qubes-rpc/qubes.Clefsign") == "/usr/libexec/clef/qubes.Clefsign"
    assert b"/usr/bin/clef\0" in (root / "usr/libexec/clef/qubes.Clefsign").read_bytes()


def test_settings_as_installed_change_nothing(debs, tmp_path):
    """Every line is a comment, and what the comments offer is understood by the programs."""
    root = unpack(debs["clef-qubes-vault"], unpack(debs["clef"], tmp_path))
    for name in ("qubes-vault.conf", "proxy.conf"):
        lines = (root / "etc/clef" / name).read_text().splitlines()
        assert all(not line or line.startswith("#") for line in lines), name
    offered = re.sub(r"^#(?=[a-z-]+ =)", "", (root / "etc/clef/qubes-vault.conf").read_text(), flags=re.M)
    settings = tmp_path / "vault.conf"
    settings.write_text(re.sub(r"^signer = .*$", "signer = /bin/echo", offered, flags=re.M))
    env = {"CLEF_QUBES_CONFIG": str(settings), "XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    said = run([root / "usr/libexec/clef/clef-qubes-run", "signer"], env=env)
    assert f"--qrexec-socket {tmp_path}/clef-qrexec/qrexec.sock --ui-socket {tmp_path}/clef-ui/ui.sock --wait-for-ui" in said and "--chainid 1" in said
    offered = re.sub(r"^#(?=[a-z-]+ =)", "", (root / "etc/clef/proxy.conf").read_text(), flags=re.M).replace("signer = qrexec", "signer = nonsense")
    settings.write_text(offered)
    refused = subprocess.run([str(root / "usr/bin/clef-proxy"), "--config", str(settings), "--listen", "none", "--socket", str(tmp_path / "s")], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1 and "nonsense" in refused.stderr, refused.stderr  # every other line was understood


def newer(deb, folder, version, edits):
    """The same package as a later version, with other content of some files."""
    run(["dpkg-deb", "-R", deb, folder])
    control = folder / "DEBIAN/control"
    control.write_text(re.sub(r"= [0-9.]+\)", lambda m: f"= {version})", re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.M)))
    for path, text in edits.items():
        (folder / path).write_text(text)
    (folder / "DEBIAN/md5sums").unlink()
    made = folder.parent / f"{deb.name.split('_')[0]}_{version}_{deb.name.split('_')[2]}"
    run(["dpkg-deb", "--root-owner-group", "-b", folder, made])
    return made


def upgraded(debs, tmp_path, version="9.1"):
    edits = {"clef": {"etc/clef/proxy.conf": "# new\n"}, "clef-qubes-vault": {"etc/clef/qubes-vault.conf": "# new\n"}, "clef-qubes-client": {}}
    return [newer(debs[name], tmp_path / f"{name}.{version}", version, edits[name]) for name in DEBS]


def on_merged_usr(root):
    """bookworm's debhelper puts system units below /lib, which is /usr/lib wherever the package can be installed."""
    (root / "usr/lib").mkdir(parents=True, exist_ok=True)
    (root / "lib").symlink_to("usr/lib")


def test_install_upgrade_remove_purge(debs, machine, tmp_path):
    on_merged_usr(machine.root)
    before, folders = machine.files(), machine.folders()
    machine.dpkg("-i", *debs.values())
    installed = machine.files()
    wants = "/etc/systemd/system/multi-user.target.wants/clef-client.socket"
    assert installed[wants].endswith("/lib/systemd/system/clef-client.socket")
    packaged = {path for deb in debs.values() for path in content(deb)}
    state = {path for path in installed if path.startswith("/var/lib/systemd/deb-systemd-helper-enabled/")}
    assert set(installed) - set(before) == packaged | {wants} | state
    assert not [path for path in installed if path.startswith("/etc/systemd/user")]  # nothing is turned on for users

    edited = machine.root / "etc/clef/qubes-vault.conf"
    edited.write_text("start-timeout = 60\n")
    os.unlink(machine.root / wants[1:])  # systemctl disable
    machine.dpkg("-i", *upgraded(debs, tmp_path))
    assert edited.read_text() == "start-timeout = 60\n"
    assert (machine.root / "etc/clef/qubes-vault.conf.dpkg-dist").read_text() == "# new\n"
    assert (machine.root / "etc/clef/proxy.conf").read_text() == "# new\n"
    assert wants not in machine.files(), "an upgrade turns nothing on again that was turned off"

    machine.dpkg("--remove", *DEBS)
    left = set(machine.files()) - set(before)
    settings = set().union(*CONFFILES.values()) | {"/etc/clef/qubes-vault.conf.dpkg-dist"}
    assert {path for path in left if not path.startswith("/var/lib/systemd/")} == settings

    machine.dpkg("--purge", *DEBS)
    assert machine.files() == before, "purging leaves what was there before: keys and settings of users, and nothing else"
    assert {path for path in machine.folders() - folders if "clef" in path or "qubes" in path} == set()


def test_key_files_are_never_touched(debs, machine, tmp_path):
    """Not even looked at: their times and rights are what they were."""
    on_merged_usr(machine.root)
    paths = [p for p in machine.own.rglob("*")]
    times = {p: (p.stat().st_mtime_ns, p.stat().st_atime_ns, p.stat().st_mode, p.stat().st_ino) for p in paths}
    machine.dpkg("-i", *debs.values())
    machine.dpkg("-i", *upgraded(debs, tmp_path))
    machine.dpkg("--purge", *DEBS)
    assert {p: (p.stat().st_mtime_ns, p.stat().st_atime_ns, p.stat().st_mode, p.stat().st_ino) for p in paths} == times
    scripts = "".join(run(["dpkg-deb", "-I", deb, script]) for deb in debs.values() for script in ("preinst", "postinst", "prerm", "postrm")
                      if subprocess.run(["dpkg-deb", "-I", str(deb), script], capture_output=True, timeout=60).returncode == 0)
    assert not re.search(r"/home|keystore|\.clef|\.ethereum|rm -r", scripts)


def test_only_the_clients_socket_is_started(debs, tmp_path):
    """The scripts as on a machine that runs systemd, with programs in place of systemd's that write down what they are asked for."""
    said = tmp_path / "said"
    for name in ("systemctl", "deb-systemd-invoke", "deb-systemd-helper"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{said}"\n')
        (tmp_path / name).chmod(0o755)
    run(["dpkg-deb", "-e", debs["clef-qubes-client"], tmp_path / "control"])
    assert not {"preinst", "postinst", "prerm", "postrm"} & set(control_files(debs["clef"]) + control_files(debs["clef-qubes-vault"]))

    def calls(script, *words):
        said.write_text("")
        path = tmp_path / "control" / script
        path.write_text(path.read_text().replace("/run/systemd/system", str(tmp_path)))
        run(["sh", path, *words], env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
        return {line for line in said.read_text().splitlines() if "daemon-reload" not in line and "was-enabled" not in line and "unmask" not in line}

    socket = "clef-client.socket"
    assert calls("postinst", "configure", "") == {f"deb-systemd-helper enable {socket}", f"deb-systemd-invoke start {socket}"}
    assert calls("postinst", "configure", "0.0.1") == {f"deb-systemd-helper enable {socket}", f"deb-systemd-invoke restart {socket}"}
    assert calls("prerm", "upgrade", "9.1") == set()
    assert calls("prerm", "remove") == {f"deb-systemd-invoke stop {socket}"}  # its service goes with it
    assert calls("postrm", "remove") <= {f"deb-systemd-helper mask {socket}"}
    assert {re.sub(r"purge .*", "purge", c) for c in calls("postrm", "purge")} == {"deb-systemd-helper purge"}


def control_files(deb):
    return run(["dpkg-deb", "-I", deb]).replace(",", " ").split()


def test_vault_without_client_and_client_without_vault(debs, machine):
    on_merged_usr(machine.root)
    machine.dpkg("-i", debs["clef"], debs["clef-qubes-vault"])
    assert not [path for path in machine.files() if "clef-client" in path]
    machine.dpkg("--purge", "clef-qubes-vault")
    machine.dpkg("-i", debs["clef-qubes-client"])
    assert not [path for path in machine.files() if "qubes.Clefsign" in path or "qubes-vault" in path]
    machine.dpkg("--remove", "clef-qubes-client")
    assert "/usr/bin/clef-proxy" in machine.files()  # any other machine has the proxy with clef alone


def test_feature_is_announced_while_installed(tmp_path):
    """What qubes.PostInstall runs; `qvm-features-request` is Qubes' own."""
    script = ROOT / "packaging/qubes/30-clef-client.sh"
    (tmp_path / "qvm-features-request").write_text(f'#!/bin/sh\necho "$*" >>"{tmp_path}/said"\n')
    (tmp_path / "qvm-features-request").chmod(0o755)
    (tmp_path / "unit").touch()
    here = tmp_path / "script.sh"
    for unit, said in ((tmp_path / "unit", "supported-service.clef-client=1\n"), (tmp_path / "gone", "")):
        (tmp_path / "said").write_text("")
        here.write_text(script.read_text().replace("/usr/lib/systemd/system/clef-client.socket", str(unit)))
        run(["sh", here], env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
        assert (tmp_path / "said").read_text() == said


def test_source_package_can_be_built_again(tmp_path):
    """It has everything: the packaging, and the sources of KZG."""
    run(["dpkg-source", "--no-check", "-x", found("*.dsc"), tmp_path / "src"])
    for path in ("debian/rules", "debian/control", "build-deps/c-kzg/deps/c-kzg/ckzg.c", "build-deps/c-kzg/deps/blst/src/server.c", "meson.build", "man/clef.1"):
        assert (tmp_path / "src" / path).is_file(), path
    assert not list((tmp_path / "src").glob("build-*/build.ninja")) and not (tmp_path / "src/.venv").exists()
