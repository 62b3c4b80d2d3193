// The form of an answer: two columns as on the film, the quality, and what is folded away.

/**
 * Draw the form. `form`: {answer, column, unfolded}; `act`: grade(side, value), none(), change(path..., value),
 * unfold(), typed(...), startRegion(kind), clearRegions().
 */
function panelForm(panel, form, act) {
  const { answer } = form;
  const graded = panelReadable(answer);
  return panelNode(
    "div",
    { class: "panel-form" },
    PANEL_SIDES.map((name) => panelColumn(panel, form, act, name)),
    panelNode(
      "div",
      { class: "panel-rest" },
      panelButton("none", "None on both sides", () => act.none(), { keys: "N", disabled: !graded }),
      panelNode(
        "div",
        { class: "panel-quality" },
        panelNode("span", { class: "panel-label", text: "Quality (at first: good)" }),
        panelChoice(
          "quality",
          "Quality of the film",
          ["good", "limited", "unreadable"].map((word) => [word, word]),
          answer.quality,
          (value) => act.set("quality", value),
        ),
      ),
      panelFolded(form, act),
    ),
  );
}

function panelColumn(panel, form, act, name) {
  const side = form.answer[name];
  const graded = panelReadable(form.answer);
  const words = name === "right" ? "Right" : "Left";
  return panelNode(
    "div",
    { class: `panel-column${form.column === name && graded ? " panel-chosen" : ""}` },
    panelNode("h3", { class: "panel-side", text: words }),
    panelChoice(
      `${name} grade`,
      `${words} side of the patient`,
      PANEL_GRADES.map((grade, value) => [value, grade]),
      graded ? side.grade : null,
      (value) => act.grade(name, value),
      {
        kind: "grade",
        tick: (grade) => [
          panelNode("span", { class: "panel-number", text: PANEL_GRADES.indexOf(grade) }),
          " ",
          panelNode("span", { text: grade }),
        ],
        "aria-disabled": graded ? null : "true",
        "aria-current": form.column === name && graded ? "true" : null,
      },
    ),
    graded && panelDetails(panel, side, words, (field, value) => act.setSide(name, field, value), act.typed),
  );
}

/** Size, drain and change of one side, as far as its grade lets them be said. */
function panelDetails(panel, side, words, set, typed) {
  const changes = panelChangesOf(side, panel.priors);
  const seen = side.grade !== null && side.grade >= 2;
  if (!seen && !changes.length) return null;
  const again = (chosen, value) => (chosen === value ? null : value); // none of these must be said: a second press unsays it
  return panelNode(
    "div",
    { class: "panel-details" },
    seen &&
      panelNode(
        "div",
        { class: "panel-sizes" },
        PANEL_SIZES.map(([field, place]) =>
          panelNode(
            "label",
            { class: "panel-label" },
            `${place[0].toUpperCase()}${place.slice(1)}, mm`,
            panelNode("input", {
              type: "text", // a number field would change its value under a turning wheel
              inputmode: "decimal",
              autocomplete: "off",
              name: `${words} ${field}`,
              "aria-label": `${words}, at the ${place}, mm`,
              value: side[field] ?? "",
              oninput: (event) => {
                side[field] = panelMillimetres(event.target.value);
                typed();
              },
            }),
          ),
        ),
      ),
    seen &&
      panelNode(
        "div",
        { class: "panel-row" },
        panelNode("span", { class: "panel-label", text: "Drain" }),
        panelChoice(
          `${words} drain`,
          `${words}, drain`,
          [
            [true, "yes"],
            [false, "no"],
          ],
          side.drain,
          (value) => set("drain", again(side.drain, value)),
        ),
      ),
    changes.length > 0 &&
      panelNode(
        "div",
        {},
        panelNode("span", { class: "panel-label", text: "Against the prior" }),
        panelChoice(
          `${words} change`,
          `${words}, against the prior`,
          changes.map((word) => [word, word]),
          side.change,
          (value) => set("change", again(side.change, value)),
        ),
      ),
  );
}

/** What few answers need: closed at first, but its heading always says what it holds. */
function panelFolded(form, act) {
  const { answer, unfolded } = form;
  return panelNode(
    "div",
    { class: "panel-folded" },
    panelFold("fold", "Comment, region, second reader", unfolded, () => act.unfold(), {
      held: [
        answer.comment.trim() && "comment",
        answer.regions.length && panelCounted(answer.regions.length, "region"),
        answer.second_reader && "second reader",
      ].filter(Boolean),
    }),
    unfolded && [
      panelNode("textarea", {
        rows: "2",
        maxlength: "2000",
        name: "comment",
        "aria-label": "Comment",
        placeholder: "Comment (Ctrl+Enter saves)",
        value: answer.comment,
        oninput: (event) => {
          answer.comment = event.target.value;
          act.typed();
        },
      }),
      panelNode(
        "div",
        { class: "panel-row" },
        panelButton("ellipse", "Ellipse", () => act.startRegion("ellipse"), { kind: "small" }),
        panelButton("freehand", "Freehand", () => act.startRegion("freehand"), { kind: "small" }),
        panelNode("span", {
          class: "panel-label",
          text: answer.regions.length ? panelCounted(answer.regions.length, "region") : "no region",
        }),
        answer.regions.length > 0 && panelButton("clear", "Clear", () => act.clearRegions(), { kind: "small" }),
      ),
      panelButton("second", "A second reader, please", () => act.set("second_reader", !answer.second_reader), {
        kind: "small",
        "aria-pressed": String(answer.second_reader),
      }),
    ],
  );
}

/** The heading of a folded part. */
function panelFold(name, words, open, act, { held = [], keys = null } = {}) {
  return panelNode(
    "button",
    {
      type: "button",
      name,
      class: "panel-button panel-fold",
      "aria-expanded": String(open),
      "aria-keyshortcuts": keys,
      onclick: act,
    },
    panelNode("span", { "aria-hidden": "true", text: open ? "▾ " : "▸ " }),
    panelNode("span", { text: words }),
    !open && held.length > 0 && panelNode("span", { class: "panel-held", text: ` (${held.join(", ")})` }),
    keys && panelNode("kbd", { "aria-hidden": "true", text: keys }),
  );
}
