// The slider with its marks: arrow keys 0.001, page keys 0.01; a mark brings its exact threshold.

function sliderBlock(data, move) {
  const { table, points } = data;
  const input = make("input", { type: "range", min: 0, max: 1, step: 0.001, id: "cut", "aria-describedby": "cut-help" });
  const shown = make("output", { class: "value", for: "cut" });
  const ticks = points.map(({ glyph, threshold, name, label }) => {
    const place = `calc(var(--thumb) / 2 + (100% - var(--thumb)) * ${Math.min(1, threshold)})`;
    return make("span", { class: name === "active" ? "tick active" : "tick", style: `left: ${place}`, text: glyph, title: label, "aria-hidden": "true" });
  });
  const chips = points.map(({ glyph, label, threshold, row, title }) => {
    const chip = make("button", { type: "button", class: "chip", title }, make("i", { text: glyph }), make("span", { text: label }), make("b", { text: cutWords(threshold) }));
    chip.addEventListener("click", () => move(row, true));
    return { chip, row };
  });
  const row = () => rowOf(table.threshold, Number(input.value));
  input.addEventListener("input", () => move(row(), false, true));
  input.addEventListener("change", () => move(row(), true, true));
  input.addEventListener("keydown", (event) => {
    const step = { PageUp: 0.01, PageDown: -0.01 }[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    input.value = Number(input.value) + step;
    move(row(), true, true);
  });
  const box = make(
    "div",
    { class: "slider" },
    make("div", { class: "head" }, make("label", { for: "cut", text: "Threshold on the probability" }), shown, make("span", { class: "foot", id: "cut-help", text: "arrow keys 0.001, Page Up and Down 0.01" })),
    make("div", { class: "track" }, input, ...ticks),
    make("div", { class: "chips" }, ...chips.map(({ chip }) => chip)),
  );
  return {
    box,
    /** `dragged`: the slider itself moved, and must not be moved under the hand. */
    show: (at, dragged) => {
      const threshold = table.threshold[at];
      if (!dragged) input.value = threshold;
      input.setAttribute("aria-valuetext", cutWords(threshold));
      input.style.setProperty("--share", Math.min(1, threshold));
      say(shown, cutWords(threshold));
      for (const { chip, row: own } of chips) chip.setAttribute("aria-pressed", own === at);
    },
  };
}

/** The row of a step of the slider: the nearest one. Thresholds rise. */
function rowOf(thresholds, value) {
  let [low, high] = [0, thresholds.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (thresholds[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - thresholds[low - 1] < thresholds[low] - value ? low - 1 : low;
}
