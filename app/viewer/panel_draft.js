// What is kept in the browser of an answer that is not stored yet, so that a reload loses nothing.

function panelDraftName(place, reader, stage) {
  return `draft ${place} ${stage} ${reader}`;
}

/** Forget the draft of what has been stored: of this answer only, never of a later one. */
function panelForgetSaved(host, saved, reader) {
  if (!saved) return;
  for (const stage of [1, 2, "done"]) {
    const name = panelDraftName(saved.case, reader, stage);
    if (host.recall(name)?.key === saved.key) host.remember(name, null);
  }
}
