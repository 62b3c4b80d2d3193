// Makes elements for the answer panel: text goes in as text, never as markup.

/** One element; `attributes` that are false or null are left out, functions become listeners (`onclick`). */
function panelNode(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else if (name === "value") node.value = value;
    else if (name === "name") node.dataset.name = value; // by which the focus finds it again after a redraw
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...panelThere(children));
  return node;
}

/** The children that are there: an empty place would be written as the word "null". */
function panelThere(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** A button that does one thing; `keys` is the key that does the same. */
function panelButton(name, words, act, { kind = "plain", keys = null, ...rest } = {}) {
  return panelNode(
    "button",
    { type: "button", name, class: `panel-button panel-${kind}`, "aria-keyshortcuts": keys, onclick: act, ...rest },
    panelNode("span", { text: words }),
    keys && panelNode("kbd", { "aria-hidden": "true", text: keys }),
  );
}

/** A group of which at most one is chosen. `options`: [[value, words], ...]; one tab stop, as radio buttons have. */
function panelChoice(name, label, options, chosen, choose, { kind = "small", tick = (words) => words, ...rest } = {}) {
  const stop = options.some(([value]) => value === chosen) ? chosen : options[0][0];
  return panelNode(
    "div",
    { role: "radiogroup", "aria-label": label, class: `panel-choice panel-choice-${kind}`, ...rest },
    options.map(([value, words]) =>
      panelNode(
        "button",
        {
          type: "button",
          role: "radio",
          name: `${name} ${value}`,
          class: `panel-button panel-${kind}`,
          "aria-checked": String(value === chosen),
          tabindex: value === stop ? "0" : "-1",
          onclick: () => choose(value),
        },
        tick(words),
      ),
    ),
  );
}

/** Put the focus on the next or the previous of a group, which the arrows up and down ask for. */
function panelMoveInGroup(radio, by) {
  const all = [...radio.closest("[role=radiogroup]").querySelectorAll("[role=radio]")];
  all[(all.indexOf(radio) + by + all.length) % all.length].focus();
}

/** Draw again without losing the place: the focused part, the caret in it. */
function panelRedraw(place, children) {
  const held = place.getRootNode().activeElement;
  const name = held && place.contains(held) ? held.dataset.name : null;
  const caret = name && held.matches("input, textarea") ? [held.selectionStart, held.selectionEnd] : null;
  place.replaceChildren(...panelThere(children));
  const again = name && [...place.querySelectorAll("[data-name]")].find((node) => node.dataset.name === name);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (caret) again.setSelectionRange(...caret);
}
