// The keys of the picture. They listen before the panel's, and keep from it only what they have acted on.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const RANGE_KEYS = new Set([...Object.keys(ARROWS), "PageUp", "PageDown", "Home", "End"]);
const PAN_STEP = 40; // pixels of the screen
const CROSS_STEP = 8; // and with Shift one

function bindKeys(desk) {
  let tabbed = false; // the focus came by the keyboard, so Space and Enter press what has it
  const own = (event) => event.composedPath().includes(desk.parts.root);
  const press = (event) => {
    if (event.key === "Tab") tabbed = true;
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const target = event.composedPath()[0];
    if (desk.helpOpen()) {
      if (keyOfHelp(desk, event)) event.stopImmediatePropagation();
      return;
    }
    if (isTyping(target)) return;
    const leave = keyOfFocus(desk, event, target, tabbed);
    if (leave === "native") {
      if (own(event)) event.stopImmediatePropagation(); // Enter on a tool is not Enter of the answer
      return;
    }
    if (leave === "panel") return;
    if (keyOfTool(desk, event) || keyOfPicture(desk, event)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  const release = (event) => {
    if (event.key.toLowerCase() === "h") desk.holdHeat(false);
  };
  const point = () => {
    tabbed = false;
  };
  const leaveWindow = () => desk.holdHeat(false);
  document.addEventListener("keydown", press, true);
  document.addEventListener("keyup", release, true);
  document.addEventListener("pointerdown", point, true);
  window.addEventListener("blur", leaveWindow);
  return () => {
    document.removeEventListener("keydown", press, true);
    document.removeEventListener("keyup", release, true);
    document.removeEventListener("pointerdown", point, true);
    window.removeEventListener("blur", leaveWindow);
  };
}

function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input:not([type=range], [type=checkbox], [type=radio], [type=button])");
}

/** Who a key belongs to by what has the focus: "native", "panel", or null when the picture may have it. */
function keyOfFocus(desk, event, target, tabbed) {
  const { key } = event;
  const { divider, tools, strip } = desk.parts;
  if (target === divider && ARROWS[key]) {
    event.preventDefault();
    desk.moveDivider(desk.divider + (0.02 * (ARROWS[key][0] - ARROWS[key][1])));
    return "native";
  }
  if (target instanceof HTMLInputElement && target.type === "range" && RANGE_KEYS.has(key)) return "native";
  const pressable = target instanceof Element && target.matches("button, a, summary, input, [role=button]");
  if (!pressable || !tabbed || (key !== "Enter" && key !== " ")) return null;
  return tools.contains(target) || strip.contains(target) ? "native" : "panel";
}

function keyOfHelp(desk, event) {
  if (event.key === "Escape" || event.key === "?") {
    event.preventDefault();
    desk.toggleHelp();
  }
  return event.key !== "Tab";
}

/** While a tool is in the hand: a cross moved by the arrows, set by Enter. */
function keyOfTool(desk, event) {
  const { tool } = desk;
  if (!tool) return false;
  if (event.key === "Escape") {
    desk.cancelTool();
    return true;
  }
  const arrow = ARROWS[event.key];
  const film = desk.film(0);
  if (!film || (!arrow && event.key !== "Enter")) return false;
  const { canvas } = desk.panes[0];
  const matrix = viewMatrix(desk.view, film, canvas.width, canvas.height);
  tool.index = 0;
  tool.cross ??= insideFilm(film, toFilm(matrix, [canvas.width / 2, canvas.height / 2]));
  if (arrow) {
    const step = (event.shiftKey ? 1 : CROSS_STEP) * (canvas.width / canvas.clientWidth);
    const [x, y] = toCanvas(matrix, tool.cross);
    tool.cross = insideFilm(film, toFilm(matrix, [x + arrow[0] * step, y + arrow[1] * step]));
    if (tool.kind === "freehand" && tool.points.length) tool.points.push(tool.cross);
  } else if (!event.repeat) {
    tool.points.push(tool.cross);
    if (tool.points.length > 1) desk.finishMark();
  }
  desk.ask();
  return true;
}

function keyOfPicture(desk, event) {
  const { key, code, shiftKey, repeat } = event;
  if (shiftKey && /^Digit[1-5]$/.test(code)) return act(() => desk.usePreset(Number(code.at(-1)) - 1));
  if (shiftKey && ARROWS[key]) return act(() => desk.pan(-PAN_STEP * ARROWS[key][0], -PAN_STEP * ARROWS[key][1]));
  if (key === "Delete" || key === "Backspace") return desk.marks.length ? act(() => desk.takeBack()) : false;
  const zooms = { "+": 1.25, "=": 1.25, "-": 0.8, "_": 0.8 };
  if (zooms[key]) return act(() => desk.zoom(zooms[key], desk.pointer));
  const acts = {
    i: () => desk.toggleInvert(),
    z: () => desk.toggleZoom(),
    l: () => desk.startTool("ruler"),
    f: () => desk.toggleFullScreen(),
    p: () => desk.togglePrior(1),
    h: () => desk.holdHeat(true),
    " ": () => desk.resetView(),
    "?": () => desk.toggleHelp(),
  };
  const letter = key.toLowerCase(); // Caps Lock writes it large; with Shift it is another key, and nobody's
  const chosen = acts[letter];
  if (!chosen || (shiftKey && /^[a-z]$/.test(letter))) return false;
  if (letter === "h" && !desk.meta.heat) return false; // the panel asks for it
  if (!repeat) chosen();
  return true;
}

function act(what) {
  what();
  return true;
}
