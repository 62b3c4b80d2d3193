"""The form and the page for CycleGANs and real-vs-synthetic classifiers: offered like any model, followed by step."""

import pytest

from app.training_kinds import CLASSIFIER, SYNTHETIC, TELLER, TRANSLATOR
from core.data import split_store
from core.jobs import worker
from core.jobs.queue import JobQueue
from core.synthesis.config import CYCLEGAN, ORIGIN, CycleGanConfig, OriginConfig
from core.training import estimate
from core.training.config import TrainConfig
from tests.app import training_seen as seen
from tests.app.training_seen import EPOCH, look, pictures
from tests.synthesis import real_and_made


@pytest.fixture
def domains(films):
    """The twenty films with a split by domain beside the patient split."""
    split_store.create(films, "films", "ab", "domain")
    return films


@pytest.fixture
def made(workspace, tmp_path, monkeypatch):
    """Tiny films with a domain and a patient split, a generator, and a synthetic data set of it."""
    real_and_made.make(workspace, tmp_path, patients=30)
    split_store.create(workspace, "tiny", "patient", "patient")
    split = split_store.load(workspace, "tiny", "domain")  # whose val the generator did not see
    split_store.save(workspace, "tiny", "same", split.drop(columns="domain"), kind="patient", seed=0)
    monkeypatch.setattr(worker, "ensure_running", lambda _workspace: None)
    monkeypatch.setattr(estimate, "begin_measuring", lambda _workspace, _config: True)
    return workspace


def widgets(at, kind):
    """Return the widgets of a kind of training by the names of its options."""
    found = {f"training.{name}": widget for name, widget in seen.widgets(at).items()}
    return {name: found[kind.key(name)] for name in kind.fields if kind.key(name) in found}


def described(kind, found):
    wanted = {name: field.description for name, field in kind.fields.items() if name != "model"}
    return {name: found[name].help for name in wanted} == wanted


def started(at):
    at.button(key="training.start").click().run()
    return at.session_state["wanted"]


def test_a_cyclegan_is_offered_like_any_model_on_a_split_by_domain(domains):
    at = seen.opened_form(model=CYCLEGAN)

    found = widgets(at, TRANSLATOR)
    assert set(found) == set(TRANSLATOR.fields)  # every option has one widget with its help and bounds
    assert len(seen.widgets(at)) == len(found)
    assert described(TRANSLATOR, found)
    assert (found["blocks"].min, found["blocks"].max, found["blocks"].step) == (6, 9, 3)
    assert (found["image_size"].min, found["image_size"].max, found["image_size"].step) == (32, 512, 16)
    assert [group.label for group in at.sidebar.expander] == ["Networks", "Learning", "Following and saving"]
    assert found["split"].options == ["ab"]
    assert "it may add or remove disease" in at.sidebar.caption[0].value
    wanted = started(at)  # untouched it is the config's default
    assert wanted.training == CycleGanConfig.from_dict({"dataset": "films", "split": "ab"})
    assert (wanted.title, wanted.arguments) == ("Train CycleGAN, 128 px, on films/ab", ["train"])

    at.number_input(key="training.cyclegan.batch_size").set_value(2).run()
    at.selectbox(key="training.model").set_value("cnn").run()
    assert seen.widgets(at)["batch_size"].value == 32
    at.selectbox(key="training.model").set_value(CYCLEGAN).run()
    assert started(at).training.learning.batch_size == 2  # each kind keeps its own values

    for name, value, told in (
        ("learning_rate", 0.0, "Must be greater than 0, found 0.0"),
        ("ema_decay", 1.0, "Must be less than 1, found 1.0"),
    ):
        field = at.number_input(key=f"training.cyclegan.{name}")
        usual = field.value
        field.set_value(value).run()
        assert told in seen.refusals(at)[f"cyclegan.{name}"]
        assert at.button(key="training.start").disabled
        at.number_input(key=f"training.cyclegan.{name}").set_value(usual).run()
    assert not seen.refusals(at)


