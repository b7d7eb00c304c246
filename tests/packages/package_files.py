"""Packages as tools/build-packages left them in build-packages/ (CLEF_PACKAGES names another folder), and scratch folders to install them in."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = pathlib.Path(os.environ.get("CLEF_PACKAGES", ROOT / "build-packages"))
DEBS = ["clef", "clef-qubes-vault", "clef-qubes-client"]
RPMS = DEBS + ["clef-qubes-dom0"]


def run(words, **more):
    """A command's output; the test fails with it when the command does."""
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **more)
    assert done.returncode == 0, f"{' '.join(str(w) for w in words)}: exit status {done.returncode}\n{done.stdout}"
    return done.stdout


def as_root(words):
    """For dpkg and rpm, which want to be root to write owners, if only into a scratch folder."""
    return list(words) if os.geteuid() == 0 else ["fakeroot", "--", *words]


def found(pattern):
    paths = sorted(PACKAGES.glob(pattern))
    if len(paths) != 1:
        pytest.fail(f"{PACKAGES}/{pattern}: {len(paths)} files, expected one; run tools/build-packages first")
    return paths[0]


def tree(root):
    """Everything below a folder: {path: what it is}."""
    return {"/" + str(p.relative_to(root)): os.readlink(p) if p.is_symlink() else "/" if p.is_dir() else p.read_bytes() for p in sorted(root.rglob("*"))}


class Machine:
    """A scratch folder that packages of Debian are installed in, with dpkg's own records, and programs in place of those that would reach the real machine."""

    def __init__(self, path):
        self.root, self.bin, self.calls = path / "root", path / "bin", path / "calls"
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "home/user/.clef", "home/user/.ethereum/keystore"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "var/lib/dpkg/status").touch()
        self.bin.mkdir()
        self.calls.touch()
        for name in ("systemctl", "deb-systemd-invoke"):
            (self.bin / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.calls}"\n')
            (self.bin / name).chmod(0o755)
        self.own = self.root / "home/user"
        (self.own / ".ethereum/keystore/UTC--key").write_text("{}")
        (self.own / ".clef/clients.conf").write_text("[default]\n")

    def dpkg(self, *words):
        env = os.environ | {"PATH": f"{self.bin}:{os.environ['PATH']}:/usr/sbin:/sbin", "DEBIAN_FRONTEND": "noninteractive"}
        return run(as_root(["dpkg", f"--root={self.root}", "--force-script-chrootless", "--force-depends", "--force-confdef", "--force-confold",
                            f"--log={self.root}.log", *map(str, words)]), env=env)

    def files(self):
        """What is there beside dpkg's records; /lib, which no package here owns, goes with the last file in it."""
        return {path: what for path, what in tree(self.root).items() if not path.startswith("/var/lib/dpkg") and what != "/" and path != "/lib"}

    def folders(self):
        return {path for path, what in tree(self.root).items() if what == "/" and not path.startswith("/var/lib/dpkg")}
