// The frame of a chart: scales, hairlines, ticks, titles. Drawn anew only when its place has another size.

const EDGE = { left: 62, right: 12, top: 10, bottom: 42 };

/** Draw an empty frame into an `svg` and return its scales, from data to pixels. */
function drawFrame(svg, { width, height, x, y, xTitle, yTitle, format }) {
  svg.replaceChildren();
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) svg.setAttribute(name, value);
  const right = width - EDGE.right;
  const bottom = height - EDGE.bottom;
  const toX = (value) => EDGE.left + ((value - x[0]) / (x[1] - x[0])) * (right - EDGE.left);
  const toY = (value) => bottom - ((value - y[0]) / (y[1] - y[0])) * (bottom - EDGE.top);
  for (const value of ticks(x, Math.max(3, Math.floor(width / 90)))) {
    const at = crisp(toX(value));
    svg.append(
      makeSvg("line", { class: "hair", x1: at, x2: at, y1: EDGE.top, y2: bottom }),
      makeSvg("text", { class: "tick", x: at, y: bottom + 16, "text-anchor": "middle", text: tickWords(value) }),
    );
  }
  for (const value of ticks(y, Math.max(3, Math.floor(height / 70)))) {
    const at = crisp(toY(value));
    svg.append(
      makeSvg("line", { class: "hair", x1: EDGE.left, x2: right, y1: at, y2: at }),
      makeSvg("text", { class: "tick", x: EDGE.left - 7, y: at + 4, "text-anchor": "end", text: (format ?? tickWords)(value) }),
    );
  }
  svg.append(
    makeSvg("text", { class: "axis", x: (EDGE.left + right) / 2, y: height - 6, "text-anchor": "middle", text: xTitle }),
    makeSvg("text", { class: "axis", x: 0, y: 0, "text-anchor": "middle", text: yTitle, transform: `translate(13 ${(EDGE.top + bottom) / 2}) rotate(-90)` }),
  );
  return { toX, toY, left: EDGE.left, right, top: EDGE.top, bottom };
}

/** Round numbers between two limits, at most about so many. */
function ticks([from, to], count) {
  const rough = (to - from) / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * unit).find((candidate) => candidate >= rough - 1e-12);
  const found = [];
  for (let value = Math.ceil(from / step - 1e-9) * step; value <= to + step * 1e-9; value += step) found.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  return found;
}

function tickWords(value) {
  return String(Number(value.toPrecision(6)));
}

/** The middle of a device pixel, so that hairlines are sharp. */
function crisp(value) {
  return Math.round(value - 0.5) + 0.5;
}

/** A line through points; where one is null the line breaks. */
function linePath(frame, xs, ys) {
  let path = "";
  let broken = true;
  for (let at = 0; at < xs.length; at += 1) {
    if (xs[at] === null || ys[at] === null) {
      broken = true;
      continue;
    }
    path += `${broken ? "M" : "L"}${frame.toX(xs[at]).toFixed(1)} ${frame.toY(ys[at]).toFixed(1)}`;
    broken = false;
  }
  return path;
}

const DASHES = { dot: "2 4", dash: "8 5", longdash: "14 6", dashdot: "8 4 2 4", longdashdot: "14 5 2 5" };

/** The line of the model, in its own colour, dash and width. */
function modelLine(frame, xs, ys, style) {
  return makeSvg("path", { class: "model", d: linePath(frame, xs, ys), "stroke-width": style.width, "stroke-dasharray": DASHES[style.dash] });
}
