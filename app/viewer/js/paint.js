// Paints what is asked for: each pane's film, the heat map, what the reader drew, and last the mark of made films.

const FRAMES_KEPT = 100;

/** Paint all panes now; returns nothing, and notes on the desk whether the case's film is on the screen. */
function paintDesk(desk) {
  const began = performance.now();
  const ratio = window.devicePixelRatio || 1;
  desk.onScreen = null;
  const wanted = panesWanted(desk);
  desk.panes.forEach((pane, place) => {
    pane.shows = wanted[place] ?? [];
    pane.root.hidden = !wanted[place];
  });
  desk.parts.divider.hidden = wanted[0].length < 2;
  desk.parts.divider.style.left = `${100 * desk.divider}%`;
  for (const pane of desk.panes) if (pane.shows.length) paintPane(desk, pane, ratio);
  const frames = (window.__pleurascope_frames ??= []);
  frames.push(performance.now() - began);
  if (frames.length > FRAMES_KEPT) frames.shift();
}

/** Which films stand in which pane: one each, or two in one when they are swiped. */
function panesWanted(desk) {
  if (desk.swipe && desk.beside.length) return [[0, desk.beside[0]]];
  return [[0], ...desk.beside.map((index) => [index])];
}

function paintPane(desk, pane, ratio) {
  const { canvas, context } = pane;
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  const cut = pane.shows.length > 1 ? desk.divider * width : width;
  pane.shows.forEach((index, place) => {
    const film = desk.film(index);
    if (!film) return;
    context.save();
    context.beginPath();
    if (place) context.rect(cut, 0, width - cut, height);
    else context.rect(0, 0, cut, height);
    context.clip();
    paintFilm(desk, context, index, film, viewMatrix(desk.view, film, width, height), ratio);
    context.restore();
    if (index === 0) desk.onScreen = { sha256: film.sha256 };
  });
  if (pane.shows.length > 1) {
    context.beginPath();
    context.moveTo(cut, 0);
    context.lineTo(cut, height);
    strokeTwice(context, MARK_DARK, "#FFFFFF", ratio);
  }
  if (desk.tool?.cross && pane.shows[0] === 0 && desk.film(0)) {
    paintCross(context, toCanvas(viewMatrix(desk.view, desk.film(0), width, height), desk.tool.cross), ratio);
  }
  const words = new Set(pane.shows.map((index) => desk.meta.films[index].mark).filter(Boolean));
  [...words].forEach((word, row) => paintHatched(context, word, row, ratio));
  labelPane(desk, pane);
}

function paintFilm(desk, context, index, film, matrix, ratio) {
  context.setTransform(...matrix);
  context.imageSmoothingEnabled = true;
  // Pixels are lost when a film is drawn at less than half its size, unless they are averaged.
  context.imageSmoothingQuality = Math.hypot(matrix[0], matrix[1]) < 0.5 ? "medium" : "low";
  context.drawImage(pictureOf(desk.pictures, film, desk.windowOf(index), desk.invert), 0, 0);
  if (desk.meta.films[index].counterfactual) desk.counterfactualSeen = true;
  if (index === 0 && desk.heatShown()) {
    desk.heatSeen = true;
    paintHeat(context, desk.heatLayer, desk.opacity, film, matrix, ratio);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  const { spacing_mm: spacing } = desk.meta.films[index];
  for (const mark of desk.marks) if (mark.sha256 === film.sha256) paintMark(context, mark, spacing, matrix, ratio);
  const { tool } = desk;
  if (tool?.points.length && tool.index === index) {
    const points = tool.cross && tool.kind !== "freehand" ? [...tool.points, tool.cross] : tool.points;
    paintMark(context, { kind: tool.kind, points }, spacing, matrix, ratio);
  }
}

/** PHANTOM or GENERATED, hatched amber, in the upper right corner. */
function paintHatched(context, words, row, ratio) {
  context.font = `700 ${13 * ratio}px sans-serif`;
  const wide = context.measureText(words).width + 16 * ratio;
  const high = 22 * ratio;
  paintHatchedAt(context, words, context.canvas.width - wide - 8 * ratio, 8 * ratio + row * 26 * ratio, wide, high, ratio);
}

function paintHatchedAt(context, words, left, top, wide, high, ratio) {
  context.save();
  context.beginPath();
  context.rect(left, top, wide, high);
  context.clip();
  context.fillStyle = "#ffc65c";
  context.fillRect(left, top, wide, high);
  context.strokeStyle = "#f5ae2b";
  context.lineWidth = 5 * ratio;
  context.beginPath();
  for (let x = left - high; x < left + wide + high; x += 14 * ratio) {
    context.moveTo(x, top + high);
    context.lineTo(x + high, top);
  }
  context.stroke();
  context.fillStyle = "#1b1f24";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(words, left + wide / 2, top + high / 2);
  context.restore();
}
