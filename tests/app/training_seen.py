"""What tests of the training form and page do alike: open them, read them, and file jobs that have run."""

import json

from PIL import Image
from streamlit.testing.v1 import AppTest

from core.base import files
from core.base.paths import ROOT

LOSSES = {"generator_loss": 5.0, "discriminator_loss": 0.5, "adversarial_loss": 1.0, "cycle_loss": 0.4}
PACE = {"identity_loss": 0.2, "learning_rate": 2e-4, "seconds": 100.0, "images_per_s": 20.0}
EPOCH = {"epoch": 1, "train_loss": 0.5, "tune_loss": 0.5, "tune_auroc": 0.9}


def form():
    """The script of a page that holds nothing but the form."""
    import streamlit

    from app import training_form

    streamlit.session_state["wanted"] = training_form.draw()


def opened_form(**state):
    """Open the form with these fields filled."""
    at = AppTest.from_function(form, default_timeout=60)
    for name, value in state.items():
        at.session_state[f"training.{name}"] = value
    at.run()
    assert not at.exception
    assert not at.warning  # such as Streamlit's about a value set twice
    return at


def widgets(at):
    """Return the widgets of the form by the names of their fields."""
    found = [*at.selectbox, *at.number_input, *at.checkbox, *at.multiselect]
    return {widget.key.removeprefix("training."): widget for widget in found}


def refusals(at):
    """Return every reason in red by the key of the widget it stands under."""
    found, above = {}, None
    for node in at.sidebar:
        if getattr(node, "key", None):
            above = node.key.removeprefix("training.")
        elif str(getattr(node, "value", "")).startswith(":small[:red["):
            found[above] = node.value[12:-2]
    return found


def opened():
    """Open the page Training alone, without the frame round it, which other tests drive."""
    return checked(AppTest.from_file(str(ROOT / "pages" / "training.py"), default_timeout=60).run())


def checked(at):
    """Return a page that has drawn without complaint."""
    assert not at.exception
    assert not at.warning
    return at


def told(at):
    """Return what stands on the page in words."""
    return "\n".join(str(element.value) for element in (*at.subheader, *at.caption, *at.markdown))


def charts(at):
    """Return the names of each chart's series, by the title of the chart."""
    figures = [json.loads(element.proto.spec) for element in at.get("plotly_chart")]
    return {figure["layout"]["title"]["text"]: [line.get("name") for line in figure["data"]] for figure in figures}


def filed(queue, config, *, rows=(), end=None, parent_id=None, **ended):
    """File a training of these options, let it run unless it is to wait, with a history of these rows, and end it."""
    job = queue.file(f"Train {config['model']}", ["train"], config=config, parent_id=parent_id, by="Ada")
    if end != "queued":
        assert queue.claim(device_free=True).job_id == job.job_id
    write(queue, job, rows)
    if end not in (None, "queued"):
        queue.end(job.job_id, end, **ended)
    return queue.get(job.job_id)


def write(queue, job, rows):
    """Write rows of a job's history."""
    if rows:
        with (queue.folder(job.job_id) / "history.jsonl").open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def look(step, kid=None, auroc=None):
    """Return a row of a CycleGAN's history, both ways alike."""
    ways = ("a_to_b", "b_to_a")
    measured = {f"kid_{way}": kid for way in ways} | {f"origin_auroc_{way}": auroc for way in ways}
    return {"step": step} | LOSSES | PACE | measured


def pictures(folder, steps):
    """Write the pictures of two films of each domain after these steps."""
    folder.mkdir(parents=True, exist_ok=True)
    films = [{"image_id": f"{domain}{number}.png", "domain": domain} for domain in "AB" for number in range(2)]
    files.write_json(folder / "samples.json", {"films": films, "tile": 128})
    for step in steps:
        Image.new("L", (4 * 128, 3 * 128), step % 250).save(folder / f"sample-{step:06d}.png")
