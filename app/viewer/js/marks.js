// What a reader draws on a film: the ruler and the regions, kept in pixels of the film.

const MOST_POINTS = 400; // of one region, as core.review.answer has it
const MOST_REGIONS = 20;
const LEAST_SIZE = 3; // pixels of the film; less was a slip of the hand
const MARK_COLOUR = "#F0E442";
const MARK_DARK = "rgba(0, 0, 0, 0.75)";

const TOOL_HINTS = {
  ruler: "Ruler: drag from end to end, or move the cross with the arrows and press Enter at each end. Esc cancels.",
  ellipse: "Ellipse: drag from corner to corner, or move the cross with the arrows and press Enter at both corners. Esc cancels.",
  freehand: "Freehand: drag round the region, or press Enter, go round with the arrows, press Enter. Esc cancels.",
};

function insideFilm(film, [x, y]) {
  const tenth = (value, most) => Math.round(10 * Math.min(most, Math.max(0, value))) / 10;
  return [tenth(x, film.width), tenth(y, film.height)];
}

/** A mark as it is kept, or null where hardly anything was drawn. */
function finishedMark(kind, points, film) {
  let kept = points.map((point) => insideFilm(film, point));
  if (kind === "freehand") {
    const step = Math.ceil(kept.length / MOST_POINTS);
    kept = kept.filter((_, place) => place % step === 0);
  } else {
    kept = [kept[0], kept.at(-1)];
  }
  const size = (axis) => Math.max(...kept.map((p) => p[axis])) - Math.min(...kept.map((p) => p[axis]));
  const [across, down] = [size(0), size(1)];
  const small = kind === "ruler" ? Math.hypot(across, down) < LEAST_SIZE : Math.min(across, down) < LEAST_SIZE;
  return small ? null : { kind, points: kept, sha256: film.sha256 };
}

function rulerWords([[x0, y0], [x1, y1]], spacing) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  return spacing ? `${(length * spacing).toFixed(1)} mm` : `${length.toFixed(0)} px, size unknown`;
}

function strokeTwice(context, dark, colour, ratio) {
  context.lineWidth = 4 * ratio;
  context.strokeStyle = dark;
  context.stroke();
  context.lineWidth = 1.5 * ratio;
  context.strokeStyle = colour;
  context.stroke();
}

function paintMark(context, mark, spacing, matrix, ratio) {
  const points = mark.points.map((point) => toCanvas(matrix, point));
  const [first, last] = [points[0], points.at(-1)];
  context.beginPath();
  if (mark.kind === "ellipse") {
    const [x, y] = [(first[0] + last[0]) / 2, (first[1] + last[1]) / 2]; // quarter turns keep the box upright
    context.ellipse(x, y, Math.abs(first[0] - last[0]) / 2, Math.abs(first[1] - last[1]) / 2, 0, 0, 2 * Math.PI);
  } else {
    points.forEach(([x, y], place) => (place ? context.lineTo(x, y) : context.moveTo(x, y)));
    if (mark.kind === "freehand" && mark.sha256) context.closePath(); // finished
    if (mark.kind === "ruler") paintRulerEnds(context, first, last, ratio);
  }
  strokeTwice(context, MARK_DARK, MARK_COLOUR, ratio);
  if (mark.kind === "ruler") paintWords(context, rulerWords([mark.points[0], mark.points.at(-1)], spacing), last, ratio);
}

function paintRulerEnds(context, first, last, ratio) {
  const length = Math.hypot(last[0] - first[0], last[1] - first[1]) || 1;
  const [across, down] = [((first[1] - last[1]) / length) * 6 * ratio, ((last[0] - first[0]) / length) * 6 * ratio];
  for (const [x, y] of [first, last]) {
    context.moveTo(x - across, y - down);
    context.lineTo(x + across, y + down);
  }
}

function paintWords(context, words, [x, y], ratio) {
  context.font = `600 ${13 * ratio}px sans-serif`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  const wide = context.measureText(words).width;
  const left = Math.max(4 * ratio, Math.min(x + 10 * ratio, context.canvas.width - wide - 8 * ratio));
  const middle = Math.max(12 * ratio, Math.min(y, context.canvas.height - 12 * ratio));
  context.fillStyle = MARK_DARK;
  context.fillRect(left - 4 * ratio, middle - 10 * ratio, wide + 8 * ratio, 20 * ratio);
  context.fillStyle = MARK_COLOUR;
  context.fillText(words, left, middle);
}

function paintCross(context, [x, y], ratio) {
  const arm = 14 * ratio;
  context.beginPath();
  context.moveTo(x - arm, y);
  context.lineTo(x + arm, y);
  context.moveTo(x, y - arm);
  context.lineTo(x, y + arm);
  strokeTwice(context, MARK_DARK, "#FFFFFF", ratio);
}
