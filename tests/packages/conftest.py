"""What every test of the packages uses."""
import pathlib
import shutil

import pytest

from package_files import DEBS, RPMS, Machine, found


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == pathlib.Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def debs():
    return {name: found(f"{name}_*.deb") for name in DEBS}


@pytest.fixture(scope="session")
def rpms():
    return {name: found(f"{name}-[0-9]*.rpm") for name in RPMS}


@pytest.fixture
def machine(tmp_path):
    for program in ("dpkg", "deb-systemd-helper"):
        if not shutil.which(program):
            pytest.fail(f"{program} is missing; run tools/setup first")
    return Machine(tmp_path)
