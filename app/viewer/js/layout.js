// Builds the desk's parts: bar, tools, panes with their corner text, strip of priors, panel, help.

const PANES = 3; // the case's film and two beside it
const EDGES = ["left", "right"];

/** An element with a class and, where given, its words; words are never read as HTML. */
function madeElement(tag, className, words = null, attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  if (words !== null) element.textContent = words;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function setWords(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function buildDesk() {
  const root = madeElement("div", "desk");
  const parts = {
    root,
    bar: madeElement("div", "desk-bar"),
    film: madeElement("div", "desk-film"),
    tools: madeElement("div", "desk-tools", null, { role: "toolbar", "aria-label": "Picture" }),
    panes: madeElement("div", "desk-panes"),
    divider: madeElement("div", "desk-divider", null, {
      role: "slider", tabindex: "0", "aria-label": "Swipe between the two films", "aria-valuemin": "0", "aria-valuemax": "100",
    }),
    note: madeElement("div", "desk-note", "", { role: "status" }),
    strip: madeElement("div", "desk-strip", null, { role: "group", "aria-label": "Prior films, newest first" }),
    panel: madeElement("div", "desk-panel"),
    help: madeElement("div", "desk-help", null, { role: "dialog", "aria-label": "Keys", "aria-modal": "true" }),
  };
  const panes = Array.from({ length: PANES }, buildPane);
  parts.panes.append(...panes.map((pane) => pane.root), parts.divider, parts.note);
  parts.film.append(parts.tools, parts.panes);
  parts.help.hidden = true;
  parts.strip.hidden = true;
  root.append(parts.bar, parts.film, parts.strip, parts.panel, parts.help);
  return { parts, panes };
}

function buildPane() {
  const root = madeElement("div", "desk-pane");
  const canvas = madeElement("canvas", "desk-canvas", null, { role: "img" });
  const corners = Object.fromEntries(
    ["top", "bottom", "turned", "loading"].map((name) => [name, madeElement("div", `desk-corner desk-${name}`)]),
  );
  const sides = EDGES.map(() => madeElement("div", "desk-side"));
  root.append(canvas, ...Object.values(corners), ...sides);
  return { root, canvas, context: canvas.getContext("2d", { alpha: false }), corners, sides, shows: [] };
}

/** Bring a pane's corner text and its text alternative up to date. */
function labelPane(desk, pane) {
  const films = pane.shows.map((index) => desk.meta.films[index]);
  const heads = films.map((film, place) => {
    const role = pane.shows[place] ? besideWord(film) : "";
    return [film.id, `${role}${film.title ?? ""}`, film.caption].filter(Boolean).join("\n");
  });
  setWords(pane.corners.top, heads.join("\n"));
  const waiting = pane.shows.some((index) => !desk.film(index));
  const lost = films.some((film) => film.lost);
  setWords(pane.corners.loading, waiting ? (filmStore().fault ?? (lost ? "No picture" : "Loading the film")) : "");
  const below = pane.shows.filter((index) => desk.film(index)).map((index) => belowWords(desk, pane, index)).join("\n");
  setWords(pane.corners.bottom, below);
  const turned = turnedWords(desk.view);
  setWords(pane.corners.turned, turned);
  labelSides(desk, pane, Boolean(desk.film(pane.shows[0])));
  const marked = films.map((film) => film.mark).filter(Boolean);
  const regions = pane.shows[0] === 0 ? desk.marks.filter((mark) => mark.kind !== "ruler").length : 0;
  const lengths = desk.marks.filter((mark) => mark.kind === "ruler" && mark.sha256 === films[0].sha256);
  const said = [
    `${films[0].counterfactual ? "Generated picture" : "Radiograph"}: ${heads.join("; ").replaceAll("\n", ", ")}`,
    ...marked,
    waiting ? pane.corners.loading.textContent : below.replaceAll("\n", ", "),
    turned,
    desk.invert ? "inverted" : "",
    regions ? `${regions} marked` : "",
    ...lengths.map((mark) => `measured ${rulerWords(mark.points, films[0].spacing_mm)}`),
    pane.shows[0] === 0 && desk.heatShown() ? `heat map: ${desk.meta.heat.caption}` : "",
  ].filter(Boolean).join(". ");
  if (pane.canvas.getAttribute("aria-label") !== said) pane.canvas.setAttribute("aria-label", said);
}

/** What a film beside the case's own is called. */
function besideWord(film) {
  return film.counterfactual ? "Counterfactual: " : "Prior: ";
}

function belowWords(desk, pane, index) {
  const film = desk.film(index);
  const { center, width } = desk.windowOf(index);
  const { canvas } = pane;
  const scale = desk.view.zoom * fitScale(desk.view, film, canvas.width, canvas.height);
  const lines = [
    desk.heatShown() && index === 0 ? desk.meta.heat.caption : "",
    `${index && pane.shows.length > 1 ? besideWord(desk.meta.films[index]) : ""}W ${Math.round(width)} L ${Math.round(center)}, ` +
      `zoom ${Math.round(100 * desk.view.zoom)} %${desk.invert ? ", inverted" : ""}`,
    `${Math.max(film.width, film.height)} px shown ${scale.toFixed(scale < 1 ? 2 : 1)}x, ${film.depth} bit, not for diagnosis`,
  ];
  return lines.filter(Boolean).join("\n");
}

function turnedWords(view) {
  const quarters = view.flip ? (4 - view.turn) % 4 : view.turn; // to the right, as it is seen
  return [view.flip ? "FLIPPED" : "", quarters ? `TURNED ${90 * quarters}°` : ""].filter(Boolean).join(" ");
}

/** R stands at the film's left edge and L at its right one, wherever these lie on the screen. */
function labelSides(desk, pane, drawn) {
  const left = leftEdge(desk.view);
  [left, OPPOSITE[left]].forEach((edge, place) => {
    setWords(pane.sides[place], drawn && desk.meta.side_marks ? "RL"[place] : "");
    pane.sides[place].dataset.edge = edge;
  });
}

/** The part of the page that the desk stands in, or null where there is none. */
function pageOf(desk) {
  return (desk.mount.host ?? desk.mount).closest?.('[data-testid="stMainBlockContainer"]') ?? null;
}

/** Fill the window under what stands above, and leave what stands below in sight: the page does not scroll. */
function fitHeight(desk) {
  const { root } = desk.parts;
  const page = pageOf(desk);
  const box = root.getBoundingClientRect();
  const scrolled = page?.closest('[data-testid="stMain"]')?.scrollTop ?? 0;
  const below = page ? Math.min(160, Math.max(0, page.getBoundingClientRect().bottom - box.bottom)) : 0;
  const taken = `${Math.ceil(Math.max(0, box.top + scrolled) + below)}px`;
  if (root.style.getPropertyValue("--desk-taken") !== taken) root.style.setProperty("--desk-taken", taken);
}
