"""Random typed data (EIP-712) against two independent libraries, eth-account and @metamask/eth-sig-util: the same hashes; and one thing wrong in each is refused."""
import copy
import json
import pathlib
import random
import subprocess

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from signer import FIRST, RpcError, approving

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENTS = 300
ADDRESS = "0x%040x"
TEXTS = ["", "a", "Grüße", "日本語", "😀", "line\nbreak", "\"quoted\" \\", "\x00\x1b", "x" * 200, "\u202eevil", "0x1234"]
DOMAIN = {"name": ("string", "Random"), "version": ("string", "1"), "chainId": ("uint256", 1), "verifyingContract": ("address", ADDRESS % 0xc0ffee),
          "salt": ("bytes32", "0x" + "5a" * 32)}


class Maker:
    """Documents of a seed: structs that hold those after them, and lists of anything, also of themselves."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.types = {}
        self.order = [f"{self.random.choice('ABZaz_')}{i}_{self.random.randrange(100)}" for i in range(self.random.randint(1, 5))]

    def atom(self):
        r = self.random
        return r.choice(["address", "bool", "string", "bytes", f"bytes{r.randint(1, 32)}", f"uint{8 * r.randint(1, 32)}", f"int{8 * r.randint(1, 32)}"])

    def kind(self, index):
        r = self.random
        later = self.order[index + 1:]
        base = r.choice(later) if later and r.random() < 0.4 else self.atom()
        for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
            base += r.choice(["[]", "[]", f"[{r.randint(1, 3)}]"])
        return self.order[index] + "[]" if r.random() < 0.05 else base

    def document(self):
        r = self.random
        for index, name in enumerate(self.order):
            self.types[name] = [{"name": f"f{i}" + r.choice(["", "_x", "$", "-y"]), "type": self.kind(index)} for i in range(r.randint(1, 6))]
        # eth-account wants every struct to be referred to
        for name, after in zip(self.order, self.order[1:]):
            self.types[name].append({"name": "next", "type": after + r.choice(["", "[]", "[2]"])})
        chosen = [n for n in DOMAIN if r.random() < 0.7] or ["name"]
        domain = [{"name": n, "type": DOMAIN[n][0]} for n in chosen]
        mixed = list(self.types.items())
        r.shuffle(mixed)
        return {"types": {"EIP712Domain": domain} | dict(mixed), "primaryType": self.order[0], "domain": {n: DOMAIN[n][1] for n in chosen},
                "message": self.struct(self.order[0], 0)}

    def struct(self, name, depth):
        fields = [(f["name"], self.value(f["type"], depth + 1)) for f in self.types[name]]
        self.random.shuffle(fields)
        return dict(fields)

    def value(self, kind, depth):
        r = self.random
        if kind.endswith("]"):
            base, length = kind[:-1].rsplit("[", 1)
            count = int(length) if length else r.randint(0, 2 if depth < 6 else 0)
            return [self.value(base, depth + 1) for _ in range(count)]
        if kind in self.types:
            return self.struct(kind, depth)
        if kind == "address":
            return ADDRESS % r.getrandbits(160)
        if kind == "bool":
            return r.random() < 0.5
        if kind == "string":
            return r.choice(TEXTS)
        if kind.startswith("bytes"):
            return "0x" + r.randbytes(int(kind[5:] or r.randint(0, 70))).hex()
        return self.integer(kind)

    def integer(self, kind):
        r = self.random
        bits = int(kind.lstrip("uint"))
        low, high = (0, 2**bits - 1) if kind.startswith("u") else (-2**(bits - 1), 2**(bits - 1) - 1)
        number = r.choice([low, high, 0, r.randint(low, high), max(low, min(high, r.randint(-300, 300)))])
        if abs(number) < 2**53 and r.random() < 0.5:
            return number  # JavaScript holds it
        return hex(number) if number >= 0 and r.random() < 0.3 else str(number)


def digest(document):
    message = encode_typed_data(full_message=copy.deepcopy(document))
    return "0x" + keccak(b"\x19" + message.version + message.header + message.body).hex(), "0x" + message.header.hex(), "0x" + message.body.hex()


@pytest.fixture(scope="module")
def documents():
    return [Maker(seed).document() for seed in range(DOCUMENTS)]


def test_the_libraries_agree(documents):
    """What the tests below compare with is no invention of one library."""
    script = """
        import { SignTypedDataVersion, TypedDataUtils } from "@metamask/eth-sig-util";
        import { readFileSync } from "node:fs";
        for (const d of JSON.parse(readFileSync(0))) console.log("0x" + Buffer.from(TypedDataUtils.eip712Hash(d, SignTypedDataVersion.V4)).toString("hex"));
    """
    done = subprocess.run(["node", "--input-type=module", "-e", script], input=json.dumps(documents), capture_output=True, text=True, timeout=60, cwd=HERE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [digest(d)[0] for d in documents]


def test_the_same_hashes(start, documents):
    signer = start(ui=approving(ui_approveSignData=lambda p: {"approved": False}))
    for count, document in enumerate(documents, 1):
        with pytest.raises(RpcError, match="request denied"):
            signer.call("account_signTypedData", FIRST, document)
        asked = signer.asked("ui_approveSignData", count)["params"][0]
        decoded = asked["decoded"]
        assert (asked["hash"], decoded["domain_hash"], decoded["message_hash"]) == digest(document), json.dumps(document)
        assert decoded["digest"] == asked["hash"]
    assert not signer.wrong


def test_what_is_shown_is_what_is_signed(start, documents):
    """keys hashes by itself; what it signed is what the libraries recover."""
    signer = start()
    for document in documents[:40]:
        signature = signer.call("account_signTypedData", FIRST, document)
        assert Account.recover_message(encode_typed_data(full_message=copy.deepcopy(document)), signature=signature) == FIRST


def places(value, path=()):
    """Every value within a message."""
    yield path
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, path + (key,))


def spoil(document, r):
    """One thing wrong in the message; returns the path that the error must begin with."""
    path = r.choice(list(places(document["message"]))[1:])
    *up, last = path
    holder = document["message"]
    for key in up:
        holder = holder[key]
    text = "message" + "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in path)
    if isinstance(holder, dict) and r.random() < 0.3:
        del holder[last]
    elif isinstance(holder[last], dict) and r.random() < 0.3:
        holder[last]["extra"] = 1
        text += ".extra"
    else:
        holder[last] = r.choice([None, 1.5, {"x": 1}, "0x" + "zz" * 32]) if not isinstance(holder[last], str) else r.choice([None, 1.5, True, []])
    return text


def test_one_thing_wrong_is_named(start, documents):
    signer = start()
    for seed, document in enumerate(documents):
        wrong = copy.deepcopy(document)
        path = spoil(wrong, random.Random(seed))
        with pytest.raises(RpcError) as e:
            signer.call("account_signTypedData", FIRST, wrong)
        assert e.value.code == -32000 and e.value.message.startswith(path), (path, e.value.message)
    assert signer.count("ui_approveSignData") == 0
