// What is kept in the browser of an answer that is not stored yet, so that neither a reload nor a late reply loses it.

const PANEL_STAGES = [1, 2, "done"];

function panelDraftName(place, reader, stage) {
  return `draft ${place} ${stage} ${reader}`;
}

/** Forget the draft of what has been stored: of this answer only, never of a later one. */
function panelForgetSaved(host, saved, reader) {
  if (!saved) return;
  for (const stage of PANEL_STAGES) {
    const name = panelDraftName(saved.case, reader, stage);
    if (host.recall(name)?.key === saved.key) host.remember(name, null);
  }
}

/** Whether something entered on a case waits to be saved. */
function panelUnsaved(host, place, reader) {
  return PANEL_STAGES.some((stage) => host.recall(panelDraftName(place, reader, stage))?.right);
}

/**
 * What was entered at an earlier stage of the case and is not what was stored of it, as a draft of the stage now; null
 * where there is none. The drafts of the earlier stages go. `held`: {stage, answer} in the form, newer than any draft.
 */
function panelLeft(host, panel, held) {
  let left = null;
  for (const stage of PANEL_STAGES.slice(0, PANEL_STAGES.indexOf(panel.stage))) {
    const name = panelDraftName(panel.case, panel.reader, stage);
    const draft = host.recall(name);
    const entered = held?.stage === stage ? { ...draft, ...held.answer } : draft;
    if (!entered || (!panel.own && !held)) continue; // a case of others only: nothing of this reader went on
    host.remember(name, null);
    const stored = stage === 1 ? panel.first ?? panel.own : panel.own;
    if (entered.right && !(stored && panelSame(entered, stored, panel.priors))) {
      left = { ...panelAnswerOf(entered), heat_map: entered.heat_map, counterfactual: entered.counterfactual }; // its key and its seconds were that stage's
    }
  }
  return left;
}

/** Why a form stands open that the reader did not open. */
function panelCarried(panel) {
  if (!panel.own) return "The case went on meanwhile; what you entered is open here.";
  const which = panel.stage === 2 ? "Your first answer" : "Your answer";
  const at = panel.saved?.case === panel.case ? ` at ${panel.saved.at}` : "";
  return `${which} was saved${at}; what you changed since is open here.`;
}