def test_the_time_is_told_in_steps_and_a_split_whose_train_lacks_a_domain_is_refused(domains, monkeypatch):
    speed = estimate.Speed(learnt_per_s=4.0, read_per_s=4.0, device="cpu", measured_at="2026-01-02T12:00:00+00:00")
    monkeypatch.setattr(estimate, "known", lambda _workspace, _config: speed)
    at = seen.opened_form(model=CYCLEGAN, **{"cyclegan.steps": 1500})
    told = "\n".join(caption.value for caption in at.sidebar.caption)
    assert "films, 1,500 steps of 8 films" in told
    assert "**About 50 min** here: 2 s a step (measured 02 Jan" in told

    split = split_store.load(domains, "films", "ab")
    kept = split[(split["part"] != "train") | (split["domain"] == "A")]
    split_store.save(domains, "films", "ab", kept, kind="domain", seed=0)
    refused = seen.refusals(at.run())

    assert "Expected films without finding (A) and with a pneumothorax (B)" in refused["cyclegan.split"]


def test_without_what_is_learnt_from_the_form_says_how_to_make_it_and_can_be_left(films):
    at = seen.opened_form(model=CYCLEGAN)
    for model, told in (
        (CYCLEGAN, "`python -m core split DATASET --kind domain"),
        (ORIGIN, "No synthetic data set yet. Train a CycleGAN"),
    ):
        at.selectbox(key="training.model").set_value(model).run()
        assert told in at.sidebar.info[0].value
        assert set(seen.widgets(at)) == {"model"}
        assert at.session_state["wanted"] is None

    at.selectbox(key="training.model").set_value("cnn").run()

    assert not at.exception
    assert "split" in seen.widgets(at)


def test_a_real_vs_synthetic_training_asks_for_a_synthetic_data_set_and_little_else(made):
    at = seen.opened_form(model=ORIGIN)

    found = widgets(at, TELLER)
    assert set(found) == set(TELLER.fields)
    assert described(TELLER, found)
    assert found["synthetic"].options == ["tiny-ptx"]
    assert found["split"].options[0] == "domain, which was translated"
    assert "films and synthetic images, 20 epochs" in "\n".join(caption.value for caption in at.sidebar.caption)
    wanted = started(at)
    assert wanted.training == OriginConfig.from_dict({"synthetic": "tiny-ptx"})
    assert (wanted.title, wanted.arguments) == ("Train Real-vs-synthetic CNN on tiny-ptx", ["train"])

    split = split_store.load(made, "tiny", "domain")  # made anew, so it is not what was translated
    split_store.save(made, "tiny", "domain", split.iloc[1:], kind="domain", seed=0)
    at.run()
    assert "as it was when 'tiny-ptx' was made" in seen.refusals(at)["origin.split"]
    assert at.button(key="training.start").disabled


def test_a_classifier_may_learn_synthetic_images_of_its_data_set_besides(made):
    at = seen.opened_form(split="same")
    assert seen.widgets(at)["dataset"].options == ["tiny"]  # the synthetic one is none to learn from
    assert seen.widgets(at)["synthetic"].options == ["none", "tiny-ptx"]
    assert all(seen.widgets(at)[name].disabled for name in SYNTHETIC if name != "synthetic")
    assert started(at).training.synthesis.synthetic is None

    at.selectbox(key="training.synthetic").set_value("tiny-ptx").run()
    at.number_input(key="training.synthetic_share").set_value(0.5).run()
    wanted = started(at)
    assert wanted.title == "Train Simple CNN, 224 px, on tiny/same and tiny-ptx"
    assert (wanted.training.synthesis.synthetic, wanted.training.synthesis.synthetic_share) == ("tiny-ptx", 0.5)

    at.selectbox(key="training.split").set_value("patient").run()  # whose test has patients that the generator saw
    assert "Expected a generator that saw no patient of val or test" in seen.refusals(at)["synthetic"]
    assert [group.label for group in at.sidebar.expander if group.proto.expanded] == ["Synthetic images"]


def cyclegan(**options):
    return CycleGanConfig.from_dict({"dataset": "films", "split": "ab", "image_size": 64} | options)


