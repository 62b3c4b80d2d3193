// The films of this browser window, by the hash of their pixels: each arrives once and outlives script runs.

const FILMS_KEPT = 12;

function filmStore() {
  window.__pleurascope_films ??= { films: new Map(), waiting: new Set(), fault: null };
  return window.__pleurascope_films;
}

/** The film with this hash, or null; asking for it makes it the last to be dropped. */
function storedFilm(sha256) {
  const { films } = filmStore();
  const film = films.get(sha256);
  if (!film) return null;
  films.delete(sha256);
  films.set(sha256, film);
  return film;
}

function storeFilm(film) {
  const { films } = filmStore();
  films.delete(film.sha256);
  films.set(film.sha256, film);
  while (films.size > FILMS_KEPT) films.delete(films.keys().next().value);
  tellWaiting();
}

function storeFault(sentence) {
  filmStore().fault = sentence;
  tellWaiting();
}

function tellWaiting() {
  for (const told of [...filmStore().waiting]) told();
}

/** SHA-256 of depth, shape and little-endian pixels, as `core.data.pixels.sha256_of_pixels` has it. */
async function hashOfPixels(values, width, height) {
  const head = new TextEncoder().encode(`uint${8 * values.BYTES_PER_ELEMENT} ${height}x${width} `);
  const all = new Uint8Array(head.length + values.byteLength);
  all.set(head);
  all.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), head.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
