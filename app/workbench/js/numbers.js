// The sentence, the 2 x 2 table and the measures: texts that a threshold changes.

function sentenceBlock(data) {
  const line = make("p", { class: "sentence", "aria-live": "polite" });
  return { box: line, show: (row) => say(line, data.table.sentence[row]) };
}

function countsBlock({ table, truth_words }) {
  const cells = [
    ["true_positive", "found", "right"],
    ["false_negative", "missed", "wrong"],
    ["false_positive", "false alarms", "wrong"],
    ["true_negative", "rightly not suspected", "right"],
  ].map(([name, words, call]) => {
    const number = make("b");
    return { number, name, cell: make("td", { class: call, "data-count": name }, number, make("span", { text: words })) };
  });
  const head = (text, scope) => make("th", { text, scope });
  const [found, missed, alarms, quiet] = cells.map(({ cell }) => cell);
  const box = make(
    "table",
    { class: "counts" },
    make("caption", { text: "Films of this part" }),
    make("thead", {}, make("tr", {}, make("td"), head("Suspected", "col"), head("Not suspected", "col"))),
    make("tbody", {},
      make("tr", {}, head("Pneumo\u00adthorax", "row"), found, missed),
      make("tr", {}, head("None", "row"), alarms, quiet),
    ),
  );
  const foot = make("p", { class: "foot", text: truth_words });
  return {
    box: make("div", { class: "counts-block" }, box, foot),
    show: (row) => {
      for (const { number, name } of cells) say(number, whole.format(table[name][row]));
    },
  };
}

const MEASURES = [
  ["sensitivity", "Sensitivity"], ["specificity", "Specificity"], ["ppv", "PPV"], ["npv", "NPV"], ["f1", "F1"], ["mcc", "MCC"],
];

function measuresBlock(data) {
  const { table } = data;
  const rows = MEASURES.map(([name, title]) => {
    const value = make("td", { class: "number" });
    const limits = make("td", { class: "limits" });
    return { name, value, limits, row: make("tr", { "data-measure": name }, make("th", { scope: "row", text: title }), value, limits) };
  });
  const extra = (name, title, unit) => {
    const value = make("td", { class: "number" });
    const words = make("td", { class: "limits", text: unit });
    return { value, words, row: make("tr", { "data-measure": name }, make("th", { scope: "row", text: title }), value, words) };
  };
  const alerts = extra("alerts", "Alerts a day", `of ${whole.format(data.films_a_day)} films`);
  const benefit = extra("net_benefit", "Net benefit", "");
  const head = (text) => make("th", { scope: "col", text });
  const box = make(
    "table",
    { class: "measures" },
    make("caption", { text: `At a prevalence of ${data.prevalence_words}`, title: "Intervals go by patient" }),
    make("thead", {}, make("tr", {}, head("Measure"), head("Value"), head("95 % interval"))),
    make("tbody", {}, ...rows.map(({ row }) => row), alerts.row, benefit.row),
  );
  return {
    box,
    show: (row) => {
      for (const { name, value, limits } of rows) {
        const own = table.limits[name];
        const reason = table.reasons[name][row];
        say(value, shareWords(table.values[name][row]));
        const low = own?.low[row] ?? null;
        say(limits, low === null ? reason ?? "no interval here" : `${low.toFixed(3)} to ${own.high[row].toFixed(3)}`);
      }
      say(alerts.value, table.alerts[row] < 9.95 ? table.alerts[row].toFixed(1) : whole.format(table.alerts[row]));
      const net = table.net_benefit[row];
      say(benefit.value, net === null ? "none" : net.toFixed(4));
      const all = table.all_positive[row];
      say(benefit.words, net === null ? "a cut of 1 has no odds" : `calling all: ${all < -1 ? "below -1" : all.toFixed(4)}`);
    },
  };
}
