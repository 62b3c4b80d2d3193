"""Moves a database between migrations, as Alembic does it."""

from __future__ import annotations

from collections.abc import Callable

from alembic.config import Config
from sqlalchemy import Engine

from core.store.engine import MIGRATIONS, known_revisions


def moved(engine: Engine, direction: Callable[[Config, str], object], revision: str) -> None:
    """Bring a database to a revision by `command.upgrade` or `command.downgrade`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        direction(config, revision)


def newest() -> str:
    """Return the newest revision there is."""
    return known_revisions()[0]
