// The strip of priors under the film: small pictures, drawn as their films arrive; a click sets one beside.

const THUMB = 64; // pixels of the longer edge

function buildStrip(desk) {
  const { strip } = desk.parts;
  const priors = desk.meta.films.slice(1).filter((film) => !film.counterfactual); // which comes last
  strip.hidden = priors.length === 0;
  strip.replaceChildren();
  desk.thumbs = priors.map((film, place) => {
    const words = film.title || "Prior film";
    const button = madeElement("button", "desk-thumb", null, {
      type: "button", title: `${words}: set beside the film`, "aria-pressed": "false",
    });
    const canvas = madeElement("canvas", "", null, { "aria-hidden": "true", width: THUMB, height: THUMB });
    button.append(canvas, madeElement("span", "", words));
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => desk.togglePrior(place + 1));
    strip.append(button);
    return { button, canvas, drawn: false };
  });
}

function showStrip(desk) {
  desk.thumbs.forEach((thumb, place) => {
    thumb.button.setAttribute("aria-pressed", String(desk.beside.includes(place + 1)));
    const film = desk.film(place + 1);
    if (film && !thumb.drawn) paintThumb(thumb, film, desk.meta.films[place + 1]);
  });
}

function paintThumb(thumb, film, { mark, window: given }) {
  const context = thumb.canvas.getContext("2d", { alpha: false });
  const picture = pictureOf(new Map(), film, firstWindow(film, given), false);
  const scale = THUMB / Math.max(film.width, film.height);
  const [wide, high] = [film.width * scale, film.height * scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, (THUMB - wide) / 2, (THUMB - high) / 2, wide, high);
  if (mark) {
    context.font = "700 9px sans-serif";
    paintHatchedAt(context, mark, 0, 0, THUMB, 13, 1);
  }
  thumb.drawn = true;
}
