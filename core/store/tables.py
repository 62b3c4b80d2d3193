"""The tables of the database, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Integer, primary_key=True, autoincrement=True),
    Column("parent_id", ForeignKey("jobs.job_id"), nullable=True),  # the job that filed this one
    Column("title", String(200), nullable=False),  # what a person reads: "Train CNN on phantoms"
    Column("arguments", JSON, nullable=False),  # the words after `python -m core`
    Column("config", JSON, nullable=True),  # handed over as `--job FILE`
    Column("state", String(20), nullable=False),  # queued | running | done | failed | cancelled
    Column("priority", Integer, nullable=False),  # lower goes first: 0 a person's, 10 the demo's
    Column("holds_device", Boolean, nullable=False),  # False for a job that only files children and waits
    Column("cancel_asked", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
    Column("started_at", Float, nullable=True),
    Column("ended_at", Float, nullable=True),
    Column("pid", Integer, nullable=True),
    Column("pid_started_at", Float, nullable=True),  # tells a process from a later one with its number
    Column("made", JSON, nullable=True),  # what the command's --json printed
    Column("message", Text, nullable=True),  # why it failed, in a sentence
    Index("jobs_by_state", "state", "priority", "job_id"),
)

worklists = Table(
    "worklists",
    metadata,
    Column("worklist_id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("checkpoint_id", String(80), nullable=False),
    Column("weights_sha256", String(64), nullable=False),  # of the checkpoint when the worklist was made
    Column("dataset", String(80), nullable=False),
    Column("split", String(80), nullable=False),
    Column("part", String(20), nullable=False),
    Column("truth", String(80), nullable=False),  # source of the labels that the policy was chosen by
    Column("policy", JSON, nullable=False),
    Column("cut", Float, nullable=False),  # the operating point
    Column("cut_from", String(200), nullable=False),  # who or what set it, and when
    Column("read_mode", String(20), nullable=False),  # open | blinded
    Column("readers", JSON, nullable=False),  # names; none: anybody
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
    Column("created_by", String(200), nullable=False),
)
