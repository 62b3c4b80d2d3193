"""The tables of the database, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

ERASED = "erased"  # what stands in an erased row in the place of a film's id and hash, and the action of its entry

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
    Column("filed_by", String(80), nullable=True),  # who filed it; null before this was noted
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
    Column("purpose", String(20), nullable=False),  # reading | practice, whose reads enter no statistic
    Column("films", JSON, nullable=True),  # image ids; null: those that the policy lists
)

# What follows only grows: triggers refuse to change or delete a row, and every row has its entry in `audit`.

store = Table(
    "store",
    metadata,
    Column("store_id", String(32), primary_key=True),  # random, from the migration; names the head file beside the key
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
)

reads = Table(
    "reads",
    metadata,
    Column("read_id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),  # made by the viewer: a double click is one read
    Column("worklist", ForeignKey("worklists.name"), nullable=False),
    Column("image_id", String(200), nullable=False),
    Column("image_sha256", String(64), nullable=False),  # of the decoded pixels that were drawn
    Column("reader", String(80), nullable=False),
    Column("role", String(20), nullable=False),  # reader | adjudicator
    Column("stage", Integer, nullable=False),  # 1 before anything of the model was seen, 2 after
    Column("answer", JSON, nullable=False),  # what `Answer.to_dict` gave
    Column("seen", JSON, nullable=False),  # what the reader had seen of the model and of others
    Column("seconds", Float, nullable=False),  # that the window was visible
    Column("supersedes", ForeignKey("reads.read_id"), nullable=True),  # the reader's own read before, of this case
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
    Index("reads_by_case", "worklist", "image_id", "read_id"),
)

proposals = Table(
    "proposals",
    metadata,
    Column("proposal_id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),  # made by the form: a double click is one proposal
    Column("checkpoint_id", String(80), nullable=False),
    Column("weights_sha256", String(64), nullable=False),  # of another checkpoint of this name it never counts
    Column("dataset", String(80), nullable=False),
    Column("split", String(80), nullable=False),
    Column("split_sha256", String(64), nullable=False),  # of the split's table when it was proposed
    Column("truth", String(80), nullable=False),  # source of the labels that the figures were measured against
    Column("origin", String(20), nullable=False),  # tune: chosen on that fold; card: the one chosen at training
    Column("threshold", Float, nullable=False),  # on the calibrated probability
    Column("films", Integer, nullable=False),  # of tune, with a label
    Column("positive_films", Integer, nullable=False),
    Column("figures", JSON, nullable=False),  # what it achieves there, by name
    Column("name", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(80), nullable=False),
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
    Index("proposals_by_checkpoint", "checkpoint_id", "proposal_id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("proposal_id", ForeignKey("proposals.proposal_id"), nullable=False, unique=True),  # decided once
    Column("decision", String(20), nullable=False),  # activated | declined | withdrawn
    Column("reason", Text, nullable=True),  # why it was declined
    Column("decided_by", String(80), nullable=False),
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
)

origin_reads = Table(
    "origin_reads",
    metadata,
    Column("origin_read_id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),  # of this pair and this reader: one answer
    Column("synthetic", String(80), nullable=False),  # the synthetic data set
    Column("generator_sha256", String(64), nullable=False),  # of the weights its images were made with
    Column("dataset", String(80), nullable=False),  # of the films
    Column("direction", String(20), nullable=False),  # a-to-b | b-to-a
    Column("reader", String(80), nullable=False),
    Column("source", String(20), nullable=False),  # of the film: real | phantom
    Column("film_id", String(200), nullable=False),
    Column("film_sha256", String(64), nullable=False),  # of its decoded pixels
    Column("film_patient", String(200), nullable=False),
    Column("made_id", String(200), nullable=False),
    Column("made_sha256", String(64), nullable=False),
    Column("made_patient", String(200), nullable=False),  # of its parent
    Column("image_size", Integer, nullable=False),  # side of both pictures in pixels
    Column("seen", Boolean, nullable=False),  # whether the generator saw either patient
    Column("film_side", String(10), nullable=False),  # left | right: where the film stood
    Column("chosen", String(10), nullable=False),  # left | right: what the reader took for the film
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
    Index("origin_reads_by_set", "synthetic", "origin_read_id"),
)

switches = Table(
    "switches",
    metadata,
    Column("switch_id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),  # made by the form: a double click is one decision
    Column("name", String(40), nullable=False),  # what is turned: "counterfactual"
    Column("turned_on", Boolean, nullable=False),  # the newest row of a name counts; without one it is off
    Column("reason", Text, nullable=False),
    Column("decided_by", String(80), nullable=False),
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
    Index("switches_by_name", "name", "switch_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("entry_id", Integer, primary_key=True, autoincrement=True),  # without gaps, from 1
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),  # what happened, such as "first answer"
    Column("row_table", String(40), nullable=True),  # the row that was written, if one was
    Column("row_key", String(200), nullable=True),
    Column("row_digest", String(64), nullable=True),  # SHA-256 of the row's content
    Column("about", JSON, nullable=False),  # what a person reads
    Column("previous", String(64), nullable=False),  # the hash of the entry before; zeros for the first
    Column("hash", String(64), nullable=False),  # HMAC-SHA256 of all of this entry
)
