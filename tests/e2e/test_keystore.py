"""The keystore folder while the signer runs: what is dropped in, taken away, broken or not readable."""
import json
import os
import shutil
import subprocess
import time

import pytest
from eth_account import Account

from signer import FIRST, FIXTURE, NEW_PASSWORD, RpcError, SECOND, THIRD, transfer, until

ALL = [FIRST.lower(), SECOND.lower(), THIRD.lower()]


def addresses(signer):
    return [a["address"] for a in signer.ui_call("clef_listAccounts")["result"] or []]


def drop(signer, number, name=None):
    source = sorted(FIXTURE.iterdir())[number]
    shutil.copy(source, signer.keystore / (name or source.name))


def test_a_key_dropped_in_is_seen_and_signs(start):
    signer = start(keys=False)
    assert addresses(signer) == []
    drop(signer, 0)
    until(lambda: addresses(signer) == ALL[:1], 3, "the new key")
    assert Account.recover_transaction(signer.call("account_signTransaction", transfer())["raw"]) == FIRST


def test_a_key_moved_in_is_seen(start):
    signer = start(keys=False)
    shutil.copy(sorted(FIXTURE.iterdir())[1], signer.home / "key")
    os.rename(signer.home / "key", signer.keystore / "key")
    until(lambda: addresses(signer) == ALL[1:2], 3, "the new key")


def test_a_key_taken_away_no_longer_signs(start):
    signer = start()
    next(signer.keystore.glob("*f39fd6e5*")).unlink()
    until(lambda: addresses(signer) == ALL[1:], 3, "the key to go")
    with pytest.raises(RpcError):
        signer.call("account_signTransaction", transfer())


BROKEN = {"empty": b"", "cut": b'{"address":"' + b"11" * 20 + b'","crypto":{', "binary": b"\0\xff" * 500, "list": b"[]", "deep": b"[" * 100000,
          "huge": b'{"address":"' + b"22" * 20 + b'","x":"' + b"y" * (8 << 20) + b'"}',
          "twice": b'{"address":"' + b"33" * 20 + b'","address":"' + b"44" * 20 + b'","version":3}'}


def test_broken_files_are_named_and_the_others_served(start, tmp_path):
    keystore = tmp_path / "s" / "keystore"
    keystore.mkdir(parents=True)
    for source in FIXTURE.iterdir():
        shutil.copy(source, keystore)
    for name, content in BROKEN.items():
        (keystore / f"broken-{name}").write_bytes(content)
    signer = start(home=tmp_path / "s")
    assert [a for a in addresses(signer) if a in ALL] == ALL
    assert Account.recover_transaction(signer.call("account_signTransaction", transfer())["raw"]) == FIRST
    for name in ("empty", "cut", "binary"):
        assert f"broken-{name}" in signer.stderr()


def test_a_file_name_cannot_write_to_the_terminal(start, tmp_path):
    keystore = tmp_path / "s" / "keystore"
    keystore.mkdir(parents=True)
    (keystore / "evil\x1b[2J\u202ename").write_text("{")
    signer = start(home=tmp_path / "s", keys=False)
    until(lambda: "evil" in signer.stderr(), 5, "the broken file to be named")
    assert "\x1b" not in signer.stderr() and "\u202e" not in signer.stderr()


def test_a_named_pipe_among_the_keys_does_not_hang(start, tmp_path):
    keystore = tmp_path / "s" / "keystore"
    keystore.mkdir(parents=True)
    for source in FIXTURE.iterdir():
        shutil.copy(source, keystore)
    os.mkfifo(keystore / "pipe")
    signer = start(home=tmp_path / "s")
    assert addresses(signer) == ALL


def test_keystore_that_cannot_be_read(clef, tmp_path):
    home = tmp_path / "s"
    (home / "keystore").mkdir(parents=True)
    (home / "config").mkdir()
    (home / "keystore").chmod(0)
    become = []
    if os.getuid() == 0:
        for folder, _, _ in os.walk(home):
            os.chown(folder, 65534, 65534)
        for parent in list(home.parents)[:4]:
            if parent.stat().st_uid == 0 and "pytest" in str(parent):
                parent.chmod(0o755)
        become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    done = subprocess.run(become + [clef, "--suppress-bootwarn", "--keystore", str(home / "keystore"), "--configdir", str(home / "config"), "--auditlog", "",
                                    "--stdio-ui", "--http", "--http.port", "0"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "keystore" in done.stderr and "ermission" in done.stderr


def test_new_key_files_are_private_whole_and_standard(start):
    signer = start()
    before = set(os.listdir(signer.keystore))
    address = signer.call("account_new")
    (name,) = set(os.listdir(signer.keystore)) - before
    path = signer.keystore / name
    assert path.stat().st_mode & 0o777 == 0o600
    assert Account.from_key(Account.decrypt(json.loads(path.read_text()), NEW_PASSWORD)).address.lower() == address


def test_keystore_in_use_by_two_signers(start):
    """Another program makes an account in the same folder: both see it."""
    one = start(http=False)
    two = start("--keystore", str(one.keystore), keys=False)
    address = two.call("account_new")
    until(lambda: address in addresses(one), 3, "the other's account")


def test_keystore_taken_away_while_running(start):
    """A new account has nowhere to go: a clear error, and no address that nobody has a key for."""
    signer = start()
    shutil.rmtree(signer.keystore)
    with pytest.raises(RpcError):
        signer.call("account_new")
    assert signer.call("account_version") == "6.1.0"


def test_a_hundred_files_arrive_while_requests_run(start):
    signer = start()
    for n in range(100):
        drop(signer, n % 3, f"copy-{n}")
        if n % 10 == 0:
            assert signer.call("account_version") == "6.1.0"
    until(lambda: len(addresses(signer)) == 103, 5, "all files to be seen")
    time.sleep(0.2)
    assert signer.proc.poll() is None
