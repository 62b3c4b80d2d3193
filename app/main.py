"""Entry of the dashboard: page configuration, frame, navigation."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # `streamlit run app/main.py` puts only `app/` on the path
    sys.path.insert(0, str(ROOT))

import streamlit as st

from app import access, frame, navigation

st.set_page_config(page_title="PleuraScope", page_icon=str(ROOT / "assets" / "icon.svg"), layout="wide")
login = access.require_access()
inside = not login or access.admitted()
page = st.navigation(navigation.pages(), position="top" if inside else "hidden")
st.set_page_config(initial_sidebar_state=navigation.sidebar(page.url_path))
frame.draw(login=login, inside=inside)
if inside:
    navigation.run(page)
else:
    access.draw_door()
