// Pictures of one translation: one view for all of them, and a swipe between the first two.

const STEP = 1.25; // of the zoom, for a button or a notch of the wheel
const ARROWS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
const sets = new WeakMap();

export default function mount({ data, parentElement }) {
  let set = sets.get(parentElement);
  if (!set) {
    set = makeSet(parentElement);
    sets.set(parentElement, set);
  }
  set.take(data);
  // Streamlit may call this for a run that was overtaken, while the pictures still stand on the page.
  return () => setTimeout(() => {
    if ((parentElement.host ?? parentElement).isConnected) return;
    sets.get(parentElement)?.destroy();
    sets.delete(parentElement);
  }, 0);
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function makeSet(place) {
  const set = { view: firstView(), name: null, swiping: false, at: 50, canvases: [], frame: 0 };
  const panes = make("div", { class: "pair-panes" });
  const bar = make("div", { class: "pair-bar", role: "toolbar", "aria-label": "Pictures" });
  const beside = make("button", { type: "button" }, "Beside each other");
  const swipe = make("button", { type: "button" }, "Swipe");
  const zoom = (factor) => {
    const [canvas] = set.canvases;
    const { width, height } = canvas.element.getBoundingClientRect();
    set.view = zoomedView(set.view, canvas.layers[0], width, height, [width / 2, height / 2], factor);
    set.draw();
  };
  for (const [button, swiping] of [[beside, false], [swipe, true]]) {
    button.addEventListener("click", () => { set.swiping = swiping; build(); });
  }
  const action = (text, label, act) => {
    const button = make("button", { type: "button", "aria-label": label, title: label }, text);
    button.addEventListener("click", act);
    return button;
  };
  bar.append(
    beside, swipe,
    action("+", "Zoom in", () => zoom(STEP)), action("−", "Zoom out", () => zoom(1 / STEP)),
    action("Whole picture", "Whole picture", () => { set.view = firstView(); set.draw(); }),
    make("span", { class: "pair-hint" }, "Drag to move, Ctrl and wheel to zoom: all pictures follow"),
  );
  const root = make("div", { class: "pair" }, bar, panes);
  place.appendChild(root);

  set.draw = () => {
    set.frame ||= requestAnimationFrame(() => {
      set.frame = 0;
      for (const canvas of set.canvases) paint(canvas, set);
    });
  };
  const build = () => {
    beside.setAttribute("aria-pressed", String(!set.swiping));
    swipe.setAttribute("aria-pressed", String(set.swiping));
    panes.classList.toggle("pair-panes", !set.swiping);
    set.canvases = [];
    panes.replaceChildren(...(set.swiping ? [swipePane(set)] : set.pictures.map((one) => pane(set, one))));
    for (const canvas of set.canvases) bindMoves(set, canvas);
    set.draw();
  };
  const sizes = new ResizeObserver(() => set.draw());
  sizes.observe(root);
  set.take = (data) => {
    if (!data?.panes) return;
    const sent = JSON.stringify(data.panes.map((one) => [one.title, one.note, one.src]));
    if (set.sent === sent) return;
    if (set.name !== data.name) set.view = firstView();
    Object.assign(set, { name: data.name, sent });
    set.pictures = data.panes.map((one) => {
      const image = new Image();
      image.onload = set.draw;
      image.src = one.src;
      return { ...one, image };
    });
    build();
  };
  set.destroy = () => {
    sizes.disconnect();
    cancelAnimationFrame(set.frame);
    root.remove();
  };
  return set;
}

/** One picture under its title, with the legend of its colours. */
function pane(set, one) {
  const element = make("canvas", { role: "img", tabindex: "0", "aria-label": one.alt });
  set.canvases.push({ element, layers: [one.image], marks: [one.mark] });
  const words = make("figcaption", {}, make("b", {}, one.title), make("span", {}, one.note));
  const figure = make("figure", { class: "pair-pane" }, element);
  if (one.legend) figure.append(...legend(one.legend));
  figure.append(words);
  return figure;
}

function legend({ colours, labels }) {
  const strip = make("div", { class: "pair-legend" });
  strip.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
  return [strip, make("div", { class: "pair-labels" }, ...labels.map((label) => make("span", {}, label)))];
}

/** The first two pictures on one canvas: the first one left of the place of the slider, the second one right of it. */
function swipePane(set) {
  const [first, second] = set.pictures;
  const element = make("canvas", { role: "img", tabindex: "0", "aria-label": `${first.alt}. ${second.alt}` });
  set.canvases.push({ element, layers: [first.image, second.image], marks: [first.mark, second.mark] });
  const slider = make("input", {
    type: "range", min: "0", max: "100", step: "1", "aria-label": `Swipe between ${first.title} and ${second.title}`,
  });
  slider.value = String(set.at);
  slider.addEventListener("input", () => { set.at = Number(slider.value); set.draw(); });
  const ends = make("div", { class: "pair-ends" }, make("b", {}, `◂ ${first.title}`), make("b", {}, `${second.title} ▸`));
  return make("figure", { class: "pair-pane pair-swipe" }, element, slider, ends);
}

function paint({ element, layers, marks }, set) {
  const box = element.getBoundingClientRect();
  const dense = window.devicePixelRatio || 1;
  element.width = Math.max(1, Math.round(box.width * dense));
  element.height = Math.max(1, Math.round(box.height * dense));
  const context = element.getContext("2d");
  const cut = (element.width * set.at) / 100;
  layers.forEach((image, number) => {
    if (!image.complete || !image.naturalWidth) return;
    context.save();
    if (layers.length > 1) {
      context.beginPath();
      context.rect(number ? cut : 0, 0, number ? element.width - cut : cut, element.height);
      context.clip();
    }
    context.setTransform(...viewMatrix(set.view, image, element.width, element.height));
    context.drawImage(image, 0, 0);
    context.resetTransform();
    if (marks[number] && (number || !isWhole(set.view))) paintMark(context, element, marks[number], dense, number > 0);
    context.restore();
  });
  if (layers.length < 2) return;
  context.fillStyle = "#56b4e9";
  context.fillRect(cut - dense, 0, 2 * dense, element.height);
}

function isWhole(view) {
  const first = firstView();
  return view.zoom === first.zoom && view.x === first.x && view.y === first.y;
}

/** The mark in a lower corner of the canvas, where that in the picture itself may be out of sight. */
function paintMark(context, element, mark, dense, right) {
  context.font = `600 ${15 * dense}px sans-serif`;
  const [across, down] = [context.measureText(mark).width + 12 * dense, 24 * dense];
  const left = right ? element.width - across : 0;
  context.fillStyle = "#f59e0b";
  context.fillRect(left, element.height - down, across, down);
  context.fillStyle = "#1c1404";
  context.textBaseline = "middle";
  context.fillText(mark, left + 6 * dense, element.height - down / 2);
}

/** Dragging, the wheel with Ctrl (alone it scrolls the page), and keys move the view that all pictures share. */
function bindMoves(set, { element, layers }) {
  const size = () => element.getBoundingClientRect();
  const pan = (across, down) => {
    const { width, height } = size();
    set.view = pannedView(set.view, layers[0], width, height, across, down);
    set.draw();
  };
  element.addEventListener("pointerdown", (event) => element.setPointerCapture(event.pointerId));
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) pan(event.movementX, event.movementY);
  });
  element.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const { left, top, width, height } = size();
    const point = [event.clientX - left, event.clientY - top];
    set.view = zoomedView(set.view, layers[0], width, height, point, event.deltaY < 0 ? STEP : 1 / STEP);
    set.draw();
  }, { passive: false });
  element.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    pan(...ARROWS[event.key]);
  });
}
