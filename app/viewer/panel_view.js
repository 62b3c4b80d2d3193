// Which parts the panel shows: its title, its body and its buttons, by stage.

const PANEL_SILENT =
  "Not saved yet: the server has not answered. Your answer is kept here; press Enter to try again";

function panelTitle(panel, editing) {
  const finished = panel.stage === "done" ? "Film read" : "With the model";
  const first = panel.adjudicating ? "Your adjudication" : "Your reading";
  const words = panel.stage === 1 ? first : editing ? "Change your answer" : finished;
  return [
    panelNode("h2", { text: words }),
    panel.practice && panelNode("span", { class: "panel-muted", text: "Practice: enters no statistic" }),
  ].filter(Boolean);
}

function panelBody(state, act) {
  const { panel, answer, column, unfolded, heat, counterfactual, drawer } = state;
  if (!state.editing) return [panelReading(panel, { own: panel.own, heat, counterfactual, drawer }, act)];
  const form = panelForm(panel, { answer, column, unfolded }, act);
  return [
    panel.stage !== 1 && panel.model && panelNode("section", { class: "panel-brief" }, panelModelLine(panel)),
    panel.stage === 1 && panelOthers(panel.others),
    panelNode("fieldset", { class: "panel-fieldset" }, form),
  ].filter(Boolean);
}

function panelButtons(state, act, save) {
  const { panel, editing } = state;
  const saving = state.sending && !state.sending.silent;
  const primary = (name, words, does) =>
    panelButton(name, saving ? "Saving…" : words, does, { kind: "primary", keys: saving ? null : "Enter" });
  if (panel.stage === 1) return [primary("save", `Save first answer as ${panel.reader}`, save)];
  if (editing) {
    return [
      primary("save", `Save change as ${panel.reader}`, save),
      panelButton("cancel", "Cancel", () => act.cancel(), { keys: "Esc" }),
    ];
  }
  const change = panelButton("change", "Change", () => act.change(), {
    keys: "E",
    disabled: Boolean(panel.locked || saving || !panel.own),
  });
  if (panel.stage === 2) return [primary("keep", "Keep mine", save), change];
  const left = panel.left > 0 ? `Finish (${panel.left} left to read)` : "Finish";
  return [primary("next", panel.next ? "Next film" : left, () => act.next()), change];
}
