"""The store's tests run on SQLite and on PostgreSQL; those about a SQLite file say so with `only_sqlite`."""

import pytest
from sqlalchemy import create_engine

from core.base.paths import Workspace
from core.store import engine
from tests.store import servers


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server, of this process of the tests alone."""
    with servers.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def workspace(request, workspace, monkeypatch):
    """An empty workspace, its database on either system; on PostgreSQL it is the test's own."""
    if request.param == "sqlite":
        yield workspace
        return
    with servers.database(request.getfixturevalue("postgresql")) as url:
        monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", url)
        opened = []
        monkeypatch.setattr(engine, "create_engine", lambda *given, **how: _kept(opened, create_engine(*given, **how)))
        yield Workspace()
        for one in opened:
            one.dispose()


def _kept(opened, made):
    """Keep an engine: the driver warns of a connection that is collected while it is open."""
    opened.append(made)
    return made
