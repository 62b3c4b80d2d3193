// The keys of the answer panel. Letters, digits and arrows act only where no field has the focus; R and C never do.

const PANEL_FIELDS = "input, textarea, select";
const PANEL_WRITING_MS = 700; // within which a hand that writes goes on writing
const PANEL_PRESSABLE = "button, a[href], summary, [role=menuitem], [role=option]"; // Enter is theirs while focused

/**
 * Listen to the keys until the returned function is called. `act`: enter(), change(), cancel(), none(), drawer(),
 * heatKey(), step(by), choose(side), digit(grade).
 */
function panelListen(panelRoot, act) {
  let tabbed = false; // a button that was clicked keeps the focus, and is not what Enter means
  let written = null; // the last key that was text: {field, at}
  const onKey = (event) => {
    if (event.key === "Tab") tabbed = true;
    const field = event.composedPath()[0];
    if (written && !written.field.isConnected && event.timeStamp - written.at < PANEL_WRITING_MS && !panelIsField(field)) {
      event.preventDefault(); // a late reply took the field away: the rest of the word is no answer to the next film
      written.at = event.timeStamp;
      return;
    }
    const text = panelIsField(field) && event.key.length === 1 && event.composedPath().includes(panelRoot);
    written = text ? { field, at: event.timeStamp } : null;
    panelKey(event, panelRoot, tabbed, act);
  };
  const onPoint = () => {
    tabbed = false;
    written = null;
  };
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", onPoint, true);
  return () => {
    document.removeEventListener("keydown", onKey);
    document.removeEventListener("pointerdown", onPoint, true);
  };
}

function panelIsField(target) {
  return target instanceof Element && (target.matches(PANEL_FIELDS) || target.isContentEditable);
}

function panelKey(event, panelRoot, tabbed, act) {
  if (event.defaultPrevented || event.isComposing || event.altKey || event.metaKey) return;
  const path = event.composedPath(); // the panel may lie in a shadow tree, outside of which the target is not told
  const target = path[0] instanceof Element ? path[0] : document.body;
  const own = path.includes(panelRoot);
  const field = panelIsField(target);
  const clicked = !tabbed && !own && path.includes(panelRoot.parentElement); // a tool of the desk
  if (event.key === "Enter") panelEnter(event, target, own, field, clicked, act);
  else if (event.ctrlKey || event.shiftKey) return;
  else if (field) {
    if (event.key === "Escape" && own) target.blur();
  } else panelPlainKey(event, target, own, act);
}

function panelEnter(event, target, own, field, clicked, act) {
  const comment = target.matches("textarea");
  if (event.shiftKey || event.ctrlKey !== comment || (field && !own)) return;
  const radio = own && target.matches("[role=radio]"); // as in a form: Enter sends it, Space chooses
  if (!radio && !clicked && target.closest(PANEL_PRESSABLE)) {
    if (own && event.repeat) event.preventDefault(); // a key held down is one press
    return;
  }
  event.preventDefault();
  if (!event.repeat) act.enter();
}

function panelPlainKey(event, target, own, act) {
  const digit = /^(?:Digit|Numpad)([0-4])$/.exec(event.code);
  const acts = {
    ArrowLeft: () => act.choose("right"), // the panel lies as the film does
    ArrowRight: () => act.choose("left"),
    ArrowUp: own && target.matches("[role=radio]") ? () => panelMoveInGroup(target, -1) : null,
    ArrowDown: own && target.matches("[role=radio]") ? () => panelMoveInGroup(target, 1) : null,
    PageUp: () => act.step(-1),
    PageDown: () => act.step(1),
    Escape: () => act.cancel(),
    n: () => act.none(),
    e: () => act.change(),
    m: () => act.drawer(),
    h: () => act.heatKey(),
  };
  // The place of a digit, not its sign: a French keyboard needs Shift for the sign, and Shift+digit is a window.
  const isDigit = digit && (event.code.startsWith("Digit") || event.key === digit[1]); // Numpad4 may be an arrow
  const found = isDigit ? () => act.digit(Number(digit[1])) : acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!found) return;
  if (event.key !== "Escape" && event.key.toLowerCase() !== "h") event.preventDefault(); // those two are also the viewer's
  if (!event.repeat || event.key.startsWith("Arrow")) found();
}
