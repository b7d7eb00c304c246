"""A bed of its own for each test that asks for one (bed.py)."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from bed import Bed, short_folder  # noqa: E402  (the path comes first)


@pytest.fixture
def make_bed(clef):
    """make_bed(...): another Bed; all are taken down at the end of the test."""
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
