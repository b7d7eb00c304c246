"""--4bytedb-custom: the person's own list of method signatures, and methods that callers name beside a transaction."""
import json
import os
import stat

import pytest

from signer import RpcError, approving, transfer, until

HINT, SELECTOR = "obscureCall0(address,uint256)", "2e4000aa"
DATA = f"0x{SELECTOR}{'cd2a3d9f938e13cd947ec05abc7fe734df8dd826':0>64}{0:064x}"


def call(signer, *hint, **changes):
    return signer.call("account_signTransaction", transfer(value="0x0", gas="0x186a0", data=DATA, **changes), *hint)


def refused(signer, *hint, data=DATA):
    with pytest.raises(RpcError) as e:
        signer.call("account_signTransaction", transfer(value="0x0", data=data), *hint)
    return e.value


@pytest.fixture
def file(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    return folder / "4byte.json"


def written(file):
    """What the file holds, once that is something: its end is written in place, so that a look may come in between."""
    def content():
        try:
            return json.loads(file.read_text())
        except ValueError:
            return None
    return until(content, what="the file")


def shown(signer, number=1):
    return [m["message"] for m in signer.asked("ui_approveTx", number)["params"][0]["call_info"]]


def test_a_method_is_known_once_it_was_approved(start, file):
    signer = start("--4bytedb-custom", file)
    assert file.read_text() == "{}" and "not found" in refused(signer).message
    assert call(signer, HINT)["raw"]
    assert written(file) == {SELECTOR: HINT} and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert call(signer)["raw"]
    assert shown(signer, 2) == ['Transaction invokes the following method: "obscureCall0(address: 0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826,uint256: 0)"']
    signer.stop()
    again = start("--4bytedb-custom", file)
    assert call(again)["raw"]
    assert os.listdir(file.parent) == [file.name]


def test_nothing_is_learnt_without_approval(start, file):
    signer = start("--4bytedb-custom", file, ui=approving(ui_approveTx=lambda p: {"approved": False}))
    with pytest.raises(RpcError):
        call(signer, HINT)
    signer.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"]}
    signer.answers["ui_onInputRequired"] = lambda p: {"text": "wrong password"}
    with pytest.raises(RpcError):
        call(signer, HINT)
    assert "not found" in refused(signer).message
    # The person made another call of it: the hint no longer fits what is signed.
    signer.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"] | {"data": "0xd0e30db0", "input": "0xd0e30db0"}}
    with pytest.raises(RpcError):
        call(signer, HINT)
    assert "not found" in refused(signer).message and file.read_text() == "{}"


@pytest.mark.parametrize("hint", ["obscureCall0", "", "(", ")", "obscureCall0(address,uint256", "obscureCall0(address, uint256)", "transfer(address,uint256)",
                                  "obscureCall0(address,uint)", "\u202eobscureCall0(address,uint256)", "f(" * 2000, "f(uint8[99999999])", "f((((((((((((((((((uint8))))))))))))))))))"])
def test_a_hint_that_does_not_fit_is_refused(start, file, hint):
    signer = start("--4bytedb-custom", file)
    assert refused(signer, hint).code == -32000
    assert signer.call("account_version") and file.read_text() == "{}"


def test_a_hint_that_is_too_long_or_no_text_is_a_wrong_argument(start, file):
    signer = start("--4bytedb-custom", file, "--advanced")
    for hint in ("f(" + "uint256," * 1000 + "uint256)", 5, {"a": 1}, [HINT], True):
        assert refused(signer, hint).code == -32602
    assert signer.count("ui_approveTx") == 0


def test_what_does_not_fit_is_not_learnt_with_advanced(start, file):
    signer = start("--4bytedb-custom", file, "--advanced")
    assert call(signer, "transfer(address,uint256)")["raw"]
    assert "provided ABI signature could not be matched" in shown(signer)[0]
    assert call(signer, HINT)["raw"]
    assert written(file) == {SELECTOR: HINT}


def test_what_the_file_holds_stays(start, file):
    text = '{\n  "zz": "kept",\n  "d0e30db0": "mined()"\n}\n'
    file.write_text(text)
    signer = start("--4bytedb-custom", file)
    assert call(signer, HINT)["raw"]
    until(lambda: SELECTOR in file.read_text(), what="the new entry")
    assert file.read_text() == text.replace('"mined()"\n', f'"mined()",\n  "{SELECTOR}": "{HINT}"\n')
    assert "the entry zz is not used" in signer.stderr()
    # The shipped list wins over the file, and what it has is not added.
    assert signer.call("account_signTransaction", transfer(data="0xd0e30db0"), "deposit()")["raw"]
    assert shown(signer, 2) == ['Transaction invokes the following method: "deposit()"']
    assert "deposit" not in file.read_text()


def test_two_signers_share_a_file(start, file):
    one, two = start("--4bytedb-custom", file), start("--4bytedb-custom", file)
    assert call(one, HINT)["raw"]
    written(file)
    other = f"0x3aa62001{1:064x}{1:064x}"
    assert two.call("account_signTransaction", transfer(data=other), "obscureCall1(address,uint256)")["raw"]
    assert until(lambda: len(written(file)) == 2)
    assert written(file) == {SELECTOR: HINT, "3aa62001": "obscureCall1(address,uint256)"}


def test_a_link_leads_to_the_file(start, file, tmp_path):
    file.write_text("{}")
    link = tmp_path / "link.json"
    link.symlink_to(file)
    signer = start("--4bytedb-custom", link)
    assert call(signer, HINT)["raw"]
    until(lambda: written(file) == {SELECTOR: HINT})
    assert link.is_symlink()


def test_the_signature_does_not_depend_on_the_file(start, file):
    """It is taken away, and its folder with it; the method is still known to this signer."""
    signer = start("--4bytedb-custom", file)
    file.unlink()
    file.parent.rmdir()
    assert call(signer, HINT)["raw"]
    until(lambda: "was not written down" in signer.stderr(), what="the warning")
    assert call(signer)["raw"]


def test_a_file_that_can_only_be_read_is_used(start, file):
    file.write_text(json.dumps({SELECTOR: HINT}))
    file.chmod(0o400)
    if os.access(file, os.W_OK):
        pytest.skip("this user may write everything")
    signer = start("--4bytedb-custom", file)
    assert call(signer)["raw"] and "can only be read" in signer.stderr() and "selectors" not in signer.roles()


def test_a_file_that_was_replaced_is_left_alone(start, file):
    """As editors do it. The role has the file that was there at the start, and nothing else."""
    signer = start("--4bytedb-custom", file)
    (file.parent / "new").write_text("{}")
    (file.parent / "new").rename(file)
    assert call(signer, HINT)["raw"]
    until(lambda: "removed or replaced" in signer.stderr(), what="the warning")
    assert file.read_text() == "{}"


def test_what_others_can_write_is_used_when_it_is_named(start, file):
    file.write_text(json.dumps({SELECTOR: HINT}))
    file.chmod(0o666)
    file.parent.chmod(0o777)
    assert call(start("--4bytedb-custom", file))["raw"]


@pytest.mark.parametrize("content, problem", [
    ("{", "line 1, column 2"), ('{\n"a": b}', "line 2, column 6"), ("[]", "found array"), ('{"a9059cbb": 1}', "a9059cbb: expected a text"),
    ('{"a9059cbb": "a()", "a9059cbb": "b()"}', "names a9059cbb twice"), (b"{\"\xff\": \"\"}", "line 1"), ("[" * 20000, "inside each other"),
    (b" " * (32 * 1024 * 1024 + 1), "larger than"),
], ids=["cut off", "no literal", "an array", "a number", "twice", "no UTF-8", "deep", "large"])
def test_a_damaged_file_stops_the_start(start, file, content, problem):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    signer = start("--4bytedb-custom", file, wait=False)
    assert signer.wait_end() == 1
    assert str(file) in signer.stderr() and problem in signer.stderr()


def test_what_is_no_file_stops_the_start(start, file, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, "/dev/null", tmp_path / "none" / "file.json", file / "below"):
        signer = start("--4bytedb-custom", path, wait=False)
        assert signer.wait_end() == 1 and "--4bytedb-custom" in signer.stderr()


class TestDefault:
    """4byte-custom.json in the current folder, where the flag is not given."""

    def test_a_file_that_is_there_is_used(self, start, tmp_path):
        home = tmp_path / "signer0"
        home.mkdir()
        (home / "4byte-custom.json").write_text(json.dumps({SELECTOR: HINT}))
        (home / "4byte-custom.json").chmod(0o600)
        signer = start()
        assert call(signer)["raw"] and len(signer.roles()["selectors"]) == 1
        assert signer.call("account_signTransaction", transfer(data=f"0x3aa62001{1:064x}{1:064x}"), "obscureCall1(address,uint256)")["raw"]
        until(lambda: len(written(home / "4byte-custom.json")) == 2)

    def test_none_is_made(self, start):
        signer = start()
        assert call(signer, HINT)["raw"] and call(signer)["raw"]
        assert not (signer.home / "4byte-custom.json").exists() and "selectors" not in signer.roles()

    @pytest.mark.parametrize("mode", [0o666, 0o620])
    def test_one_that_others_may_write_is_not_used(self, start, tmp_path, mode):
        home = tmp_path / "signer0"
        home.mkdir()
        (home / "4byte-custom.json").write_text(json.dumps({SELECTOR: HINT}))
        (home / "4byte-custom.json").chmod(mode)
        signer = start()
        assert "not found" in refused(signer).message and "is not used" in signer.stderr()

    @pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o702])
    def test_one_in_a_folder_that_others_may_write_is_not_used(self, start, tmp_path, mode):
        home = tmp_path / "signer0"
        home.mkdir()
        (home / "4byte-custom.json").write_text(json.dumps({SELECTOR: HINT}))
        (home / "4byte-custom.json").chmod(0o600)
        home.chmod(mode)
        signer = start()
        assert "not found" in refused(signer).message and "is not used" in signer.stderr()

    def test_a_link_is_not_used(self, start, tmp_path):
        home = tmp_path / "signer0"
        home.mkdir()
        (tmp_path / "other.json").write_text(json.dumps({SELECTOR: HINT}))
        (home / "4byte-custom.json").symlink_to(tmp_path / "other.json")
        signer = start()
        assert "not found" in refused(signer).message and "is not used" in signer.stderr()

    def test_an_empty_name_means_none(self, start, tmp_path):
        home = tmp_path / "signer0"
        home.mkdir()
        (home / "4byte-custom.json").write_text("{ damaged")
        signer = start("--4bytedb-custom", "")
        assert "selectors" not in signer.roles() and signer.call("account_version")


def test_the_role_dies(start, file):
    """As every role: whoever breaks the protocol, or is broken, ends the signer."""
    signer = start("--4bytedb-custom", file)
    os.kill(signer.roles()["selectors"][0], 9)
    assert signer.wait_end() == 1 and "'selectors' was killed by signal 9" in signer.stderr()
