// Window and level: the presets, and a film's grey values brought to the screen's 256 through a table.

const WINDOW_PRESETS = [
  { name: "Full", title: "Full range of the file", of: (spread) => between(spread.lowest, spread.highest) },
  { name: "Soft", title: "Soft tissue: the brighter half", of: (spread) => share(spread, 0.65, 0.7) },
  { name: "Bone", title: "Bone: the brightest parts, narrow", of: (spread) => share(spread, 0.78, 0.45) },
  { name: "Lung", title: "Lung: the darker parts, more contrast", of: (spread) => share(spread, 0.35, 0.6) },
  { name: "Auto", title: "Automatic: without the darkest and brightest 1 %", of: (spread) => between(spread.p1, spread.p99) },
];

function between(low, high) {
  return { center: (low + high) / 2, width: Math.max(1, high - low) };
}

function share(spread, center, width) {
  const span = Math.max(1, spread.p99 - spread.p1);
  return { center: spread.p1 + center * span, width: Math.max(1, width * span) };
}

/** Where a film's values lie; counted once. */
function spreadOf(film) {
  if (film.spread) return film.spread;
  const counts = new Uint32Array(film.depth === 16 ? 65536 : 256);
  for (const value of film.values) counts[value] += 1;
  const at = (part) => {
    let seen = 0;
    for (let value = 0; value < counts.length; value += 1) {
      seen += counts[value];
      if (seen >= part * film.values.length && seen > 0) return value;
    }
    return counts.length - 1;
  };
  const p1 = at(0.01);
  const p99 = at(0.99);
  film.spread =
    film.depth === 16 ? { lowest: at(0), highest: at(1), p1, p99 } : { lowest: 0, highest: 255, p1, p99 };
  return film.spread;
}

function firstWindow(film, given) {
  if (given) return { center: given.center, width: Math.max(1, given.width) };
  return WINDOW_PRESETS[film.depth === 16 ? 4 : 0].of(spreadOf(film));
}

/** The window after a drag, in pixels of the screen: across is contrast, up is brighter. */
function draggedWindow(film, { center, width }, across, down) {
  const { lowest, highest, p1, p99 } = spreadOf(film);
  const step = Math.max(p99 - p1, (highest - lowest) / 50, 1) / 400;
  const most = Math.max(2 * (highest - lowest), 2);
  return {
    center: Math.min(highest, Math.max(lowest, center + down * step)),
    width: Math.min(most, Math.max(1, width + across * step)),
  };
}

function greyTable(depth, { center, width }, invert) {
  const table = new Uint32Array(depth === 16 ? 65536 : 256);
  const low = center - width / 2;
  for (let value = 0; value < table.length; value += 1) {
    const grey = Math.max(0, Math.min(255, Math.round(((value - low) * 255) / width)));
    const shown = invert ? 255 - grey : grey;
    table[value] = 0xff000000 | (shown << 16) | (shown << 8) | shown;
  }
  return table;
}

/** The film at its own size on a canvas; made again only when its window or the inversion changed. */
function pictureOf(kept, film, shown, invert) {
  const wanted = `${shown.center} ${shown.width} ${invert}`;
  let picture = kept.get(film.sha256);
  if (picture?.wanted === wanted) return picture.canvas;
  if (!picture) {
    const canvas = document.createElement("canvas");
    canvas.width = film.width;
    canvas.height = film.height;
    const context = canvas.getContext("2d", { alpha: false });
    picture = { canvas, context, pixels: context.createImageData(film.width, film.height) };
    kept.set(film.sha256, picture);
  }
  const table = greyTable(film.depth, shown, invert);
  const colours = new Uint32Array(picture.pixels.data.buffer);
  const { values } = film;
  for (let place = 0; place < values.length; place += 1) colours[place] = table[values[place]];
  picture.context.putImageData(picture.pixels, 0, 0);
  picture.wanted = wanted;
  return picture.canvas;
}
