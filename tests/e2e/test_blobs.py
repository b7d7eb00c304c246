"""Blob transactions (EIP-4844, EIP-7594) as a caller, a person and the network see them. eth-account and Python's ckzg are the other opinion."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import time

import ckzg
import eth_account
import pytest
import rlp
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction, base as eth_account_base
from hexbytes import HexBytes
from web3 import Web3

from test_terminal import Terminal
from signer import FIRST, FIXTURE, PASSWORDS, SECOND, RpcError, approving, http_request, request, until

MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001
SIZE = 131072
SETUP = pathlib.Path(eth_account.__file__).parent / "typed_transactions/blob_transactions/kzg_trusted_setup.txt"
INFINITY = "0xc0" + "00" * 47


@pytest.fixture(scope="session")
def setup():
    return ckzg.load_trusted_setup(str(SETUP), 0)


def blob(seed):
    """Random field elements."""
    numbers = random.Random(seed)
    return b"".join(numbers.randrange(MODULUS).to_bytes(32, "big") for _ in range(4096))


def args(**changes):
    return {"from": FIRST, "to": SECOND, "gas": "0x5208", "nonce": "0x0", "value": "0x0", "chainId": "0x1", "maxFeePerGas": "0x77359400",
            "maxPriorityFeePerGas": "0x1", "maxFeePerBlobGas": "0x5"} | changes


def hexes(items):
    return ["0x" + bytes(item).hex() for item in items]


def versioned_hash(commitment):
    return "0x01" + hashlib.sha256(commitment).hexdigest()[2:]


def sidecar(setup, blobs, cells=False):
    """What a client sends that does the work itself."""
    commitments = [ckzg.blob_to_kzg_commitment(b, setup) for b in blobs]
    if cells:
        proofs = [p for b in blobs for p in ckzg.compute_cells_and_kzg_proofs(b, setup)[1]]
    else:
        proofs = [ckzg.compute_blob_kzg_proof(b, c, setup) for b, c in zip(blobs, commitments)]
    return {"blobs": hexes(blobs), "commitments": hexes(commitments), "proofs": hexes(proofs), "blobVersionedHashes": [versioned_hash(c) for c in commitments]}


def refused(signer, **changes):
    """The error of a request that nobody is asked about."""
    asked = signer.count("ui_approveTx")
    with pytest.raises(RpcError) as error:
        signer.call("account_signTransaction", args(**changes), seconds=60)
    assert signer.count("ui_approveTx") == asked and signer.count("ui_onInputRequired") == 0
    return error.value


# --- what is signed ---

KEY = Account.decrypt(json.loads(next(FIXTURE.glob("*f39fd6e5*")).read_text()), PASSWORDS[FIRST])


def by_eth_account(blobs, setup, monkeypatch):
    """Signatures are repeatable (RFC 6979): the same bytes, blobs, commitments and cell proofs included."""
    monkeypatch.setattr(eth_account_base, "load_trusted_setup", lambda *_: setup)  # it would load it anew for each blob
    tx = {k: int(v, 16) if v.startswith("0x") and k not in ("from", "to") else v for k, v in args().items() if k != "from"}
    return Account.sign_transaction(tx | {"type": 3}, KEY, blobs=blobs).raw_transaction


@pytest.mark.parametrize("count", [1, 6])
def test_the_same_bytes_as_eth_account(start, setup, monkeypatch, count):
    """By blobs alone, with 128 cell proofs for each."""
    blobs = [blob(n) for n in range(count)]
    raw = HexBytes(start().call("account_signTransaction", args(blobs=hexes(blobs), blobVersion=1), seconds=60)["raw"])
    assert raw == by_eth_account(blobs, setup, monkeypatch)
    assert Account.recover_transaction(raw) == FIRST


def test_one_proof_a_blob(start, setup):
    blobs = [blob(n) for n in range(3)]
    wanted = sidecar(setup, blobs)
    answer = start().call("account_signTransaction", args(blobs=hexes(blobs)), seconds=60)
    for field, value in wanted.items():
        assert answer["tx"][field] == value, field
    body, *rest = rlp.decode(bytes(HexBytes(answer["raw"])[1:]))
    assert [hexes(items) for items in rest] == [wanted["blobs"], wanted["commitments"], wanted["proofs"]]
    plain = b"\3" + rlp.encode(body)
    assert Account.recover_transaction(plain) == FIRST
    assert Web3.to_hex(Web3.keccak(plain)) == answer["tx"]["hash"]
    assert TypedTransaction.from_bytes(HexBytes(plain)).as_dict()["maxFeePerBlobGas"] == 5


@pytest.mark.parametrize("cells", [False, True], ids=["proofs", "cell proofs"])
def test_what_a_client_computed_itself_goes_through_as_it_is(start, setup, cells):
    given = sidecar(setup, [blob(n) for n in range(6)], cells)
    signer = start()
    answer = signer.call("account_signTransaction", args(**given), seconds=60)
    assert {k: answer["tx"][k] for k in given} == given
    shown = signer.asked("ui_approveTx")["params"][0]["transaction"]
    assert {k: shown[k] for k in given} == given and "blobVersion" not in shown
    without = {k: v for k, v in given.items() if k != "blobVersionedHashes"}
    assert signer.call("account_signTransaction", args(**without), seconds=60) == answer
    alone = signer.call("account_signTransaction", args(blobVersionedHashes=given["blobVersionedHashes"]))
    assert alone["tx"]["hash"] == answer["tx"]["hash"] and alone["raw"].startswith("0x03f9") and "blobs" not in alone["tx"]
    assert Account.recover_transaction(alone["raw"]) == FIRST


def test_over_the_socket(start):
    answer = start().call_socket("account_signTransaction", args(blobs=["0x" + "00" * SIZE]), seconds=60)
    assert answer["tx"]["commitments"] == answer["tx"]["proofs"] == [INFINITY]


def test_the_audit_log_names_what_was_signed(start):
    signer = start()
    answer = signer.call("account_signTransaction", args(blobs=["0x" + "00" * SIZE]), seconds=60)
    lines = (signer.home / "audit.log").read_text().splitlines()
    asked, told = lines[-2:]
    assert "type=request" in asked and f'\\"blobs\\":[\\"0x{"00" * 100}' in asked
    assert "type=response" in told and answer["raw"][2:] in told


# --- what is refused, and where ---

@pytest.fixture(scope="session")
def given(setup):
    return sidecar(setup, [blob(1), blob(2)])


def swapped(given, field):
    return {field: given[field][::-1]}


WRONG = {
    "proofs of the other blob": (lambda g: swapped(g, "proofs"), r"proofs\[0\]: .*blobs\[0\]"),
    "commitments of the other blob": (lambda g: swapped(g, "commitments") | {"blobVersionedHashes": g["blobVersionedHashes"][::-1]}, r"proofs\[0\]: "),
    "second proof wrong": (lambda g: {"proofs": [g["proofs"][0], INFINITY]}, r"proofs\[1\]: .*blobs\[1\]"),
    "a proof that is no point": (lambda g: {"proofs": [g["proofs"][0], "0x" + "ff" * 48]}, r"proofs\[1\]: .*no point"),
    "a commitment that is no point": (lambda g: {"commitments": ["0x" + "81" + "23" * 47, g["commitments"][1]], "blobVersionedHashes": None}, r"proofs\[0\]: .*no point"),
    "hashes of the other blob": (lambda g: swapped(g, "blobVersionedHashes"), r"blobVersionedHashes\[0\]: "),
    "hashes that are not those of blobs alone": (lambda g: swapped(g, "blobVersionedHashes") | {"commitments": None, "proofs": None}, r"blobVersionedHashes\[0\]: "),
    "one hash for two blobs": (lambda g: {"blobVersionedHashes": g["blobVersionedHashes"][:1]}, r"blobVersionedHashes: .*have=1, want=2"),
    "one commitment for two blobs": (lambda g: {"commitments": g["commitments"][:1]}, r"commitments: .*have=1, want=2"),
    "three proofs for two blobs": (lambda g: {"proofs": g["proofs"] + g["proofs"][:1]}, r"proofs: .*have=3, want=2 or 256"),
    "128 proofs for two blobs": (lambda g: {"proofs": g["proofs"] * 64}, r"proofs: .*have=128, want=2 or 256"),
    "256 wrong cell proofs": (lambda g: {"proofs": g["proofs"] * 128}, r"proofs\[0\] to proofs\[127\]: "),
    "no proofs": (lambda g: {"proofs": None}, r"commitments: .*proofs were not"),
    "no commitments": (lambda g: {"commitments": None}, r"proofs: .*commitments were not"),
    "an element at the modulus": (lambda g: {"blobs": [g["blobs"][0], "0x" + f"{MODULUS:064x}" + g["blobs"][1][66:]]}, r"blobs\[1\]: field element 0 "),
    "the last element above it": (lambda g: {"blobs": [g["blobs"][0][:-64] + "ff" * 32, g["blobs"][1]]}, r"blobs\[0\]: field element 4095 "),
    "no fee for the blobs": (lambda g: {"maxFeePerBlobGas": None}, r"maxFeePerBlobGas: .*geth"),
    "a fee of nothing": (lambda g: {"maxFeePerBlobGas": "0x0"}, r"maxFeePerBlobGas: "),
    "no recipient": (lambda g: {"to": None}, r"to: .*recipient"),
    "a gas price": (lambda g: {"gasPrice": "0x5"}, r"gasPrice: "),
    "blobs of another version than the proofs": (lambda g: {"blobVersion": 1}, r"blobVersion: "),
}


def test_refused_before_anybody_is_asked(start, given):
    signer = start()
    for name, (change, place) in WRONG.items():
        error = refused(signer, **(given | change(given)))
        assert error.code == -32000 and re.search(place, error.message), (name, error.message)


def test_wrong_shapes(start, given):
    signer = start()
    for field, value, place in [("blobs", ["0x00"], r"blobs\[0\]"), ("blobs", [given["blobs"][0], given["blobs"][1] + "00"], r"blobs\[1\]"), ("blobs", "0x", "blobs"),
                                ("commitments", [given["commitments"][0], "0x"], r"commitments\[1\]"), ("proofs", [None, None], r"proofs\[0\]"),
                                ("blobVersionedHashes", [1, 2], r"blobVersionedHashes\[0\]"), ("blobVersion", 7, "blobVersion"), ("blobVersion", "0x1", "blobVersion"),
                                ("maxFeePerBlobGas", 5, "maxFeePerBlobGas")]:
        error = refused(signer, **(given | {field: value}))
        assert error.code == -32602 and re.search(place, error.message), error.message
    assert "zzz" in str(refused(signer, **(given | {"zzz": 1})))


def test_too_many(start):
    signer = start()
    zero = "0x" + "00" * SIZE
    assert "at most 6" in refused(signer, blobs=[zero] * 7).message
    assert "at most 6" in refused(signer, blobVersionedHashes=["0x01" + "00" * 31] * 7).message
    assert signer.post(request("account_signTransaction", args(blobs=[zero] * 20)))[0] == 413
    assert signer.call("account_version") == "6.1.0"


def test_fields_that_would_be_dropped(start):
    """Clef signed these as a plain transfer."""
    signer = start()
    assert "maxFeePerBlobGas" in refused(signer).message
    assert "commitments" in refused(signer, blobVersionedHashes=["0x01" + "00" * 31], commitments=[INFINITY]).message


# --- what the person changes ---

def edited(start, changes, **request_changes):
    """The signer and its answer when the UI returns the transaction with these changes."""
    signer = start(ui=approving(ui_approveTx=lambda p: {"approved": True, "transaction": p[0]["transaction"] | changes}))
    return signer, signer.later("account_signTransaction", args(**request_changes), seconds=60)


def test_another_blob(start, setup):
    fresh = blob(9)
    _, answer = edited(start, {"blobs": hexes([fresh]), "commitments": None, "proofs": None, "blobVersionedHashes": None}, blobs=hexes([blob(1)]))
    wanted = sidecar(setup, [fresh])
    assert {k: answer.get(60)["tx"][k] for k in wanted} == wanted


def test_another_fee_only(start):
    _, answer = edited(start, {"maxFeePerBlobGas": "0x99"}, blobs=hexes([blob(1)]))
    assert answer.get(60)["tx"]["maxFeePerBlobGas"] == "0x99"


def test_what_the_ui_breaks_is_refused(start):
    changes = {}
    signer = start(ui=approving(ui_approveTx=lambda p: {"approved": True, "transaction": p[0]["transaction"] | changes}))
    for change, place in [({"proofs": [INFINITY]}, r"proofs\[0\]"), ({"commitments": [INFINITY]}, r"blobVersionedHashes\[0\]"),
                          ({"blobs": ["0x" + "00" * SIZE]}, r"proofs\[0\]"), ({"blobs": ["0x00"]}, r"blobs\[0\]"),
                          ({"maxFeePerBlobGas": "0x0"}, "maxFeePerBlobGas"), ({"to": None}, "to:"), ({"blobs": None}, "commitments")]:
        changes = change
        with pytest.raises(RpcError, match=place) as error:
            signer.call("account_signTransaction", args(blobs=hexes([blob(1)])), seconds=60)
        assert error.value.code == -32000 and signer.count("ui_onInputRequired") == 0


# --- several, slow, gone ---

def cpu(signer):
    """CPU seconds of the role proofs."""
    fields = pathlib.Path(f"/proc/{signer.roles()['proofs'][0]}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_two_at_once(start, setup):
    signer = start()
    blobs = [blob(n) for n in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda b: signer.call("account_signTransaction", args(blobs=hexes([b])), seconds=60), blobs))
    for b, answer in zip(blobs, answers):
        assert answer["tx"]["commitments"] == sidecar(setup, [b])["commitments"]


def test_others_are_served_meanwhile(start):
    signer = start()
    slow = signer.later("account_signTransaction", args(blobs=hexes([blob(n) for n in range(6)]), blobVersion=1), seconds=60)
    until(lambda: cpu(signer) > 0.2, 20, "proofs to be at work")
    begin = time.monotonic()
    assert signer.call("account_version") == "6.1.0"
    assert signer.call("account_signTransaction", args(blobVersionedHashes=["0x01" + "00" * 31]))["raw"].startswith("0x03")
    assert not slow.done() or time.monotonic() - begin < 1
    assert len(slow.get(60)["tx"]["proofs"]) == 6 * 128


def test_a_caller_who_is_gone_during_the_proof(start):
    signer = start()
    with signer.connect_http() as s:
        s.sendall(http_request(request("account_signTransaction", args(blobs=hexes([blob(n) for n in range(6)]), blobVersion=1))))
        until(lambda: cpu(signer) > 0.2, 20, "proofs to be at work")
    assert signer.call("account_signTransaction", args(nonce="0x1", blobs=["0x" + "00" * SIZE]), seconds=60)["tx"]["nonce"] == "0x1"
    assert [m["params"][0]["transaction"]["nonce"] for m in signer.seen if m["method"] == "ui_approveTx"] == ["0x1"]
    assert "withdrawn: caller gone" in (signer.home / "audit.log").read_text()


def test_the_time_limit_holds_for_proofs(start):
    signer = start(timeout=1)
    with pytest.raises(RpcError) as error:
        signer.call("account_signTransaction", args(blobs=hexes([blob(1)] * 6), blobVersion=1), seconds=60)
    assert error.value.code == -32002 and signer.count("ui_approveTx") == 0
    assert signer.call("account_version") == "6.1.0"


def test_proofs_that_dies_ends_the_signer(start):
    signer = start()
    slow = signer.later("account_signTransaction", args(blobs=hexes([blob(n) for n in range(6)]), blobVersion=1), seconds=60)
    until(lambda: cpu(signer) > 0.2, 20, "proofs to be at work")
    os.kill(signer.roles()["proofs"][0], signal.SIGKILL)
    with pytest.raises((RpcError, OSError)):
        slow.get(60)
    assert signer.wait_end() == 1 and "the process 'proofs' was killed by signal 9" in signer.stderr()
    assert signer.count("ui_approveTx") == 0


def test_the_signer_ends_at_once_while_proofs_works(start):
    signer = start()
    slow = signer.later("account_signTransaction", args(blobs=hexes([blob(n) for n in range(6)]), blobVersion=1), seconds=60)
    until(lambda: cpu(signer) > 0.2, 20, "proofs to be at work")
    begin = time.monotonic()
    assert signer.stop(signal.SIGTERM) == 0
    assert time.monotonic() - begin < 2.5
    with pytest.raises((RpcError, OSError)):
        slow.get(60)


def test_nothing_is_loaded_before_the_first_blob(start):
    signer = start()
    signer.call("account_signTransaction", args(blobVersionedHashes=["0x01" + "00" * 31]))
    assert cpu(signer) < 0.1
    rss = int(re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{signer.roles()['proofs'][0]}/status").read_text(), re.M)[1])
    assert rss < 8000


# --- at a terminal ---

def test_at_the_terminal(clef, tmp_path):
    """Six blobs, shown by their hashes and signed."""
    terminal = Terminal(clef, tmp_path)
    try:
        answer = terminal.signer.later("account_signTransaction", args(blobs=["0x" + "00" * SIZE] * 6), seconds=90)
        shown = terminal.see(r"publish 6 blobs", 60)
        shown += terminal.see(r"\[y/N\]: ")
        assert shown.count("010657f3") >= 1 and "00" * 100 not in shown and len(shown) < 20000
        terminal.type("y\n")
        terminal.see(r"^Password: ")
        terminal.type("password123\n")
        assert len(answer.get(60)["tx"]["blobs"]) == 6
    finally:
        terminal.close()
