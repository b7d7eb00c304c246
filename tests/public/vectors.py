#!/usr/bin/python3
"""Public test vectors: turns the cases that ethers publishes (npm package @ethersproject/testcases, fetched by tools/setup) and the examples of EIP-155 and EIP-712 into
lines for play_vectors, plays them and compares the counts.

usage: tests/public/vectors.py PLAY_VECTORS FOLDER   FOLDER holds the package's *.json.gz
       tests/public/vectors.py --print FOLDER        the lines alone
"""
import collections
import gzip
import json
import pathlib
import re
import subprocess
import sys

# What there is to be played: fewer cases mean that some were lost on the way.
EXPECTED = {"keccak": 516, "address": 1038, "rlp": 61, "transaction": 3927, "keyfile": 7, "typed": 1026, "selector": 1880, "calldata": 3925}
FIELDS = {"gasLimit": "gas"}
REFUSED = ("", "", "")


def load(folder, name):
    with gzip.open(folder / f"{name}.json.gz", "rt", encoding="utf-8") as f:
        return json.load(f)


def hashes(folder):
    for number, case in enumerate(load(folder, "hashes")):
        yield "keccak", number, case["data"], case["keccak256"]


def accounts(folder):
    for case in load(folder, "accounts"):
        yield "address", case["name"], case["address"], case["checksumAddress"]


def rlp(folder):
    for case in load(folder, "rlp-coder"):
        yield "rlp", case["name"], case["encoded"], json.dumps(case["decoded"], separators=(",", ":"))


def quantity(value):
    """As JSON-RPC wants it: ethers leaves out what is 0, and writes "0x" for it."""
    number = value if isinstance(value, int) else int(value, 16) if len(value) > 2 else 0
    return hex(number)


def request(fields, chain):
    """The argument of account_signTransaction."""
    asked = {FIELDS.get(name, name): value if name in ("to", "data", "accessList") else quantity(value)
             for name, value in fields.items() if name != "chainId" and value not in (None, "")}
    if "to" in asked and asked["to"] in ("0x", None):
        del asked["to"]
    return asked | ({"chainId": hex(chain)} if chain else {})


def is_possible(fields, chain, kind=0):
    """Clef takes gas and nonce of 64 bits at most; without a chain id, a typed transaction would be good on any chain."""
    return all(int(quantity(fields.get(name) or "0x"), 16) < 1 << 64 for name in ("gasLimit", "nonce")) and (kind == 0 or chain > 0)


def transactions(folder):
    for case in load(folder, "transactions"):
        fields = {name: case[name] for name in ("nonce", "gasPrice", "gasLimit", "to", "value", "data") if name in case}
        for chain, suffix in ((0, ""), (5, "ChainId5")):
            expected = (case["unsignedTransaction" + suffix], case["signedTransaction" + suffix], case["accountAddress"].lower())
            yield ("transaction", f"{case['name']} chain {chain}", case["privateKey"], chain, json.dumps(request(fields, chain)),
                   *(expected if is_possible(fields, chain) else REFUSED))


def typed_transactions(folder):
    for case in load(folder, "typed-transactions"):
        fields = dict(case["tx"])
        chain = int(quantity(fields.get("chainId", 0)), 16)
        kind = fields["type"]
        # The type follows from the fields.
        fields.setdefault("maxFeePerGas" if kind == 2 else "accessList", "0x0" if kind == 2 else [])
        if kind == 1 and fields["accessList"] is None:
            fields["accessList"] = []
        expected = (case["unsigned"], case["signed"], case["address"].lower()) if is_possible(fields, chain, kind) else REFUSED
        yield "transaction", case["name"], case["key"], chain, json.dumps(request(fields, chain)), *expected


def wallets(folder):
    for case in load(folder, "wallets"):
        if case["type"] == "secret-storage":
            text = json.dumps(json.loads(case["json"]))
            yield "keyfile", case["name"], "0x" + case["password"].encode().hex(), case["privateKey"], case["address"].lower(), text


DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"), ("salt", "bytes32"))


