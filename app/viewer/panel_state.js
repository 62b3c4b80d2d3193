// What the panel knows of the case in hand, besides what is drawn.

function panelState() {
  return {
    panel: null,
    film: null, // hash of the film that this case is about
    text: "", // of `panel`, to see whether anything changed
    answer: null, // in the form; where the form is closed: the one that counts
    editing: false, // the form is open
    entered: false, // and something was entered in it
    carried: false, // the form holds what was entered while an earlier answer of the case was on its way
    column: "right",
    key: null, // of the read to come, made when it is first sent
    tried: new Set(), // keys sent of this case: a refusal of another is not told here
    sending: null, // {key, silent, timer} from the sending to the reply
    stepping: false, // one step at a time: the second click of a double click is no second film
    heat: { on: false, awaited: false, seen: false },
    counterfactual: { on: false, awaited: false, seen: false },
    drawer: { open: false, asked: false },
    unfolded: false,
    regions: "[]", // as the viewer held them when last looked at
    quiet: false,
  };
}

/** Why nothing can be saved now, in one line; null where it can. `drawn`, `straight`: of the film. */
function panelWhy({ panel, editing, answer }, drawn, straight) {
  if (panel.locked) return panel.locked;
  if (!drawn) return "Loading the film";
  if (!editing) return null;
  return straight ? panelMissing(answer) : "The film is flipped or turned: Space resets it";
}

/** What was looked at, as a read keeps it. */
function panelSeen({ heat, counterfactual }) {
  return { heat_map: heat.seen, counterfactual: counterfactual.seen };
}

/** Note what the viewer has shown; whether that is news. */
function panelNoteSeen({ heat, counterfactual }, host) {
  const before = Number(heat.seen) + Number(counterfactual.seen);
  heat.seen ||= Boolean(host.heatSeen());
  counterfactual.seen ||= Boolean(host.counterfactualSeen());
  return Number(heat.seen) + Number(counterfactual.seen) > before;
}
