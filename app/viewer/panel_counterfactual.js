// The counterfactual: a network's version of the case's film, asked for after the first answer, only ever beside the film.

/** Its button, with the caption that it never goes without. `shown`: as the server gives it; `known`: {on, awaited}. */
function panelCounterfactual(shown, known, act) {
  if (!shown) return null;
  const drawing = known.awaited && shown.state === "offer";
  return panelNode(
    "div",
    { class: "panel-row" },
    shown.state !== "none" &&
      panelButton("counterfactual", drawing ? "Loading…" : shown.title, () => act.counterfactual(), {
        disabled: drawing,
        "aria-pressed": String(known.on),
      }),
    panelNode("span", { class: "panel-muted", text: shown.sentence }),
  );
}

/** What the button does: asks for it once, then sets it beside the film and away. */
function panelTurnCounterfactual({ panel, counterfactual: known }, host) {
  const offered = panel.counterfactual?.state;
  if (known.awaited) return;
  if (offered === "offer") {
    known.awaited = true;
    host.send("ask", { case: panel.case, what: "counterfactual" });
  } else if (offered === "shown") {
    known.on = !known.on;
    host.setCounterfactual(known.on);
  }
}

/** Set it beside the film when it has come; whether it has. */
function panelCounterfactualCame({ panel, counterfactual: known }, host) {
  const state = panel.counterfactual?.state;
  if (!known.awaited || !state || state === "offer") return false;
  known.awaited = false;
  known.on = state === "shown";
  host.setCounterfactual(known.on);
  return true;
}
