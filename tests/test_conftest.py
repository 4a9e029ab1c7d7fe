"""Tests of what the tests share."""

from importlib.metadata import requires

import pytest
import sniffio

from tests import conftest
from tests.conftest import require


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that this machine has no browser."""
    monkeypatch.setattr(conftest, "LACKING", {"browser": lambda: "there is none"})


@pytest.mark.anyio
async def test_async_tests_run_on_the_backend_they_name(anyio_backend: str) -> None:
    """A test marked `anyio` runs on asyncio and on trio."""
    assert sniffio.current_async_library() == anyio_backend


@pytest.mark.usefixtures("no_browser")
def test_a_missing_thing_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test whose browser is missing is skipped, with the reason, when nobody requires one."""
    monkeypatch.delenv("CHATDESK_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="browser: there is none"):
        require("browser")


@pytest.mark.usefixtures("no_browser")
def test_a_missing_required_thing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test whose browser is missing fails where CHATDESK_REQUIRE names the browser."""
    monkeypatch.setenv("CHATDESK_REQUIRE", "postgres,browser")
    with pytest.raises(pytest.fail.Exception, match="required by CHATDESK_REQUIRE"):
        require("browser")


@pytest.mark.usefixtures("no_browser")
def test_a_marked_test_requires_its_thing(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark `browser` is enough to require a browser."""
    monkeypatch.delenv("CHATDESK_REQUIRE", raising=False)
    conftest.pytest_runtest_setup(request.node)
    request.node.add_marker("browser")
    with pytest.raises(pytest.skip.Exception, match="there is none"):
        conftest.pytest_runtest_setup(request.node)


def test_a_thing_that_is_there_lets_the_test_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test whose browser is there simply goes on."""
    monkeypatch.setattr(conftest, "LACKING", {"browser": lambda: None})
    monkeypatch.setenv("CHATDESK_REQUIRE", "browser")
    require("browser")
    assert conftest.LACKING["browser"]() is None


def test_the_tested_package_is_installed() -> None:
    """The tests run against an installed chatdesk, whose requirements can be read."""
    assert any(line.startswith("msgspec") for line in requires("chatdesk") or [])
