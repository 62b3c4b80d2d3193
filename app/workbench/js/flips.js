// The films that the threshold calls otherwise than the cut in force, missed ones first.

const AT_MOST = 12;
const SIDES = {
  newly: { title: "Newly suspected", positive: "now found", negative: "false alarm" },
  no_longer: { title: "No longer suspected", positive: "now missed", negative: "false alarm less" },
};

function flipsBlock({ table, flips }) {
  if (!flips) return { box: make("p", { class: "foot", text: "No cut is in force, so no film can flip against it." }), show: () => {} };
  const sides = Object.keys(SIDES).map((side) => {
    const films = flips.films.filter((film) => film.side === side).map((film) => ({ film, figure: flipped(film, SIDES[side]) }));
    const title = make("h3", { text: SIDES[side].title });
    const count = make("span", { class: "foot" });
    const list = make("div", { class: "films" }, ...films.map(({ figure }) => figure));
    return { side, films, count, box: make("section", { "data-side": side }, make("div", { class: "title" }, title, count), list) };
  });
  return {
    box: make("div", { class: "flips" }, ...sides.map(({ box }) => box)),
    show: (row) => {
      const threshold = table.threshold[row];
      const more = table.called[row] - table.called[flips.row]; // above 0 films are newly suspected
      for (const { side, films, count } of sides) {
        const total = Math.max(0, side === "newly" ? more : -more);
        let shown = 0;
        for (const { film, figure } of films) {
          const flips = side === "newly" ? film.probability >= threshold : film.probability < threshold;
          const seen = flips && shown < AT_MOST;
          if (seen) shown += 1;
          if (figure.hidden === seen) figure.hidden = !seen;
        }
        say(count, total > shown ? `${shown} of ${whole.format(total)}` : total ? whole.format(total) : "none");
      }
    },
  };
}

function flipped(film, words) {
  const what = film.label ? words.positive : words.negative;
  const picture = film.picture
    ? make("img", { src: film.picture, alt: `Film ${film.image_id}`, draggable: "false" })
    : make("span", { class: "absent", text: "No picture" });
  const link = make("a", { class: "frame", href: film.address, target: "_blank", rel: "noopener", title: `${film.image_id}: open its case` }, picture);
  const caption = make("figcaption", {}, make("b", { text: film.probability.toFixed(3) }), make("span", { text: what }));
  return make("figure", { class: film.label ? "film positive" : "film", hidden: "", "data-film": film.image_id }, link, caption);
}
