#!/usr/bin/env python3
"""docs/external-api.md and the program: what the page says of each method is what `clef gendoc` prints, every example is what the signer answers.

usage: tests/external_api.py [--write]     CLEF_BINARY names the program; --write renews the page's generated parts and answers, otherwise differences are printed

A method's section begins with gendoc's text, up to the end of its list; behind that may follow what people wrote. Blocks marked json come in pairs, a
request and its answer.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from signer import Signer

TESTS = pathlib.Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "external-api.md"
FLAGS = ["--advanced", "--eth-api", "--allow-eth-sign", "--allow-bulk"]
BY_CHANCE = {"account_new"}  # their answers are compared by shape


def sections(text):
    """The parts of a page that begin with ###, by their titles, each up to the next heading."""
    return {m[1]: m[0] for m in re.finditer(r"^### (.+)\n(?:(?!##).*\n)*", text, re.M)}


def told_by(clef):
    """What gendoc says for callers, by method."""
    text = subprocess.run([clef, "gendoc"], capture_output=True, text=True, check=True).stdout
    return sections(text[:text.index("## Methods for the UI")])


def head_of(section):
    """The part of a section that is gendoc's: title, text and list."""
    return re.match(r"### .+\n\n(?:(?!- ).*\n)*?\n(?:- .*\n)+", section)[0]


def examples(section):
    """(request, answer, where the answer stands) of each pair."""
    blocks = list(re.finditer(r"^```json\n(.*?)\n```$", section, re.M | re.S))
    assert len(blocks) % 2 == 0, f"a request without an answer: {section[:60]}"
    return [(json.loads(a[1]), json.loads(b[1]), b.span(1)) for a, b in zip(blocks[::2], blocks[1::2])]


def in_lines(value, indent=""):
    """JSON as the page has it: what fits stands on one line."""
    text = json.dumps(value, ensure_ascii=False)
    if len(indent + text) <= 150 or not isinstance(value, (dict, list)):
        return text
    deeper, (begin, end) = indent + "  ", "{}" if isinstance(value, dict) else "[]"
    parts = [f"{json.dumps(k)}: {in_lines(v, deeper)}" for k, v in value.items()] if begin == "{" else [in_lines(v, deeper) for v in value]
    return begin + "\n" + ",\n".join(deeper + part for part in parts) + "\n" + indent + end


def shape(value):
    """The same with every text replaced by its length."""
    return {k: shape(v) for k, v in value.items()} if isinstance(value, dict) else len(value) if isinstance(value, str) else value


def problems(page, clef, play, write=False):
    """What the page says that is not so, and the page put right. play(request) gives the signer's answer."""
    found, told, old = [], told_by(clef), sections(page)
    ours = {name: s for name, s in old.items() if re.fullmatch(r"[a-z0-9]+_\w+", name) or name in told}
    found += [f"{name}: in the page, not in the program" for name in ours.keys() - told.keys()]
    found += [f"{name}: in the program, not in the page" for name in told.keys() - ours.keys()]
    for name in sorted(ours.keys() & told.keys(), key=lambda name: (name in BY_CHANCE, name)):  # a new account would be in every list
        section = ours[name]
        if head_of(section) != head_of(told[name]):
            found.append(f"{name}: the page says\n{head_of(section)}and gendoc\n{head_of(told[name])}")
            section = section.replace(head_of(section), head_of(told[name]))
        pairs = examples(section)
        if not pairs and name != "Not offered":
            found.append(f"{name}: has no example")
        for request, wanted, (begin, end) in reversed(pairs):
            got = play(request)
            if (shape(got) == shape(wanted)) if name in BY_CHANCE else got == wanted:
                continue
            found.append(f"{name}: {json.dumps(request)} is answered with {json.dumps(got)}, in the page stands {json.dumps(wanted)}")
            section = section[:begin] + in_lines(got) + section[end:]
        page = page.replace(ours[name], section)
    return found, page


def main():
    clef = os.environ.get("CLEF_BINARY", str(TESTS.parent / "build" / "clef"))
    with tempfile.TemporaryDirectory() as home:
        signer = Signer(clef, home, *FLAGS)
        try:
            found, page = problems(PAGE.read_text(), clef, lambda request: json.loads(signer.post(request)[1]))
        finally:
            signer.close()
    print("\n".join(found) or "docs/external-api.md says what the program does")
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page)
        return 0
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
