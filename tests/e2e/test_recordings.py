"""Every recorded scenario of Clef 1.17.3, one test each. What differs on purpose is listed in tests/vectors (see recordings/verdict.py)."""
import os
import pathlib

import pytest

import replay
import replay_cli
import verdict

ENTRIES, WRONG = verdict.listed()
SCENARIOS = [(path.name, scenario) for path in sorted(pathlib.Path(verdict.RECORDED).glob("*.json"))
             for scenario in verdict.scenarios(path)]


def test_lists_name_what_is_there():
    assert not WRONG + verdict.dangling(ENTRIES)


@pytest.mark.parametrize("file, scenario", SCENARIOS, ids=[f"{f[:-5]}: {s['name']}" for f, s in SCENARIOS])
def test_recorded(clef, file, scenario):
    driver = replay_cli if file.startswith("cli-") else replay
    found = driver.run(os.path.abspath(clef), scenario, verdict.options())
    problems = verdict.problems(found, ENTRIES.get((file, scenario["name"]), {}))
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


class TestVerdict:
    """The lists must not be able to hide anything."""

    def test_a_difference_that_is_not_listed_fails(self):
        assert verdict.problems({"0": [], "1": ["wanted a, got b"]}, {}) == ["wanted a, got b"]

    def test_a_listed_difference_passes(self):
        assert verdict.problems({"1": ["wanted a, got b"]}, {"1": "why"}) == []

    def test_a_listed_step_that_agrees_fails(self):
        assert "no longer differs" in verdict.problems({"1": []}, {"1": "why"})[0]

    def test_a_listed_step_that_is_not_compared_fails(self):
        assert "was not compared" in verdict.problems({"0": []}, {"1": "why"})[0]

    def test_a_listed_step_that_is_not_there_fails(self):
        file, scenario = SCENARIOS[0]
        assert verdict.dangling({(file, scenario["name"]): {"10000": "why"}})
        assert verdict.dangling({(file, "no such scenario"): {"0": "why"}})
        assert verdict.dangling({("no-such-file.json", "x"): {"0": "why"}})
