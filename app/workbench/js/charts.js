// The three charts: ROC, precision-recall, net benefit. Curves are drawn once; a threshold only moves its point.

const BELOW_ZERO = 0.25; // of the prevalence, that the axis of the net benefit shows

/** A chart with its title, and a foot that says what it was made of. */
function chartBox(title, stamp, label) {
  const svg = makeSvg("svg", { role: "img", "aria-label": label });
  const foot = make("p", { class: "stamp" }, ...stamp.map((text, at) => make("span", { text, class: at ? null : "first" })));
  return { svg, box: make("figure", { class: "chart" }, make("figcaption", { text: title }), svg, foot) };
}

function rocChart(data, move) {
  const { table, points, curves, style } = data;
  const { svg, box } = chartBox("ROC", data.stamp, "ROC curve; a click moves the threshold, as the slider does");
  svg.classList.add("roc");
  const falseShare = table.values.specificity.map((value) => 1 - value);
  const found = table.values.sensitivity;
  const point = makeSvg("circle", { class: "point", r: 7 });
  let frame = null;
  const nearest = (event) => {
    const place = svg.getBoundingClientRect();
    const [x, y] = [event.clientX - place.left, event.clientY - place.top];
    let best = 0;
    let least = Infinity;
    for (let row = 0; row < found.length; row += 1) {
      const off = (frame.toX(falseShare[row]) - x) ** 2 + (frame.toY(found[row]) - y) ** 2;
      if (off < least) [best, least] = [row, off];
    }
    return best;
  };
  let held = false;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    held = true;
    svg.setPointerCapture(event.pointerId);
    move(nearest(event), false);
  });
  svg.addEventListener("pointermove", (event) => held && move(nearest(event), false));
  svg.addEventListener("pointerup", (event) => {
    if (held) move(nearest(event), true);
    held = false;
  });
  svg.addEventListener("pointercancel", () => (held = false));
  return {
    box,
    draw(width) {
      const side = Math.min(width, 460);
      frame = drawFrame(svg, { width: side, height: side, x: [0, 1], y: [0, 1], xTitle: "1 - specificity", yTitle: "Sensitivity" });
      svg.append(
        makeSvg("path", { class: "chance", d: linePath(frame, [0, 1], [0, 1]) }),
        modelLine(frame, curves.roc.x, curves.roc.y, style),
        ...points.map(({ row, name }) => {
          const own = { class: name === "active" ? "mark active" : "mark", cx: frame.toX(falseShare[row]), cy: frame.toY(found[row]) };
          return makeSvg("circle", { ...own, r: name === "active" ? 8 : 4 });
        }),
        point,
      );
    },
    show(row) {
      point.setAttribute("cx", frame.toX(falseShare[row]));
      point.setAttribute("cy", frame.toY(found[row]));
    },
  };
}

function precisionRecallChart(data) {
  const { table, curves, style, prevalence } = data;
  const { svg, box } = chartBox(`Precision-recall at a prevalence of ${data.prevalence_words}`, data.stamp, "Precision-recall curve");
  const point = makeSvg("circle", { class: "point", r: 6 });
  let frame = null;
  return {
    box,
    draw(width) {
      frame = drawFrame(svg, { width, height: Math.min(width, 340), x: [0, 1], y: [0, 1], xTitle: "Sensitivity", yTitle: "PPV" });
      svg.append(
        makeSvg("path", { class: "chance", d: linePath(frame, [0, 1], [prevalence, prevalence]) }),
        modelLine(frame, curves.precision_recall.x, curves.precision_recall.y, style),
        point,
      );
    },
    show(row) {
      const ppv = table.values.ppv[row];
      point.style.display = ppv === null ? "none" : "";
      if (ppv === null) return;
      point.setAttribute("cx", frame.toX(table.values.sensitivity[row]));
      point.setAttribute("cy", frame.toY(ppv));
    },
  };
}

function netBenefitChart(data) {
  const { table, style, prevalence } = data;
  const { svg, box } = chartBox(`Net benefit at a prevalence of ${data.prevalence_words}`, data.stamp, "Net benefit against the threshold");
  const cut = makeSvg("line", { class: "cut" });
  const point = makeSvg("circle", { class: "point", r: 6 });
  const least = -BELOW_ZERO * prevalence;
  const inside = (values) => values.map((value) => (value === null || value < least ? null : value));
  let last = 0.2;
  table.threshold.forEach((threshold, row) => {
    const value = table.net_benefit[row];
    if (value !== null && Math.abs(value) > 0.01 * prevalence && value >= least) last = Math.max(last, threshold);
  });
  const end = Math.min(1, Math.ceil(last * 10 + 0.5) / 10);
  const digits = prevalence < 0.04 ? 4 : prevalence < 0.4 ? 3 : 2;
  let frame = null;
  return {
    box,
    draw(width) {
      frame = drawFrame(svg, {
        width, height: Math.min(width, 340), x: [0, end], y: [least, prevalence * 1.08],
        xTitle: "Threshold", yTitle: "Net benefit a film", format: (value) => value.toFixed(digits),
      });
      const label = (x, y, text) => makeSvg("text", { class: "tick", x, y, text });
      const foot = table.all_positive.findIndex((value) => value !== null && value < least * 0.7);
      svg.append(
        makeSvg("path", { class: "chance", d: linePath(frame, [0, end], [0, 0]) }),
        makeSvg("path", { class: "everybody", d: linePath(frame, shortened(table.threshold, end), inside(table.all_positive)) }),
        modelLine(frame, shortened(table.threshold, end), inside(table.net_benefit), style),
        label(frame.toX(Math.min(table.threshold[Math.max(0, foot)], end * 0.7)) + 8, frame.toY(least * 0.8), "every film called"),
        label(frame.right - 82, frame.toY(0) + 16, "no film called"),
        cut, point,
      );
      for (const [name, value] of [["y1", frame.top], ["y2", frame.bottom]]) cut.setAttribute(name, value);
    },
    show(row) {
      const threshold = table.threshold[row];
      const value = table.net_benefit[row];
      const seen = threshold <= end;
      cut.style.display = seen ? "" : "none";
      point.style.display = seen && value !== null && value >= least ? "" : "none";
      if (!seen) return;
      for (const name of ["x1", "x2"]) cut.setAttribute(name, frame.toX(threshold));
      point.setAttribute("cx", frame.toX(threshold));
      if (value !== null) point.setAttribute("cy", frame.toY(value));
    },
  };
}

/** Thresholds up to the end of the axis; beyond it the line breaks. */
function shortened(thresholds, end) {
  return thresholds.map((threshold) => (threshold > end + 1e-9 ? null : threshold));
}