def test_a_cyclegan_is_followed_from_before_its_first_look_to_the_pictures_that_its_checkpoint_keeps(films):
    queue = JobQueue(films)
    job = seen.filed(queue, cyclegan().to_dict())
    at = seen.opened()
    assert "CycleGAN, 64 px, job 1: the first point appears at step 250." in seen.told(at)
    assert seen.charts(at) == {}

    again = [look(250, 0.3, 0.9), look(500, 0.05, 0.6), look(750, 0.1)]  # a kill: from 500 on it was learnt anew
    seen.write(queue, job, [*again, look(500, 0.1, 0.8), look(750, 0.2, 0.85), look(1000, 0.2, 0.7)])
    pictures(queue.folder(job.job_id) / "run", [250, 500, 750, 1000])
    seen.checked(at.run())
    drawn = seen.charts(at)
    assert len(drawn) == 4
    assert all(len(names) == 2 for names in drawn.values())
    told = seen.told(at)
    assert "Step 1,000 · 0.4 s a step · 20 films a second" in told
    assert "Not fallen since its lowest: KID to pneumothorax (step 500)" in told
    assert "Step 1,000. Each column is a film" in told
    assert "it may add or remove disease" in told
    assert len(at.get("image")) == 1 + 2 * 4  # the newest large, and two films of each look

    queue.end(job.job_id, "done", made={"checkpoint_id": "cyclegan-1"})
    (queue.folder(job.job_id) / "run" / "samples.json").unlink()
    pictures(queue.workspace.checkpoint("cyclegan-1"), [250])
    assert len(seen.checked(at.run()).get("image")) == 1

    (queue.workspace.checkpoint("cyclegan-1") / "samples.json").write_text("{")
    at.run()
    assert not at.exception
    assert "found a damaged file" in at.warning[0].value


def test_runs_of_different_kinds_never_share_an_axis(films):
    queue = JobQueue(films)
    classifier = TrainConfig.from_dict({"dataset": "films", "split": "patient"})
    seen.filed(queue, classifier.to_dict(), rows=[EPOCH], end="done")
    seen.filed(queue, cyclegan().to_dict(), rows=[look(250, 0.3, 0.9)], end="failed")
    seen.filed(queue, cyclegan(seed=1).to_dict(), rows=[look(250, 0.2, 0.9)], end="done")

    at = seen.opened()
    runs = at.multiselect(key="training.runs")
    assert runs.options == ["CycleGAN, 64 px, job 3", "CycleGAN, 64 px, job 2"]
    seen.checked(runs.set_value([3, 2]).run())
    assert all(names == runs.options for names in seen.charts(at).values())
    assert len(seen.charts(at)) == 5
    assert not at.get("image")
    assert "KID of two runs can be compared only where the same classifier measured both" in seen.told(at)

    at.multiselect(key="training.runs").set_value([]).run()
    seen.checked(at.multiselect(key="training.runs").set_value([1, 2]).run())  # offered side by side by then
    assert set(seen.charts(at)) == {"Loss", "AUROC on tune"}

    seen.filed(queue, OriginConfig.from_dict({"synthetic": "films-ptx"}).to_dict(), rows=[EPOCH], end="done")
    at.multiselect(key="training.runs").set_value([]).run()
    seen.checked(at.multiselect(key="training.runs").set_value([4]).run())
    assert at.multiselect(key="training.runs").options == ["Real-vs-synthetic CNN, job 4"]
    assert set(seen.charts(at)) == {"Loss", "AUROC on tune"}
    assert "near 0.5 is what the images are hoped to give" in seen.told(at)


def test_train_again_fills_the_form_of_its_own_kind(domains):
    queue = JobQueue(domains)
    seen.filed(queue, cyclegan(width=16, blocks=6, ema_decay=0.99).to_dict(), end="done")
    at = seen.opened()

    seen.checked(at.button(key="training.before.again.1").click().run())
    assert at.selectbox(key="training.model").value == CYCLEGAN
    at.number_input(key="training.cyclegan.seed").set_value(5).run()
    seen.checked(at.button(key="training.start").click().run())

    filed_again = queue.newest()[0]
    assert filed_again.config == cyclegan(width=16, blocks=6, ema_decay=0.99, seed=5).to_dict()
    assert filed_again.title == "Train CycleGAN, 64 px, on films/ab"


def test_the_kinds_name_their_options_once():
    for kind in (CLASSIFIER, TRANSLATOR, TELLER):
        folded = [name for names in kind.folded.values() for name in names]
        assert sorted(["model", *kind.learnt_from, *kind.first, *folded]) == sorted(kind.fields)
