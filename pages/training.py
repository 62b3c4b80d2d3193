"""Training: a form that files a job, and the jobs, followed live."""

import streamlit as st

from app import panels, training, training_form

st.title("Training")
wanted = training_form.draw()
if wanted is not None:
    training.start(wanted)
panels.live(training.draw_now, key="training.live")
training.draw_before()
