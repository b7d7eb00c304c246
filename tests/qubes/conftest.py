"""Tests of what runs in a vault and in its clients, without Qubes."""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from bed import Bed, short_folder  # noqa: E402  (the path comes first)
from vault import Vault  # noqa: E402


@pytest.fixture(scope="session")
def service(clef):
    """qubes.Clefsign of the build that `clef` is of; CLEF_QUBES_SERVICE names another one."""
    path = pathlib.Path(os.environ.get("CLEF_QUBES_SERVICE") or pathlib.Path(clef).resolve().parent.parent / "qubes" / "qubes.Clefsign")
    if not path.exists():
        pytest.fail(f"{path} is not there: run make first")
    return path


@pytest.fixture
def vault(service):
    vault = Vault(service)
    yield vault
    vault.close()


@pytest.fixture
def make_bed(clef):
    """make_bed(...): another Bed (the whole way from a dapp to the signer); all are taken down at the end of the test."""
    beds = []
    with short_folder() as home:
        def make(*args, **settings):
            beds.append(Bed(clef, f"{home}/{len(beds)}", *args, **settings))
            return beds[-1]

        yield make
        for one in beds:
            one.close()
    wrong = [text for one in beds for text in one.wrong()]
    assert not wrong, "the UI channel breaks docs/ui-protocol.schema.json:\n" + "\n".join(wrong[:5])


@pytest.fixture
def bed(make_bed):
    return make_bed()