def typed_data(folder):
    for case in load(folder, "eip712"):
        types = case["types"] | {"EIP712Domain": [{"name": n, "type": t} for n, t in DOMAIN if n in case["domain"]]}
        document = {"types": types, "primaryType": case["primaryType"], "domain": case["domain"], "message": case["data"]}
        key = case.get("privateKey")
        # An empty domain is refused, as Clef does: the signature would be good for every contract.
        yield "typed", case["name"], key or "0x", case["digest"] if case["domain"] else "", case["signature"] if key else "0x", json.dumps(document)


def signatures(folder):
    for case in load(folder, "contract-signatures"):
        yield "selector", case["name"], case["signature"], case["sigHash"]


def canonical(text):
    """ethers spells tuples with a word in front, and leaves out widths."""
    return re.sub(r"\b(uint|int)\b(?!\d)", r"\g<1>256", text.replace("tuple(", "("))


def split(text):
    """The members of "(a,(b,c),d[2])"."""
    depth, begin, parts = 0, 1, []
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 1 or letter == ")" and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    return [part for part in parts if part]


def shown(kind, value):
    """A value as a person is shown it."""
    if isinstance(value, list):
        return "[" + " ".join(shown(kind[:kind.rindex("[")], entry) for entry in value) + "]"
    of, value = value["type"], value["value"]
    if of == "tuple":
        return "{" + " ".join(shown(inner, entry) for inner, entry in zip(split(kind), value)) + "}"
    if of == "boolean":
        return "true" if value else "false"
    if kind.startswith("bytes") or of == "buffer":
        return value.lower()
    return str(value)


def calldata(folder):
    for file in ("contract-interface", "contract-interface-abi2"):
        for case in load(folder, file):
            kinds = [canonical(kind) for kind in json.loads(case["types"])]
            values = json.loads(case.get("normalizedValues") or case["values"])
            texts = "|".join(shown(kind, value) for kind, value in zip(kinds, values))
            yield "calldata", f"{file} {case['name']}", f"test({','.join(kinds)})", case["result"], "0x" + texts.encode().hex()


MAIL = {
    "types": {"EIP712Domain": [{"name": n, "type": t} for n, t in DOMAIN[:4]],
              "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
              "Mail": [{"name": "from", "type": "Person"}, {"name": "to", "type": "Person"}, {"name": "contents", "type": "string"}]},
    "primaryType": "Mail",
    "domain": {"name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},
    "message": {"from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
                "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"}, "contents": "Hello, Bob!"},
}


def proposals(_folder):
    """The examples in the texts of the EIPs that have one with its signature."""
    yield ("transaction", "EIP-155", "0x" + "46" * 32, 1, json.dumps(request(
        {"nonce": 9, "gasPrice": 20 * 10**9, "gasLimit": 21000, "to": "0x" + "35" * 20, "value": 10**18}, 1)),
        "0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080",
        "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
        "a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83", "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f")
    yield ("typed", "EIP-712", "0xc85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4",  # Keccak-256 of "cow"
           "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2",
           "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c", json.dumps(MAIL))


def lines(folder):
    for source in (proposals, hashes, accounts, rlp, transactions, typed_transactions, wallets, typed_data, signatures, calldata):
        for fields in source(folder):
            yield "\t".join(map(str, fields)) + "\n"


def main():
    folder = pathlib.Path(sys.argv[2])
    if not (folder / "eip712.json.gz").exists():
        sys.exit(f"{folder}: the test cases are not there: run tools/setup, which fetches them")
    if sys.argv[1] == "--print":
        sys.stdout.writelines(lines(folder))
        return
    run = subprocess.run([sys.argv[1]], input="".join(lines(folder)), capture_output=True, text=True)
    print(run.stdout[:20000], run.stderr, sep="", end="")
    counts = {kind: int(count) for count, kind in re.findall(r"^(\d+) (\w+)$", run.stdout, re.M)}
    if run.returncode != 0 or collections.Counter(counts) != collections.Counter(EXPECTED):
        sys.exit(f"not as expected: {EXPECTED}")


if __name__ == "__main__":
    main()
