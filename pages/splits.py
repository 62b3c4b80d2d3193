"""Splits: the parts of a data set side by side, the certificate, and every film in them."""

import streamlit as st

from app import panels, resources, splits

st.title("Splits")
dataset = panels.choose_dataset("splits")
if dataset is None:
    st.stop()
names = resources.split_names(dataset)
if not names:
    films = len(resources.radiographs(dataset))
    st.info(f"{films:,} film{'' if films == 1 else 's'}, no split yet. {panels.split_words(dataset)}")
    st.stop()
with st.sidebar:
    name = st.selectbox("Split", names, key="splits.split", persist_state="session")
certificate = resources.certificate(dataset, name)

splits.summary(certificate)
splits.side_by_side(dataset, name)
splits.papers(dataset, name, certificate)
splits.film_list(dataset, name)
