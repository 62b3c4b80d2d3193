// The case bar over the film: which case of how many, what is known of it, at which stage, who reads.

const PANEL_STEPS = [
  [1, "1 Your reading"],
  [2, "2 With the model"],
];

/** Draw the bar; `step` moves to another case. */
function panelBar(panel, step) {
  const { bar, stage } = panel;
  const turn = (by, sign, words, key) =>
    panelNode("button", {
      type: "button",
      name: `step ${by}`,
      class: "panel-button panel-turn",
      "aria-label": words,
      "aria-keyshortcuts": key,
      title: `${words} (${key})`,
      text: sign,
      disabled: !(by > 0 ? panel.next : panel.previous),
      onclick: () => step(by),
    });
  return [
    turn(-1, "‹", "Previous film", "PageUp"),
    panelNode("strong", { class: "panel-position", text: bar.position }),
    turn(1, "›", "Next film in the list", "PageDown"),
    bar.id && panelNode("span", { class: "panel-id", title: bar.id, text: bar.id }),
    panelNode(
      "span",
      { class: "panel-facts" },
      bar.facts.map((fact) => panelNode("span", { text: fact })),
    ),
    bar.chip && panelNode("span", { class: "panel-chip", text: bar.chip }),
    panelNode(
      "ol",
      { class: "panel-steps", "aria-label": "Stage" },
      PANEL_STEPS.map(([number, words]) =>
        panelNode("li", {
          "aria-current": stage === number ? "step" : null,
          text: stage === "done" || stage > number ? `✓ ${words}` : words,
        }),
      ),
    ),
    panelNode("span", { class: "panel-reader", title: "The reader", text: panel.reader }),
  ];
}
