// The heat map over a film: one hue by opacity, and a line round what is at least half of its maximum.

const HEAT_HUE = [64, 196, 255]; // as core.figures.heat_map has it
const HEAT_DARK = "rgb(6, 30, 44)"; // beside the line, so that it is seen on white bone too
const HEAT_EDGE = 192; // of the enlarged map

/** Enlarge a grid bilinearly between the middles of its places, its largest value becoming 1. */
function enlargedHeat({ rows, columns, values }) {
  const large = new Float32Array(HEAT_EDGE * HEAT_EDGE);
  const place = (index, count) => {
    const at = Math.min(count - 1, Math.max(0, ((index + 0.5) * count) / HEAT_EDGE - 0.5));
    const first = Math.min(Math.floor(at), Math.max(0, count - 2));
    return [first, Math.min(first + 1, count - 1), at - first];
  };
  let most = 0;
  for (let y = 0; y < HEAT_EDGE; y += 1) {
    const [top, bottom, down] = place(y, rows);
    for (let x = 0; x < HEAT_EDGE; x += 1) {
      const [left, right, across] = place(x, columns);
      const above = values[top][left] * (1 - across) + values[top][right] * across;
      const below = values[bottom][left] * (1 - across) + values[bottom][right] * across;
      const value = above * (1 - down) + below * down;
      large[y * HEAT_EDGE + x] = value;
      most = Math.max(most, value);
    }
  }
  if (most > 0) for (let at = 0; at < large.length; at += 1) large[at] /= most;
  return large;
}

/** The map as a picture and the line at half of its maximum, on a square that is then stretched over the film. */
function heatLayer(heat) {
  const large = enlargedHeat(heat);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = HEAT_EDGE;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(HEAT_EDGE, HEAT_EDGE);
  for (let at = 0; at < large.length; at += 1) pixels.data.set([...HEAT_HUE, Math.round(255 * large[at])], 4 * at);
  context.putImageData(pixels, 0, 0);
  return { canvas, line: halfLine(large) };
}

/** Marching squares: pieces [x0, y0, x1, y1] of the line at one half, in places of the enlarged map. */
function halfLine(large) {
  const pieces = [];
  const at = (x, y) => large[y * HEAT_EDGE + x];
  for (let y = 0; y < HEAT_EDGE - 1; y += 1) {
    for (let x = 0; x < HEAT_EDGE - 1; x += 1) {
      const corners = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]];
      const ends = [];
      corners.forEach(([x0, y0], side) => {
        const [x1, y1] = corners[(side + 1) % 4];
        const [from, to] = [at(x0, y0), at(x1, y1)];
        if (from >= 0.5 === to >= 0.5) return;
        const share = (0.5 - from) / (to - from);
        ends.push([x0 + share * (x1 - x0) + 0.5, y0 + share * (y1 - y0) + 0.5]);
      });
      for (let end = 0; end + 1 < ends.length; end += 2) pieces.push([...ends[end], ...ends[end + 1]]);
    }
  }
  return pieces;
}

function paintHeat(context, layer, opacity, film, matrix, ratio) {
  context.setTransform(...matrix);
  context.globalAlpha = opacity;
  context.drawImage(layer.canvas, 0, 0, film.width, film.height);
  context.globalAlpha = 1;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.beginPath();
  for (const [x0, y0, x1, y1] of layer.line) {
    const [across, down] = [film.width / HEAT_EDGE, film.height / HEAT_EDGE];
    context.moveTo(...toCanvas(matrix, [x0 * across, y0 * down]));
    context.lineTo(...toCanvas(matrix, [x1 * across, y1 * down]));
  }
  strokeTwice(context, HEAT_DARK, `rgb(${HEAT_HUE.join(" ")})`, ratio);
}
