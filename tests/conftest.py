"""What every Python test uses: the binary under test, and a signer of its own for each test that asks for one."""
import os
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(TESTS), str(TESTS / "recordings")]

from signer import Signer  # noqa: E402  (the path comes first)


@pytest.fixture(scope="session")
def clef():
    """The release build; CLEF_BINARY names another one."""
    path = pathlib.Path(os.environ.get("CLEF_BINARY", TESTS.parent / "build" / "clef"))
    if not path.exists():
        pytest.fail(f"{path} is not there: run make first")
    return str(path)


@pytest.fixture
def start(clef, tmp_path, request):
    """start(...) starts a signer with folders of its own below tmp_path; all are stopped at the end of the test."""
    running = []

    def start_one(*args, **settings):
        home = settings.pop("home", None) or tmp_path / f"signer{len(running)}"
        signer = Signer(clef, home, *args, **settings)
        signer.answers_checked = not request.node.get_closest_marker("bad_answers")
        running.append(signer)
        return signer

    yield start_one
    for signer in running:
        signer.close()
    wrong = [text for signer in running for text in signer.wrong]
    assert not wrong, "the UI channel breaks docs/ui-protocol.schema.json:\n" + "\n".join(wrong[:5])


@pytest.fixture
def rounds(request):
    """rounds(few, many): few in make test, many in make soak, which plays the tests marked soak."""
    return lambda few, many: many if os.environ.get("CLEF_SOAK") else few


def pytest_configure(config):
    config.addinivalue_line("markers", "bad_answers: the test's UI answers wrongly on purpose")
    config.addinivalue_line("markers", "soak: has a long campaign, played in full by make soak")


def pytest_collection_modifyitems(items):
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(3600 if os.environ.get("CLEF_SOAK") else 120))
        if "rounds" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.soak)
