// What stands in the panel once the first answer is stored: it, the model, other readers, the truth of a practice film.

/** Stage 2 and a finished case. `view`: {own, heat, counterfactual, drawer}; `act`: heat(), counterfactual(), drawer(). */
function panelReading(panel, view, act) {
  const done = panel.stage === "done";
  if (done && panel.truth) return panelCompared(panel, view, act);
  return panelNode(
    "div",
    { class: "panel-reading" },
    panelNode(
      "section",
      { class: "panel-own" },
      panelOwn(done ? "Your answer" : "Your first answer", view.own),
      panel.first && panelOwn("Your first answer", panel.first),
    ),
    panel.model && panelModel(panel, view, act),
    panelOthers(panel.others),
  );
}

/** A whole answer in words, in two columns as on the film. */
function panelOwn(title, answer) {
  if (!answer) return null;
  const rest = panelRestWords(answer);
  return panelNode(
    "div",
    {},
    panelNode("h3", { text: title }),
    panelNode(
      "dl",
      { class: "panel-sides" },
      PANEL_SIDES.map((name) =>
        panelNode(
          "div",
          {},
          panelNode("dt", { text: name === "right" ? "Right" : "Left" }),
          panelNode("dd", { text: panelSideWords(answer[name]) }),
        ),
      ),
    ),
    rest && panelNode("p", { class: "panel-muted", text: rest }),
  );
}

function panelModel(panel, view, act) {
  return panelNode(
    "section",
    { class: "panel-model" },
    panelNode("h3", { text: "The model" }),
    panelModelLine(panel),
    panelReasons(panel.model),
    panelHeat(panel.model.heat, view.heat, act),
    panelCounterfactual(panel.counterfactual, view.counterfactual, act),
    panelMore(panel.model.more, view.drawer, act),
  );
}

/** The zone by shape and word, and what the model said. */
function panelModelLine(panel) {
  const zone = panel.zone && panelNode("strong", { class: "panel-zone", text: `${panel.zone.shape} ${panel.zone.word}` });
  if (zone) zone.style.color = panel.zone.colour;
  return panelNode("div", {}, zone, panelNode("p", { text: panel.model.line }));
}

function panelReasons(model) {
  if (!model.reasons.length) return null;
  return panelNode(
    "ul",
    { class: "panel-reasons", "aria-label": "Reasons" },
    model.reasons.map((reason) => panelNode("li", { text: reason })),
  );
}

/** The heat map's button, or why there is none. `heat`: what the panel knows: {on, awaited}. */
function panelHeat(state, heat, act) {
  const computing = heat.awaited && state.state === "offer";
  return panelNode(
    "div",
    { class: "panel-row" },
    (state.state === "offer" || state.state === "shown") &&
      panelButton("heat", computing ? "Computing…" : "Heat map", () => act.heat(), {
        keys: "H",
        disabled: computing,
        "aria-pressed": String(heat.on),
      }),
    state.sentence && panelNode("span", { class: "panel-muted", text: state.sentence }),
  );
}

/** The one drawer. */
function panelMore(more, drawer, act) {
  return panelNode(
    "div",
    { class: "panel-more" },
    panelFold("more", "More about the model", drawer.open, () => act.drawer(), { keys: "M" }),
    drawer.open && !more && panelNode("p", { class: "panel-muted", text: "Loading…" }),
    drawer.open && more && [
      panelNode("h4", { text: "Similar films" }),
      panelNode("ul", {}, more.similar.map((film) => panelNode("li", { text: film.words }))),
      panelNode("p", { class: "panel-muted", text: more.similar_from }),
      panelNode("h4", { text: "Signals" }),
      panelNode(
        "table",
        {},
        more.signals.map((signal) =>
          panelNode(
            "tr",
            {},
            panelNode("th", { scope: "row", text: signal.title }),
            panelNode("td", { text: signal.value }),
            panelNode("td", { class: "panel-muted", text: signal.place }),
          ),
        ),
      ),
      panelOnward(more.link),
    ],
  );
}

/** The way to more, on a page of this dashboard only: `//` would lead to another server. */
function panelOnward(link) {
  if (!link || !/^\/(?![/\\])/.test(link.href)) return null;
  return panelNode("p", {}, panelNode("a", { href: link.href, text: link.words }));
}

/** What other readers said, where this reader may know it. */
function panelOthers(others) {
  if (!others.length) return null;
  return panelNode(
    "section",
    { class: "panel-others" },
    panelNode("h3", { text: "Other readers" }),
    panelNode(
      "ul",
      {},
      others.map((other) => panelNode("li", {}, panelNode("strong", { text: `${other.reader}, ${other.at}: ` }), other.words)),
    ),
  );
}

/** A practice film: the reader, the model and the truth side by side. */
function panelCompared(panel, view, act) {
  const column = (title, ...inside) =>
    panelNode("section", { "aria-label": title }, panelNode("h3", { text: title }), ...inside);
  const words = (answer) =>
    PANEL_SIDES.map((name) =>
      panelNode(
        "p",
        {},
        panelNode("span", { class: "panel-label", text: name === "right" ? "Right " : "Left " }),
        panelSideWords(answer[name]),
      ),
    );
  return panelNode(
    "div",
    { class: "panel-reading panel-practised" },
    panelNode(
      "div",
      { class: "panel-compared" },
      column(
        "You",
        view.own && words(view.own),
        panel.first && [panelNode("p", { class: "panel-muted", text: "First:" }), words(panel.first)],
      ),
      column("Model", panel.model && panelModelLine(panel)),
      column("Truth", panel.truth.lines.map((line) => panelNode("p", { text: line }))),
    ),
    panel.model &&
      panelNode(
        "section",
        { class: "panel-model" },
        panelReasons(panel.model),
        panelHeat(panel.model.heat, view.heat, act),
        panelCounterfactual(panel.counterfactual, view.counterfactual, act),
        panelMore(panel.model.more, view.drawer, act),
      ),
    panelOthers(panel.others),
  );
}
