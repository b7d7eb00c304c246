"""docs/external-api.md against the program: its methods, and every example as it stands there."""
import json

import pytest

import external_api


def test_the_page_says_what_the_program_does(start, clef):
    signer = start(*external_api.FLAGS)
    page = external_api.PAGE.read_text()
    found, _ = external_api.problems(page, clef, lambda request: json.loads(signer.post(request)[1]))
    assert not found, "\n".join(found + ["tests/external_api.py --write renews what is generated"])


@pytest.mark.parametrize("old, new", [('"result": "6.1.0"', '"result": "6.1.1"'), ("### eth_chainId\n", "### eth_chainID\n"),
                                      ("- Result: text\n", "- Result: number\n"), ("- `wallet_sendCalls`: ", "- `wallet_sendCalls`: not ")])
def test_a_page_that_is_wrong_is_found(start, clef, old, new):
    signer, page = start(*external_api.FLAGS), external_api.PAGE.read_text()
    assert old in page
    found, right = external_api.problems(page.replace(old, new, 1), clef, lambda request: json.loads(signer.post(request)[1]))
    assert found and (right == page or old.startswith("###"))


def test_requests_are_those_of_the_method_they_stand_under():
    for name, section in external_api.sections(external_api.PAGE.read_text()).items():
        for request, answer, _ in external_api.examples(section):
            assert request["method"] == name or name == "Not offered"
            assert answer["id"] == request["id"] and answer["jsonrpc"] == "2.0"
