"""A reader's name has one form; and the whole of who may do what: every right, page, command and writing function."""

from __future__ import annotations

import unicodedata

import pytest

from core.__main__ import COMMANDS
from core.base.errors import InputError
from core.base.paths import ROOT
from core.jobs.queue import JobQueue
from core.review import audit_log, export, rights, switches
from core.review.read_store import Reads
from core.triage.worklists import Worklist, Worklists


@pytest.mark.parametrize("name", ["Ada", "José Müller", "O'Brien-Smith, J.", "李雷", "Dr. 2"])
def test_a_name_stays_as_it_is(name):
    assert rights.checked_reader(f"  {name} ") == name
    assert rights.checked_reader(unicodedata.normalize("NFD", name)) == name


@pytest.mark.parametrize(
    "name", ["", "   ", "=HYPERLINK(1)", "![x](https://evil.example/p.png)", "_Ada_", "a" * 61, "Ada\x00", ":red[Ada]"]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(InputError, match="Expected a reader's name of 1 to 60 letters, digits, spaces"):
        rights.checked_reader(name)


@pytest.mark.parametrize("name", ["command line", "PleuraScope", "The  dashboard"])
def test_the_program_is_no_reader(name):
    with pytest.raises(InputError, match="which stands for the program itself"):
        rights.checked_reader(name)


def test_a_list_names_each_reader_once():
    assert rights.checked_readers(["Ada", " ", "Grace"]) == ("Ada", "Grace")
    with pytest.raises(InputError, match="Expected each reader once, found one twice in Ada, Ada"):
        rights.checked_readers(["Ada", "Ada "])


def test_nobody_has_a_right_and_without_a_login_a_name_has_all():
    assert rights.may("Ada", rights.ADJUDICATE)
    assert not rights.may("Ada", "delete")
    with pytest.raises(InputError, match="Expected the right to read, found that nobody lacks it"):
        rights.require("", rights.READ)


# The whole of who may do what, written out: what a hospital reads is what is tested.
MAY = {
    "clinician": {"read", "adjudicate", "take in films"},
    "researcher": {"read", "export", "propose", "research", "run", "take in films"},
    "administrator": set(rights.RIGHTS),
}
OPEN = {
    "clinician": {"worklist", "review", "intake"},
    "researcher": {"worklist", "review", "intake", "splits", "compare", "thresholds", "uncertainty", "translations",
                   "overview", "training", "readers", "audit"},
}  # fmt: skip
FILE = {
    "clinician": set(),
    "researcher": set(COMMANDS) - {"review", "jobs", "backup", "restore", "erase"},
    "administrator": set(COMMANDS),
}
EVERY_ROLE = [*MAY, None, "surgeon"]


@pytest.fixture
def role(request):
    """A role that everybody has during a test."""
    rights.roles_from(lambda _name: request.param)
    yield request.param
    rights.roles_from(None)


@pytest.mark.parametrize("role", EVERY_ROLE, indirect=True)
@pytest.mark.parametrize("what", rights.RIGHTS)
def test_every_right_of_every_role(role, what):
    allowed = what in MAY.get(role, set())

    assert rights.may("Ada", what) is allowed
    assert not rights.may("", what)
    if not allowed:
        with pytest.raises(InputError, match=f"Expected the right to {what}, found that Ada lacks it; sign in"):
            rights.require("Ada", what)


@pytest.mark.parametrize("role", MAY, indirect=True)
def test_every_page_of_every_role(role):
    assert {page for page, right in rights.PAGES.items() if rights.may("Ada", right)} == OPEN.get(
        role, set(rights.PAGES)
    )


def test_every_page_has_its_right():
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")}

    assert pages == set(rights.PAGES)


def test_every_command_has_its_right():
    assert set(rights.COMMANDS) == set(COMMANDS)


@pytest.mark.parametrize("role", EVERY_ROLE, indirect=True)
def test_every_command_of_every_role(role, workspace):
    queue = JobQueue(workspace)

    for name in [*COMMANDS, "unheard-of"]:
        if name in FILE.get(role, set()) or (name == "unheard-of" and role == "administrator"):
            assert queue.file(name, [name], by="Ada").filed_by == "Ada"
        else:
            with pytest.raises(InputError, match=f"Expected the right to {rights.COMMANDS.get(name, 'administer')}"):
                queue.file(name, [name], by="Ada")
    assert {job.title for job in queue.newest(limit=99)} <= {*COMMANDS, "unheard-of"}


def test_a_job_is_its_filers_and_an_administrators(workspace):
    queue = JobQueue(workspace)
    job = queue.file("mine", ["train"], by="Grace")
    roles = {"Grace": "researcher", "Alan": "researcher", "Ada": "administrator", "Clara": "clinician"}
    rights.roles_from(roles.get)
    try:
        for name in ("Alan", "Clara", "nobody", ""):
            with pytest.raises(InputError, match=f"found job {job.job_id}, which Grace filed; ask them or an admin"):
                queue.cancel(job.job_id, by=name)
        assert queue.get(job.job_id).state == "queued"
        assert queue.cancel(job.job_id, by="Grace").state == "cancelled"
        with pytest.raises(InputError, match="which Grace filed"):
            queue.resume(job.job_id, by="Alan")
        assert queue.resume(job.job_id, by="Ada").state == "queued"
        roles["Grace"] = "clinician"  # who may not file any more may not stop either
        with pytest.raises(InputError, match="Expected a job of Grace's own"):
            queue.cancel(job.job_id, by="Grace")
    finally:
        rights.roles_from(None)


WRITES = {  # what writes or exports, with the right that it takes
    "a worklist": ("research", lambda place: Worklists(place).save(made_list("first"))),
    "a worklist of films brought here": ("take in films", lambda place: Worklists(place).save(made_list("intake"))),
    "a practice round": ("read", lambda place: Worklists(place).save(made_list("practice"))),
    "an export": ("export", lambda place: export.to_file(place, place.root / "a.csv", what="reads", worklist=None,
                                                         actor="Ada")),
    "a label set": ("export", lambda place: export.to_file(place, place.root / "b.csv", what="labels", worklist=None,
                                                           actor="Ada")),
    "a switch": ("administer", lambda place: switches.turn(Reads(place).ledger, switches.COUNTERFACTUAL, on=True,
                                                           key="k" * 16, reader="Ada", reason="to see", known=None)),
    "a job": ("run", lambda place: JobQueue(place).file("train", ["train"], by="Ada")),
}  # fmt: skip


def made_list(kind):
    return Worklist(
        name=kind, checkpoint_id="cnn", weights_sha256="0" * 64, split="all", part="all", truth="report", policy={},
        dataset="intake" if kind == "intake" else "phantoms", cut=0.5, cut_from="made", read_mode="open", readers=(),
        created_at=0.0, created_by="Ada", purpose="practice" if kind == "practice" else "reading",
    )  # fmt: skip


@pytest.mark.parametrize("role", EVERY_ROLE, indirect=True)
def test_core_refuses_to_write_for_who_may_not(role, workspace):
    for name, (right, write) in WRITES.items():
        before = audited(workspace)
        if right in MAY.get(role, set()):
            write(workspace)
            assert name == "a job" or audited(workspace) == before + 1
        else:
            with pytest.raises(InputError, match=f"Expected the right to {right}, found that Ada lacks it"):
                write(workspace)
            assert audited(workspace) == before
    assert sorted(path.name for path in workspace.root.glob("*.csv")) == (
        ["a.csv", "b.csv"] if "export" in MAY.get(role, set()) else []
    )


def audited(workspace):
    return audit_log.search(Reads(workspace).ledger.engine, size=1).total
