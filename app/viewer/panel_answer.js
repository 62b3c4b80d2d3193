// The reader's answer in the form: what may stand in it, what is missing, how it reads in words.

const PANEL_SIDES = ["right", "left"]; // the patient's; in this order on the screen, as on the film
const PANEL_GRADES = ["definitely not", "probably not", "cannot tell", "probably", "definitely"];
const PANEL_GRADE_WORDS = [
  "definitely no pneumothorax",
  "probably no pneumothorax",
  "cannot tell",
  "probably a pneumothorax",
  "definitely a pneumothorax",
];
const PANEL_CHANGES = ["new", "larger", "same", "smaller", "resolved"];
const PANEL_SIZES = [
  ["apex_mm", "apex"],
  ["hilum_mm", "hilum"],
];
const PANEL_LARGEST_MM = 300;
const PANEL_MOST_REGIONS = 20;

function panelEmptySide() {
  return { grade: null, apex_mm: null, hilum_mm: null, drain: null, change: null };
}

function panelEmptyAnswer() {
  return {
    right: panelEmptySide(),
    left: panelEmptySide(),
    quality: "good", // what most films are; the form says so
    regions: [],
    comment: "",
    second_reader: false,
  };
}

/** The answer's own fields out of a draft, which holds more. */
function panelAnswerOf(draft) {
  const empty = panelEmptyAnswer();
  return structuredClone(Object.fromEntries(Object.keys(empty).map((name) => [name, draft[name] ?? empty[name]])));
}

/** Millimetres from what was typed: a number, null where nothing stands, else the text itself (and then no save). */
function panelMillimetres(text) {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return null;
  return /^\d+(\.\d*)?$/.test(plain) && Number(plain) <= PANEL_LARGEST_MM ? Number(plain) : text;
}

function panelReadable(answer) {
  return answer.quality !== "unreadable";
}

/** Which changes against the prior a side may have: all where something is seen, else only that it is gone. */
function panelChangesOf(side, priors) {
  if (!priors || side.grade === null) return [];
  return side.grade >= 2 ? PANEL_CHANGES : ["resolved"];
}

/** Why the answer cannot be saved yet, in one line; null where it can. */
function panelMissing(answer) {
  if (answer.regions.length > PANEL_MOST_REGIONS) return `At most ${PANEL_MOST_REGIONS} regions: clear some`;
  if (!panelReadable(answer)) return null;
  const empty = PANEL_SIDES.filter((name) => answer[name].grade === null);
  if (empty.length === 2) return "Grade both sides";
  if (empty.length === 1) return `Grade the ${empty[0]} side`;
  for (const name of PANEL_SIDES.filter((each) => answer[each].grade >= 2)) {
    for (const [field, words] of PANEL_SIZES) {
      const found = answer[name][field];
      if (typeof found === "string") return `The ${name} side at the ${words}: 0 to ${PANEL_LARGEST_MM} mm, not "${found}"`;
    }
  }
  return null;
}

/** The answer as it is saved: without what no longer applies after a grade or the quality was changed. */
function panelCleaned(answer, priors) {
  const saved = structuredClone(answer);
  for (const name of PANEL_SIDES) {
    const side = saved[name];
    if (!panelReadable(saved)) saved[name] = panelEmptySide();
    else if (side.grade < 2) saved[name] = { ...panelEmptySide(), grade: side.grade, change: side.change };
    if (!panelChangesOf(saved[name], priors).includes(saved[name].change)) saved[name].change = null;
  }
  return saved;
}

/** Whether two answers say the same, once saved. */
function panelSame(one, other, priors) {
  const [first, second] = [one, other].map((answer) => {
    const { comment, regions, ...rest } = panelCleaned(panelAnswerOf(answer), priors);
    const sides = PANEL_SIDES.map((name) => Object.keys(panelEmptySide()).map((field) => rest[name][field]));
    const marks = regions.map(({ kind, points }) => [kind, points]);
    return JSON.stringify([sides, rest.quality, rest.second_reader, marks, comment.trim()]);
  });
  return first === second;
}

/** What was said of one side, for a person. */
function panelSideWords(side) {
  if (side.grade === null) return "not graded";
  const words = [PANEL_GRADE_WORDS[side.grade]];
  for (const [field, place] of PANEL_SIZES) if (side[field] !== null) words.push(`${side[field]} mm at the ${place}`);
  if (side.drain !== null) words.push(side.drain ? "drain" : "no drain");
  if (side.change) words.push(`${side.change} against the prior`);
  return words.join(", ");
}

/** What an answer holds beside the two sides; empty where that is nothing worth a line. */
function panelRestWords(answer) {
  const words = [];
  if (answer.quality !== "good") words.push(`${answer.quality} film`);
  if (answer.regions.length) words.push(panelCounted(answer.regions.length, "region"));
  if (answer.second_reader) words.push("second reader wished");
  if (answer.comment.trim()) words.push(`“${answer.comment.trim()}”`);
  return words.join("; ");
}

function panelCounted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
