// Elements made in one line, and numbers in words.

const SVG = "http://www.w3.org/2000/svg";

/** Make an HTML element with attributes and children; `text` is set as text, never as markup. */
function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Make an SVG element likewise. */
function makeSvg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, { text, ...attributes }, children) {
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Change a text only where it differs, so that nothing is laid out or read aloud in vain. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A probability: three digits on the grid, four where it was chosen between its steps. */
function cutWords(value) {
  const grid = Math.abs(value * 1000 - Math.round(value * 1000)) < 1e-6;
  return value.toFixed(grid ? 3 : 4);
}

function shareWords(value) {
  return value === null ? "none" : value.toFixed(3);
}
