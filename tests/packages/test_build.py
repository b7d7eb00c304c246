"""tools/build-packages says what is wrong, and Makefile's install and uninstall leave nothing."""
import os
import re
import shutil
import subprocess

import pytest

from package_files import ROOT, run, tree


def refused(*words, cwd=ROOT, env=None):
    done = subprocess.run([str(w) for w in words], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode != 0, done.stdout
    return done.stderr


@pytest.fixture
def checkout(tmp_path):
    """As much of the checkout as tools/build-packages looks at before it builds."""
    for path in ("tools/build-packages", "meson.build", "packaging"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / path).is_dir() else shutil.copy)(ROOT / path, tmp_path / path)
    (tmp_path / "build-deps/c-kzg").mkdir(parents=True)
    return tmp_path


def test_help_and_wrong_words():
    assert "usage: tools/build-packages [deb | rpm | all]" in run([ROOT / "tools/build-packages", "--help"])
    assert "usage:" in refused(ROOT / "tools/build-packages", "snap")


def test_versions_have_to_be_one(checkout):
    for path, text in (("packaging/debian/changelog", "clef (0.0.9) unstable; urgency=medium\n"), ("packaging/rpm/clef.spec", "Version: 0.0.9\n"),
                       ("packaging/rpm/clef-qubes-dom0.spec", "Version: 0.0.9\n")):
        kept = (checkout / path).read_text()
        (checkout / path).write_text(text)
        said = refused(checkout / "tools/build-packages", "deb")
        assert path in said and "meson.build" in said
        (checkout / path).write_text(kept)


def test_what_is_missing_is_named(checkout):
    shutil.rmtree(checkout / "build-deps")
    assert "build-deps/c-kzg is missing; run tools/setup first" in refused(checkout / "tools/build-packages", "deb")


def test_missing_programs_are_named(checkout, tmp_path):
    run(["git", "init", "-q", checkout])
    few = tmp_path / "few"
    few.mkdir()
    for name in ("bash", "dirname", "sed", "grep", "mktemp", "rm", "mkdir", "git", "tar", "cp", "chmod", "env"):
        (few / name).symlink_to(shutil.which(name))
    for kind, program in (("deb", "dpkg-buildpackage"), ("rpm", "rpmbuild")):
        said = refused("bash", checkout / "tools/build-packages", kind, env={"PATH": str(few)})
        assert f"{program} is missing; run tools/setup first" in said, said


def test_make_install_and_uninstall(tmp_path):
    """Of what is built; everything that install brought goes with uninstall."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    (tmp_path / "usr/share/man/man1").mkdir(parents=True)
    (tmp_path / "usr/share/man/man1/other.1").write_text("")
    before = {path: what for path, what in tree(tmp_path).items() if what != "/"}
    run(["make", "-s", "install", f"DESTDIR={tmp_path}", "PREFIX=/usr"], cwd=ROOT, env=env)
    files = {path for path, what in tree(tmp_path).items() if what != "/"} - set(before)
    assert files == {"/usr/bin/clef", "/usr/bin/clef-proxy", "/usr/share/man/man1/clef.1", "/usr/share/man/man1/clef-proxy.1", "/usr/share/man/man5/clients.conf.5"}
    for name in ("clef", "clef-proxy"):
        assert re.search(r"\d+\.\d+", run([tmp_path / "usr/bin" / name, "--version"]))
    run(["make", "-s", "uninstall", f"DESTDIR={tmp_path}", "PREFIX=/usr"], cwd=ROOT, env=env)
    assert {path: what for path, what in tree(tmp_path).items() if what != "/"} == before


@pytest.mark.parametrize("page", sorted(p.name for p in (ROOT / "man").iterdir()))
def test_man_pages(page):
    said = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(ROOT / "man" / page)], capture_output=True, text=True, timeout=60).stdout
    assert [line for line in said.splitlines() if "unusual Xr order" not in line] == []
    assert run(["man", "--warnings", "-E", "UTF-8", "-l", "-T", "utf8", ROOT / "man" / page], env=os.environ | {"MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""}).strip()
