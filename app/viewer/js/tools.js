// The tools beside the film, and the help that lists every key.

const ICONS = {
  larger: "M9 4a5 5 0 1 1 0 10A5 5 0 1 1 9 4M13 13l4 4M9 7v4M7 9h4",
  smaller: "M9 4a5 5 0 1 1 0 10A5 5 0 1 1 9 4M13 13l4 4M7 9h4",
  fit: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4M7 7h6v6H7z",
  invert: "M10 3a7 7 0 1 1 0 14A7 7 0 1 1 10 3M10 3v14M12 5v10M14 6v8",
  flip: "M10 2v16M8 5L3 15h5zM12 5l5 10h-5z",
  turn: "M15 6a6.5 6.5 0 1 0 1.5 5M16 2v4.5h-4.5",
  reset: "M5 6a6.5 6.5 0 1 1-1.5 5M4 2v4.5h4.5",
  ruler: "M2 13L13 2l5 5L7 18zM6 9l2 2M9 6l3 3M12 3l2 2",
  ellipse: "M10 5c5 0 8 2 8 5s-3 5-8 5-8-2-8-5 3-5 8-5",
  freehand: "M3 14c-1-6 4-11 9-10s6 8 2 10-3-3-6-2-4 5-5 2",
  clear: "M4 4l12 12M16 4L4 16",
  swipe: "M2 4h16v12H2zM10 2v16M5 10h2M13 10h2",
  full: "M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5",
  heat: "M10 17c-4 0-5-3-4-6 1-2 3-3 3-7 3 2 3 4 3 5l2-1c2 4 0 9-4 9",
  help: "M7 7a3 3 0 1 1 4 3c-1 .5-1 1-1 2M10 15v1",
};

const PICTURE_KEYS = [
  ["Shift+1 to 5", "window: full, soft tissue, bone, lung, automatic"],
  ["I", "invert"],
  ["Z", "fits or one to one"],
  ["+ and −", "zoom"],
  ["Shift+arrows", "move the film"],
  ["L", "ruler: arrows move the cross, Enter sets an end"],
  ["Delete", "take back the newest mark"],
  ["P", "newest prior beside the film"],
  ["H", "heat map while held, where there is one"],
  ["Space", "reset the view"],
  ["F", "full screen"],
  ["Esc", "leave a tool or this help"],
  ["?", "this help"],
  ["Mouse", "drag: window and level; wheel: zoom; Shift or middle button: move; double click: fit"],
];

function buildTools(desk) {
  const { tools } = desk.parts;
  const windows = madeElement("div", "desk-windows");
  WINDOW_PRESETS.forEach((preset, place) => {
    windows.append(toolButton(preset.name, `${preset.title} (Shift+${place + 1})`, null, () => desk.usePreset(place)));
  });
  const buttons = {};
  const add = (name, title, act) => {
    buttons[name] = toolButton(null, title, ICONS[name], act);
    return buttons[name];
  };
  const grid = madeElement("div", "desk-buttons");
  grid.append(
    add("larger", "Zoom in (+)", () => desk.zoom(1.25)),
    add("smaller", "Zoom out (-)", () => desk.zoom(0.8)),
    add("fit", "Fit to the window", () => desk.fit()),
    add("invert", "Invert (I)", () => desk.toggleInvert()),
    add("flip", "Flip left and right", () => desk.flip()),
    add("turn", "Turn by a quarter to the right", () => desk.turn()),
    add("ruler", "Ruler (L)", () => desk.startTool("ruler")),
    add("ellipse", "Mark a region: ellipse", () => desk.startTool("ellipse")),
    add("freehand", "Mark a region: freehand", () => desk.startTool("freehand")),
    add("clear", "Clear all marks", () => desk.clearMarks()),
    add("swipe", "Swipe or side by side", () => desk.toggleSwipe()),
    add("full", "Full screen (F)", () => desk.toggleFullScreen()),
    add("reset", "Reset the view (Space)", () => desk.resetView()),
    add("help", "Keys (?)", () => desk.toggleHelp()),
  );
  const sliders = {
    level: toolSlider("Level", "Level of the window", (value) => desk.slideWindow({ center: value })),
    width: toolSlider("Width", "Width of the window", (value) => desk.slideWindow({ width: value })),
    opacity: toolSlider("Heat map", "Opacity of the heat map", (value) => desk.setOpacity(value)),
  };
  tools.append(windows, grid, ...Object.values(sliders).map((slider) => slider.label));
  tools.addEventListener("mousedown", (event) => {
    if (!(event.target instanceof HTMLInputElement)) event.preventDefault(); // a click leaves the focus where it was
  });
  return { buttons, sliders };
}

function toolButton(words, title, icon, act) {
  const button = madeElement("button", "desk-tool", words, { type: "button", title, "aria-label": title });
  if (icon) {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", "0 0 20 20");
    picture.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", icon);
    picture.append(path);
    button.append(picture);
  }
  button.addEventListener("click", act);
  return button;
}

function toolSlider(words, title, act) {
  const label = madeElement("label", "desk-slider", words, { title });
  const input = madeElement("input", "", null, { type: "range", "aria-label": title });
  input.addEventListener("input", () => act(Number(input.value)));
  label.append(input);
  return { label, input };
}

/** Bring pressed states and sliders up to date with the desk. */
function showTools(desk) {
  const { buttons, sliders } = desk.tools;
  const pressed = { invert: desk.invert, flip: desk.view.flip, swipe: desk.swipe && desk.beside.length > 0 };
  for (const kind of Object.keys(TOOL_HINTS)) pressed[kind] = desk.tool?.kind === kind;
  for (const [name, on] of Object.entries(pressed)) buttons[name].setAttribute("aria-pressed", String(Boolean(on)));
  buttons.swipe.disabled = desk.beside.length === 0;
  buttons.clear.disabled = desk.marks.length === 0;
  sliders.opacity.label.hidden = !desk.meta.heat;
  setSlider(sliders.opacity.input, 0.05, 1, 0.05, desk.opacity);
  const film = desk.film(0);
  if (!film) return;
  const { lowest, highest } = spreadOf(film);
  const shown = desk.windowOf(0);
  setSlider(sliders.level.input, lowest, highest, 1, shown.center);
  setSlider(sliders.width.input, 1, Math.max(2, 2 * (highest - lowest)), 1, shown.width);
}

function setSlider(input, min, max, step, value) {
  Object.assign(input, { min, max, step });
  const words = step < 1 ? value : Math.round(value);
  if (Number(input.value) !== words) input.value = words;
}

function showHelp(desk, open) {
  const { help } = desk.parts;
  help.hidden = !open;
  if (!open) return;
  help.replaceChildren();
  const close = madeElement("button", "desk-tool desk-close", "Close", { type: "button" });
  close.addEventListener("click", () => desk.toggleHelp());
  const list = madeElement("dl", "desk-keys");
  for (const [key, what] of [...PICTURE_KEYS, ...(desk.meta.panel?.keys ?? [])]) {
    list.append(madeElement("dt", "", key), madeElement("dd", "", what));
  }
  help.append(madeElement("h2", "", "Keys"), list, close);
  close.focus();
}
