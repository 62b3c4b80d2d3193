"""Training: a form that files a job, and the jobs, followed live."""

import streamlit as st

from app import panels, resources, state, training_form
from core.base.errors import InputError
from core.data import radiographs, split_store
from core.figures import training as figures
from core.jobs import worker
from core.models.registry import CLASSIFIERS
from core.training.config import TrainConfig

st.title("Training")
queue = resources.queue()

options = training_form.draw()
if options is not None:
    try:
        config = TrainConfig.from_dict(options)
        radiographs.require_images(resources.radiographs(config.data.dataset), config.data.dataset)
        split_store.require_sound(resources.workspace(), config.data.dataset, config.data.split)
    except InputError as error:
        st.error(str(error))
    else:
        title = f"Train {CLASSIFIERS[config.architecture.model].title} on {config.data.dataset}/{config.data.split}"
        job = queue.file(title, ["train"], config=config.to_dict())
        worker.ensure_running(resources.workspace())
        state.WATCHED_JOB.set(job.job_id)
        st.toast(f"Job {job.job_id} is in the queue.")


def draw_now() -> None:
    """Draw what runs and waits, and the curves of the training that is watched."""
    unfinished = queue.unfinished()
    st.subheader("Now")
    if not unfinished:
        st.caption("Nothing runs. The form in the sidebar starts a training.")
    for job in unfinished:
        panels.job_line(job, page="training.now")
    trainings = [job for job in queue.newest(limit=200) if job.arguments[:1] == ["train"]]
    watched = next((job for job in trainings if job.job_id == state.WATCHED_JOB.get()), None)
    watched = next((job for job in trainings if job.state == "running"), watched)
    if watched is None:
        return
    st.subheader(f"Job {watched.job_id}: {watched.title}")
    history = resources.job_history(watched.job_id)
    if history.empty:
        st.caption("The first curve point appears when the first epoch is done.")
    else:
        loss, auroc = st.columns(2)
        loss.plotly_chart(figures.loss_curves(history), key="training.loss", alt="Loss by epoch, train and tune")
        auroc.plotly_chart(figures.auroc_curve(history), key="training.auroc", alt="AUROC on tune by epoch")
        st.caption(figures.learning_caption(history))


panels.live(draw_now, key="training.live")

ended = [job for job in queue.newest(limit=50) if job.finished]
if ended:
    st.subheader("Before")
    for job in ended[:10]:
        panels.job_line(job, page="training.before")
        if job.state == "failed":
            with st.expander("What it printed last", key=f"training.log.{job.job_id}"):
                st.code(queue.log(job.job_id), language=None)
