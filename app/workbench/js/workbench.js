// The workbench itself: one a place on the page, kept across script runs; a threshold changes all its blocks in one frame.

const TOLD_AFTER_MS = 250; // of rest; keys that repeat are one message
const benches = new WeakMap();

export default function mount({ data, parentElement, setStateValue }) {
  let bench = benches.get(parentElement);
  if (!bench) {
    bench = makeBench(parentElement);
    benches.set(parentElement, bench);
  }
  bench.tell = (threshold) => setStateValue("threshold", threshold);
  if (data?.table && data.id !== bench.data?.id) bench.take(data);
  // Streamlit may call this for a run that was overtaken, while the bench still stands on the page.
  return () => setTimeout(() => takeDown(parentElement), 0);
}

function makeBench(place) {
  const root = make("div", { class: "bench" });
  const bench = { root, data: null, row: 0, blocks: [], charts: [], frame: 0, timer: 0, tell: () => {} };
  place.appendChild(root);
  const draw = () => {
    for (const chart of bench.charts) chart.draw(Math.floor(chart.box.clientWidth));
    for (const block of bench.blocks) block.show(bench.row, false);
  };
  const sizes = new ResizeObserver(() => bench.data && requestAnimationFrame(draw));
  sizes.observe(root);
  bench.take = (data) => {
    const kept = bench.data && rowOf(data.table.threshold, bench.data.table.threshold[bench.row]);
    bench.data = data;
    bench.row = kept ?? data.start;
    build(bench);
    draw();
  };
  bench.move = (row, settled, dragged = false) => {
    bench.row = row;
    bench.dragged = dragged;
    bench.frame ||= requestAnimationFrame(() => {
      bench.frame = 0;
      for (const block of bench.blocks) block.show(bench.row, bench.dragged);
    });
    if (!settled) return;
    clearTimeout(bench.timer);
    bench.timer = setTimeout(() => bench.tell(bench.data.table.threshold[bench.row]), TOLD_AFTER_MS);
  };
  bench.destroy = () => {
    sizes.disconnect();
    cancelAnimationFrame(bench.frame);
    clearTimeout(bench.timer);
    root.remove();
  };
  return bench;
}

function takeDown(place) {
  const bench = benches.get(place);
  if (!bench || (place.host ?? place).isConnected) return;
  benches.delete(place);
  bench.destroy();
}

/** Lay out all blocks for what a script run sent. */
function build(bench) {
  const { data, root } = bench;
  const move = (...asked) => bench.move(...asked);
  const slider = sliderBlock(data, move);
  const sentence = sentenceBlock(data);
  const roc = rocChart(data, move);
  const counts = countsBlock(data);
  const measures = measuresBlock(data);
  const flips = flipsBlock(data);
  const precisionRecall = precisionRecallChart(data);
  const netBenefit = netBenefitChart(data);
  bench.charts = [roc, precisionRecall, netBenefit];
  bench.blocks = [slider, sentence, counts, measures, flips, ...bench.charts];
  for (const [name, value] of Object.entries(data.colours)) root.style.setProperty(`--${name}`, value);
  root.style.setProperty("--model", data.style.colour === "text" ? "var(--st-text-color)" : data.style.colour);
  root.replaceChildren(
    slider.box, sentence.box,
    make("div", { class: "row" }, roc.box, counts.box, measures.box),
    flips.box,
    make("div", { class: "pair" }, precisionRecall.box, netBenefit.box),
  );
}
