// Where a film lies on its canvas: zoom, centre, flip and quarter turns, and the way back from a canvas to the film.
//
// The centre is a share of the film's width and height and the zoom a multiple of "fits", so films of different
// sizes beside each other stay linked by sharing one view.

const LEAST_ZOOM = 0.5;
const LARGEST_PIXEL = 24; // screen pixels for one of the film

function firstView() {
  return { zoom: 1, x: 0.5, y: 0.5, flip: false, turn: 0 };
}

function isStraight(view) {
  return !view.flip && view.turn === 0;
}

function fitScale(view, film, width, height) {
  const [across, down] = view.turn % 2 ? [film.height, film.width] : [film.width, film.height];
  return Math.min(width / across, height / down);
}

/** [a, b, c, d, e, f] of the canvas: from pixels of the film to pixels of the canvas. */
function viewMatrix(view, film, width, height) {
  const scale = view.zoom * fitScale(view, film, width, height);
  const cos = [1, 0, -1, 0][view.turn] * scale;
  const sin = [0, 1, 0, -1][view.turn] * scale;
  const mirror = view.flip ? -1 : 1; // of the screen, after the turn
  const [a, b, c, d] = [mirror * cos, sin, -mirror * sin, cos];
  const x = view.x * film.width;
  const y = view.y * film.height;
  return [a, b, c, d, width / 2 - a * x - c * y, height / 2 - b * x - d * y];
}

function toCanvas([a, b, c, d, e, f], [x, y]) {
  return [a * x + c * y + e, b * x + d * y + f];
}

function toFilm(matrix, [x, y]) {
  return backwards(matrix, x - matrix[4], y - matrix[5]);
}

function backwards([a, b, c, d], x, y) {
  const size = a * d - b * c;
  return [(d * x - c * y) / size, (a * y - b * x) / size];
}

function clampedView(view) {
  return { ...view, x: Math.min(1, Math.max(0, view.x)), y: Math.min(1, Math.max(0, view.y)) };
}

/** Zoom by a factor; what lies under the point of the canvas stays there. */
function zoomedView(view, film, width, height, [x, y], factor) {
  const most = Math.max(1, LARGEST_PIXEL / fitScale(view, film, width, height));
  const zoom = Math.min(most, Math.max(LEAST_ZOOM, view.zoom * factor));
  const point = toFilm(viewMatrix(view, film, width, height), [x, y]);
  const off = backwards(viewMatrix({ ...view, zoom }, film, width, height), x - width / 2, y - height / 2);
  return clampedView({ ...view, zoom, x: (point[0] - off[0]) / film.width, y: (point[1] - off[1]) / film.height });
}

function pannedView(view, film, width, height, across, down) {
  const off = backwards(viewMatrix(view, film, width, height), across, down);
  return clampedView({ ...view, x: view.x - off[0] / film.width, y: view.y - off[1] / film.height });
}

/** A quarter turn to the right as it is seen on the screen. */
function turnedView(view) {
  return { ...view, turn: (view.turn + (view.flip ? 3 : 1)) % 4 };
}

/** The canvas edge on which the film's left edge lies; its right edge lies opposite. */
function leftEdge(view) {
  const edge = ["left", "top", "right", "bottom"][view.turn];
  if (!view.flip) return edge;
  return { left: "right", right: "left" }[edge] ?? edge;
}

const OPPOSITE = { left: "right", right: "left", top: "bottom", bottom: "top" };
