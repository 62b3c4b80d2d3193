"""Translations: films given or rid of a pneumothorax by a network, whether they can be told, and whether they help."""

import streamlit as st

from app import translations

st.title("Translations")
translations.follow_address()
card = translations.choose()
if card is None:
    st.stop()
translations.draw(card)
translations.keep_address(card)
