// The reading desk itself: one a place on the page, kept across script runs, taken down when it leaves the page.

const MISSING_AFTER_MS = 3000;
const NOTE_MS = 4000;
const desks = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  let desk = desks.get(parentElement);
  if (!desk) {
    desk = makeDesk(parentElement);
    desks.set(parentElement, desk);
  }
  desk.trigger = setTriggerValue;
  desk.messages.heard(data?.heard);
  if (data?.meta?.films?.length) showCase(desk, data.meta);
  // Streamlit may call this for a run that was overtaken, while the desk still stands on the page.
  return () => setTimeout(() => takeDown(parentElement), 0);
}

function makeDesk(mountedIn) {
  const { parts, panes } = buildDesk();
  const desk = {
    parts, panes, mount: mountedIn, meta: null, loaded: new Map(), pictures: new Map(), timers: new Map(),
    listeners: new Set(), thumbs: [], heatLayer: null, opacity: 0.45, frame: 0, told: "", noteTimer: 0, ...freshPicture(),
  };
  desk.film = (index) => desk.loaded.get(desk.meta.films[index]?.sha256) ?? null;
  Object.assign(desk, pictureActions(desk), markActions(desk), windowActions(desk));
  desk.tools = buildTools(desk);
  for (const pane of panes) bindGestures(desk, pane);
  desk.moveDivider = bindDivider(desk);
  mountedIn.appendChild(parts.root);
  desk.messages = makeMessages((message) => desk.trigger("message", message));
  desk.host = makeHost(desk);
  const unbindKeys = bindKeys(desk);
  desk.panel = typeof createPanel === "function" ? createPanel(parts.panel, parts.bar, desk.host) : null;
  const arrived = () => {
    if (desk.meta) takeFilms(desk);
    desk.ask();
  };
  filmStore().waiting.add(arrived);
  let fitting = 0;
  const refit = () => {
    // In a frame of its own: what is observed must not change while it is being looked at.
    fitting ||= requestAnimationFrame(() => {
      fitting = 0;
      fitHeight(desk);
      if (desk.meta) drawNow(desk);
    });
  };
  const sizes = new ResizeObserver(refit);
  // The page too: what stands below the desk may go after the desk was measured.
  for (const one of [parts.panes, document.body, pageOf(desk)]) if (one) sizes.observe(one);
  window.addEventListener("resize", refit);
  desk.destroy = () => {
    unbindKeys();
    desk.messages.stop();
    desk.panel?.destroy?.();
    filmStore().waiting.delete(arrived);
    sizes.disconnect();
    window.removeEventListener("resize", refit);
    for (const frame of [desk.frame, fitting]) cancelAnimationFrame(frame);
    for (const timer of [...desk.timers.values(), desk.noteTimer]) clearTimeout(timer);
    parts.root.remove();
  };
  return desk;
}

function takeDown(mountedIn) {
  const desk = desks.get(mountedIn);
  if (!desk || (mountedIn.host ?? mountedIn).isConnected) return;
  desks.delete(mountedIn);
  desk.destroy();
}

/** Painting, notes, help and full screen: what concerns the window as a whole. */
function windowActions(desk) {
  return {
    /** Ask for a frame; many askings before it are one. */
    ask: () => {
      desk.frame ||= requestAnimationFrame(() => {
        desk.frame = 0;
        if (desk.meta) drawNow(desk);
      });
    },
    say: (words, stays = false) => {
      clearTimeout(desk.noteTimer);
      setWords(desk.parts.note, words);
      if (words && !stays) desk.noteTimer = setTimeout(() => setWords(desk.parts.note, ""), NOTE_MS);
    },
    helpOpen: () => !desk.parts.help.hidden,
    toggleHelp: () => showHelp(desk, !desk.helpOpen()),
    toggleFullScreen: () => {
      const done = document.fullscreenElement ? document.exitFullscreen() : desk.parts.root.requestFullscreen?.();
      done?.catch(() => desk.say("This browser does not allow full screen here."));
    },
  };
}

function drawNow(desk) {
  paintDesk(desk);
  showTools(desk);
  showStrip(desk);
  const { view, marks, heatSeen, counterfactualSeen, onScreen } = desk;
  const told = JSON.stringify([view, marks, heatSeen, counterfactualSeen, desk.heatShown(), onScreen]);
  if (told === desk.told) return;
  desk.told = told;
  for (const listener of desk.listeners) listener();
}

/** Show what a script run sent; another case starts with a fresh picture, the same one keeps its own. */
function showCase(desk, meta) {
  const other = meta.case !== desk.meta?.case;
  const films = JSON.stringify(meta.films);
  const changed = other || films !== JSON.stringify(desk.meta?.films);
  const heat = JSON.stringify(meta.heat);
  if (other) {
    Object.assign(desk, freshPicture());
    for (const kept of [desk.loaded, desk.pictures]) kept.clear();
    forgetTimers(desk);
    desk.say("");
    showHelp(desk, false);
  }
  if (other || heat !== JSON.stringify(desk.meta?.heat)) {
    desk.heatLayer = meta.heat ? heatLayer(meta.heat) : null;
    desk.opacity = meta.heat?.opacity ?? 0.45;
  }
  desk.meta = meta;
  desk.beside = desk.beside.filter((index) => meta.films[index]);
  if (changed) buildStrip(desk);
  takeFilms(desk);
  fitHeight(desk);
  desk.panel?.show(meta.panel, meta); // first, so that what is told next is told of this case
  drawNow(desk); // at once: never an old film beside a new form
  fitHeight(desk);
  desk.ask();
}

/** Take from the store what this case lists; after a while tell the page once what has not come. */
function takeFilms(desk) {
  for (const { sha256, lost } of desk.meta.films) {
    if (lost) continue; // there is no picture to wait for
    const film = desk.loaded.get(sha256) ?? storedFilm(sha256);
    if (film) {
      desk.loaded.set(sha256, film);
      clearTimeout(desk.timers.get(sha256));
    } else if (!desk.timers.has(sha256)) {
      desk.timers.set(sha256, setTimeout(() => {
        if (!desk.loaded.has(sha256) && !filmStore().fault) desk.host.send("missing", { sha256 });
      }, MISSING_AFTER_MS));
    }
  }
}

function forgetTimers(desk) {
  for (const timer of desk.timers.values()) clearTimeout(timer);
  desk.timers.clear();
}
