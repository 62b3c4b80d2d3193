// What can be done to the picture: one function an act, the same for mouse, keys and buttons.

/** State of a picture that starts afresh with every case. */
function freshPicture() {
  return {
    view: firstView(), windows: new Map(), invert: false, beside: [], swipe: false, divider: 0.5,
    tool: null, marks: [], heatOn: false, heatHeld: false, heatSeen: false, counterfactualSeen: false, pointer: null, onScreen: null,
  };
}

function pictureActions(desk) {
  const sizeOf = (pane) => [desk.film(pane.shows[0]), pane.canvas.width, pane.canvas.height];
  const change = (values) => {
    Object.assign(desk, values);
    desk.ask();
  };
  return {
    setView: (view) => change({ view }),
    fit: () => change({ view: { ...desk.view, zoom: 1, x: 0.5, y: 0.5 } }),
    resetView: () => change({ view: firstView(), windows: new Map(), invert: false }),
    toggleInvert: () => change({ invert: !desk.invert }),
    flip: () => change({ view: { ...desk.view, flip: !desk.view.flip } }),
    turn: () => change({ view: turnedView(desk.view) }),

    zoom: (factor, place = null) => {
      const pane = place?.pane ?? desk.panes[0];
      const [film, width, height] = sizeOf(pane);
      if (film) change({ view: zoomedView(desk.view, film, width, height, place?.at ?? [width / 2, height / 2], factor) });
    },
    toggleZoom: () => {
      const [film, width, height] = sizeOf(desk.pointer?.pane ?? desk.panes[0]);
      if (!film) return;
      const single = 1 / fitScale(desk.view, film, width, height);
      const fits = Math.abs(desk.view.zoom - 1) < 1e-6;
      if (fits) desk.zoom(single, desk.pointer);
      else desk.fit();
    },
    pan: (across, down) => {
      const [film, width, height] = sizeOf(desk.panes[0]);
      const ratio = window.devicePixelRatio || 1;
      if (film) change({ view: pannedView(desk.view, film, width, height, across * ratio, down * ratio) });
    },

    windowOf: (index) => {
      const { sha256, window: given } = desk.meta.films[index];
      return desk.windows.get(sha256) ?? firstWindow(desk.film(index), given);
    },
    setWindow: (index, shown) => {
      desk.windows.set(desk.meta.films[index].sha256, shown);
      desk.ask();
    },
    slideWindow: (values) => {
      if (desk.film(0)) desk.setWindow(0, { ...desk.windowOf(0), ...values });
    },
    usePreset: (place) => {
      for (const index of [0, ...desk.beside]) {
        const film = desk.film(index);
        if (film) desk.setWindow(index, WINDOW_PRESETS[place].of(spreadOf(film)));
      }
      desk.say(WINDOW_PRESETS[place].title);
    },

    heatShown: () => Boolean(desk.heatLayer) && (desk.heatOn || desk.heatHeld),
    setHeat: (on) => change({ heatOn: on }),
    holdHeat: (on) => {
      if (desk.heatHeld !== on) change({ heatHeld: on });
    },
    setOpacity: (opacity) => change({ opacity }),

    togglePrior: (index) => {
      if (desk.beside.includes(index)) change({ beside: desk.beside.filter((one) => one !== index) });
      else if (desk.meta.films[index] && !desk.meta.films[index].counterfactual) {
        const invented = desk.beside.filter((one) => desk.meta.films[one].counterfactual); // only its button takes it away
        const priors = [...desk.beside.filter((one) => !invented.includes(one)), index];
        change({ beside: [...priors.slice(invented.length - (PANES - 1)), ...invented] });
      } else desk.say("There is no prior film.");
    },
    /** Set the counterfactual beside the film, where nothing but this puts it, or away. */
    setCounterfactual: (on) => {
      const index = desk.meta?.films.findIndex((film) => film.counterfactual) ?? -1;
      if (index < 0 || on === desk.beside.includes(index)) return;
      const others = desk.beside.filter((one) => one !== index);
      change({ beside: on ? [...others, index].slice(-(PANES - 1)) : others });
    },
    toggleSwipe: () => {
      if (desk.beside.length) change({ swipe: !desk.swipe });
    },
  };
}

function markActions(desk) {
  return {
    startTool: (kind) => {
      if (desk.tool?.kind === kind) {
        desk.cancelTool();
        return;
      }
      if (kind !== "ruler" && desk.marks.filter((mark) => mark.kind !== "ruler").length >= MOST_REGIONS) {
        desk.say(`A read holds ${MOST_REGIONS} regions at most: clear one first.`);
        return;
      }
      desk.tool = { kind, index: 0, points: [], cross: null };
      desk.say(TOOL_HINTS[kind], true);
      desk.ask();
    },
    cancelTool: () => {
      desk.tool = null;
      desk.say("");
      desk.ask();
    },
    finishMark: () => {
      const { kind, points, index } = desk.tool;
      const film = desk.film(index);
      const mark = film && points.length > 1 ? finishedMark(kind, points, film) : null;
      if (!mark) {
        desk.tool = { kind, index: 0, points: [], cross: null };
        return;
      }
      if (kind === "ruler") desk.marks = desk.marks.filter((one) => one.kind !== "ruler" || one.sha256 !== mark.sha256);
      desk.marks = [...desk.marks, mark];
      desk.tool = null;
      const length = kind === "ruler" ? `${rulerWords(mark.points, desk.meta.films[index].spacing_mm)}. ` : "Region marked. ";
      desk.say(`${length}Delete takes it back.`);
      desk.ask();
    },
    takeBack: () => {
      desk.marks = desk.marks.slice(0, -1);
      desk.say("The newest mark was taken back.");
      desk.ask();
    },
    clearMarks: () => {
      desk.marks = [];
      desk.say("All marks were cleared.");
      desk.ask();
    },
    setRegions: (list) => {
      const { sha256 } = desk.meta.films[0];
      const rulers = desk.marks.filter((mark) => mark.kind === "ruler");
      desk.marks = [...rulers, ...list.map(({ kind, points }) => ({ kind, points: structuredClone(points), sha256 }))];
      desk.ask();
    },
  };
}
