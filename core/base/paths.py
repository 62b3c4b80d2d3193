"""Where everything lies: the workspace, the checkpoints, the database, and the settings that move them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.base.config import GivenPath
from core.base.errors import InputError

ROOT = Path(__file__).resolve().parents[2]  # the repository


class Settings(BaseSettings):
    """What the `PLEURASCOPE_...` environment variables may move."""

    model_config = SettingsConfigDict(env_prefix="PLEURASCOPE_", env_ignore_empty=True, extra="ignore")

    workspace: GivenPath = ROOT / "workspace"
    checkpoints: GivenPath = ROOT / "checkpoints"
    database_url: str | None = None  # SQLAlchemy URL; None is SQLite inside the workspace
    device: Literal["auto", "cpu", "cuda"] = "auto"
    online: bool = False  # off: nothing leaves the machine
    audit_key_file: GivenPath | None = None  # None is in the user's configuration folder
    lookup_file: GivenPath | None = None  # from pseudonyms back to patients; None: no such file is kept
    role_claim: str = "roles"  # where the login's provider says what somebody may do
    idle_minutes: int = Field(default=15, ge=1, le=720)  # after which a session with a login locks


def read_settings() -> Settings:
    """Read the environment's settings.

    Raises:
        InputError: If one of them has a value that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        msg = (
            f"Setting PLEURASCOPE_{str(first['loc'][0]).upper()}: {str(first['msg']).lower()}, "
            f"found {first['input']!r}; correct it or unset it."
        )
        raise InputError(msg) from None


class Workspace:
    """The folders and files of one installation.

    Reads the settings when it is made, so a test or a command may point elsewhere.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or read_settings()
        self.root = settings.workspace.resolve()
        self.checkpoints = settings.checkpoints.resolve()
        for folder, variable in ((self.root, "WORKSPACE"), (self.checkpoints, "CHECKPOINTS")):
            if folder.exists() and not folder.is_dir():
                msg = f"Expected PLEURASCOPE_{variable} to name a folder, found a file at {folder}; name another."
                raise InputError(msg)
        self.audit_key_file = settings.audit_key_file
        self.lookup_file = settings.lookup_file
        self.database_url = settings.database_url or f"sqlite:///{self.root / 'pleurascope.sqlite'}"

    @property
    def datasets(self) -> Path:
        """Folder with one folder a data set."""
        return self.root / "datasets"

    @property
    def jobs(self) -> Path:
        """Folder with one folder a job: its config, progress and log."""
        return self.root / "jobs"

    @property
    def reports(self) -> Path:
        """Folder of the evaluation reports."""
        return self.root / "reports"

    @property
    def cache(self) -> Path:
        """Folder of what can be made again: decoded pixels, thumbnails."""
        return self.root / "cache"

    def dataset(self, name: str) -> Path:
        """Folder of one data set."""
        return self.datasets / checked_name(name, "data set")

    def radiographs(self, dataset: str) -> Path:
        """The radiographs table of a data set."""
        return self.dataset(dataset) / "radiographs.parquet"

    def truth(self, dataset: str) -> Path:
        """The truth table of a data set."""
        return self.dataset(dataset) / "truth.parquet"

    def passports(self, dataset: str) -> Path:
        """What is known of each image of a synthetic data set."""
        return self.dataset(dataset) / "passports.parquet"

    def synthetic_card(self, dataset: str) -> Path:
        """What a synthetic data set says of itself: its generator, what was translated, which way."""
        return self.dataset(dataset) / "synthetic.json"

    def index_report(self, dataset: str) -> Path:
        """What `index` read and what it left out, by reason."""
        return self.dataset(dataset) / "index_report.json"

    def splits(self, dataset: str) -> Path:
        """Folder of a data set's splits."""
        return self.dataset(dataset) / "splits"

    def split(self, dataset: str, name: str) -> Path:
        """The table of one split; its certificate lies beside it as `.json`."""
        return self.splits(dataset) / f"{checked_name(name, 'split')}.parquet"

    def checkpoint(self, checkpoint_id: str) -> Path:
        """Folder of one checkpoint."""
        return self.checkpoints / checked_name(checkpoint_id, "checkpoint")

    def predictions(self, checkpoint_id: str, dataset: str, split: str | None = None, part: str | None = None) -> Path:
        """A checkpoint's predictions table for a data set and, if given, one part of a split."""
        parts = ((dataset, "data set"), (split or "all", "split"), (part or "all", "part"))
        stem = "-".join(checked_name(name, kind) for name, kind in parts)
        return self.root / "predictions" / checked_name(checkpoint_id, "checkpoint") / f"{stem}.parquet"

    def report(self, report_id: str) -> Path:
        """One evaluation report."""
        return self.reports / f"{checked_name(report_id, 'report')}.json"

    def job(self, job_id: int) -> Path:
        """Folder of one job."""
        return self.jobs / str(job_id)


def checked_name(name: str, kind: str) -> str:
    """Return `name` if it can stand in a file name.

    Raises:
        InputError: If it is empty, longer than 80 characters, starts with a dot or holds
            anything but letters, digits, dot, hyphen and underscore.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", name):
        msg = (
            f"Expected a {kind} name of 1 to 80 letters, digits, dots, hyphens or underscores "
            f"that does not start with a dot or hyphen, found {name!r}; choose another name."
        )
        raise InputError(msg)
    return name
