// The answer panel: the reader's answer, then the model; saves, keeps drafts, listens to the keys.

const PANEL_PATIENCE_MS = 8000; // after which a save without a reply is called not saved

/** Build the panel into `panelRoot` and the case bar into `barRoot`; `host` is the viewer beside them. */
export function createPanel(panelRoot, barRoot, host) {
  const parts = panelFrame(panelRoot);
  const clock = panelClock(() => state.panel && host.recall(draftName()) && keepDraft());
  const state = panelState();

  const draftName = () => panelDraftName(state.panel.case, state.panel.reader, state.panel.stage);
  const waiting = () => Boolean(state.sending) && !state.sending.silent;
  const locked = () => Boolean(state.panel.locked) || waiting();
  const drawn = () => (host.drawn()?.sha256 === state.film ? host.drawn() : null); // not the film of the case before
  const why = () => panelWhy(state, Boolean(drawn()), host.straight());
  const blind = () => !drawn() || !host.straight(); // no side can be told of such a film
  const answerable = () => state.editing && !locked() && !blind();

  function keepDraft() {
    const answer = state.editing ? state.answer : {};
    host.remember(draftName(), { ...answer, key: state.key, seconds: clock.seconds(), ...panelSeen(state) });
  }

  /** Show what the server says now: another case or stage starts anew, the same one keeps what was entered. */
  function show(panel, meta) {
    const before = state.panel;
    const text = JSON.stringify(panel);
    const sameCase = before && before.case === panel.case && before.reader === panel.reader;
    const same = sameCase && before.stage === panel.stage;
    const stored = sameCase && panel.saved?.key !== before.saved?.key && state.tried.has(panel.saved?.key);
    const refused = state.sending && panel.refused?.key === state.sending.key;
    const held = sameCase && state.entered && !(stored && panel.saved.key === state.key); // it is not what was stored
    unlisten ??= panelListen(panelRoot, act);
    state.panel = panel;
    state.film = meta.films[0]?.sha256 ?? null; // a film that cannot be read is not there
    state.stepping = false;
    if (same && text === state.text) return refresh();
    state.text = text;
    panelForgetSaved(host, panel.saved, panel.reader);
    if (!sameCase) state.tried.clear();
    if (!same || (stored && !held)) begin(held ? { stage: before.stage, answer: state.answer } : null);
    else if (stored) {
      if (state.sending?.key === panel.saved.key) endSending();
      state.carried = true;
    } else if (refused) {
      endSending();
      state.key = null; // the next try is another read
      if (host.recall(draftName())) keepDraft();
    }
    if (!state.editing && panel.own && JSON.stringify(state.answer) !== JSON.stringify(panel.own)) takeOwn();
    if (!before || panel.saved?.key !== before.saved?.key || panel.case !== before.case) {
      const open = panel.saved && panelUnsaved(host, panel.saved.case, panel.reader);
      const back = (place) => !waiting() && host.send("open", { case: place });
      parts.news.replaceChildren(...panelNews(panel.saved, panel.case, open, back));
    }
    draw();
  }

  /** Start a case or a stage; `held`: {stage, answer} in the form when the case went on under the reader's hand. */
  function begin(held) {
    endSending();
    const kept = host.recall(draftName());
    const left = panelLeft(host, state.panel, held);
    const draft = kept?.right ? kept : left ?? kept;
    state.carried = left !== null && draft === left;
    state.entered = Boolean(draft?.right);
    state.editing = state.panel.stage === 1 || state.entered;
    state.answer = panelAnswerOf(state.entered ? draft : state.panel.own ?? {});
    state.key = draft?.key ?? null;
    if (!held || !state.carried) {
      Object.assign(state, { column: "right", unfolded: false });
      parts.body.parentElement.scrollTop = 0;
    } // else the reader's hand is in the form
    state.heat = { on: false, awaited: false, seen: Boolean(draft?.heat_map) };
    state.counterfactual = { on: false, awaited: false, seen: Boolean(draft?.counterfactual) };
    state.drawer = { open: false, asked: false };
    clock.restart(draft?.seconds ?? 0);
    putIntoView(false);
    if (state.carried) keepDraft();
  }

  function takeOwn() {
    state.answer = panelAnswerOf(state.panel.own ?? {});
    putIntoView(state.heat.on);
  }

  /** Set the viewer to what the panel holds; what it tells of that is no news. */
  function putIntoView(heat) {
    state.quiet = true;
    host.setHeat(heat);
    host.setCounterfactual(state.counterfactual.on);
    host.setRegions(structuredClone(state.answer.regions));
    state.regions = JSON.stringify(host.regions());
    state.quiet = false;
  }

  function endSending() {
    if (state.sending) clearTimeout(state.sending.timer);
    state.sending = null;
  }

  /** Something was entered: it is kept, and an earlier sending no longer stands for it. */
  function typed() {
    state.entered = true;
    state.key = null;
    if (!waiting()) endSending(); // a region may be drawn meanwhile
    keepDraft();
    refresh();
  }

  function entered() {
    typed();
    draw();
  }

  function save() {
    if (waiting() || why()) return;
    endSending();
    state.key ??= crypto.randomUUID();
    state.tried.add(state.key);
    keepDraft();
    const { key } = state;
    const timer = setTimeout(() => {
      state.sending.silent = true;
      draw();
    }, PANEL_PATIENCE_MS);
    state.sending = { key, silent: false, timer };
    host.send("save", {
      key,
      case: state.panel.case,
      sha256: drawn().sha256,
      stage: state.panel.stage === 1 ? 1 : 2,
      expected: state.panel.expected,
      answer: panelCleaned(state.answer, state.panel.priors),
      seconds: clock.seconds(),
      ...panelSeen(state),
      role: state.panel.role,
    });
    draw();
  }

  const act = {
    enter: () => (state.panel.stage === "done" && !state.editing ? act.next() : save()),
    choose(side) {
      if (!answerable()) return;
      state.column = side;
      draw();
    },
    digit: (value) => act.grade(state.column, value),
    grade(side, value) {
      if (!answerable() || !panelReadable(state.answer)) return;
      const other = side === "right" ? "left" : "right";
      state.answer[side].grade = value;
      state.column = state.answer[other].grade === null ? other : side;
      entered();
    },
    none() {
      if (!answerable() || !panelReadable(state.answer)) return;
      for (const side of PANEL_SIDES) state.answer[side].grade = 0;
      entered();
    },
    set(field, value) {
      if (!answerable()) return;
      state.answer[field] = value;
      entered();
    },
    setSide(side, field, value) {
      if (!answerable()) return;
      state.answer[side][field] = value;
      entered();
    },
    typed,
    unfold() {
      state.unfolded = !state.unfolded;
      draw();
    },
    startRegion: (kind) => answerable() && host.startRegion(kind),
    clearRegions: () => answerable() && host.setRegions([]), // the viewer tells of it, which enters it
    change() {
      if (state.editing || locked() || !state.panel.own) return;
      state.editing = true;
      draw();
    },
    cancel() {
      if (!state.editing || state.panel.stage === 1 || waiting()) return;
      endSending();
      state.editing = state.entered = state.carried = false;
      state.key = null;
      takeOwn();
      if (state.heat.seen || state.counterfactual.seen) keepDraft();
      else host.remember(draftName(), null);
      draw();
    },
    step(by) {
      const there = by > 0 ? state.panel.next : state.panel.previous;
      if (!there || state.stepping || waiting()) return;
      state.stepping = true;
      host.send("step", { by });
    },
    next() {
      if (state.panel.next) act.step(1);
      else if (!state.stepping && !waiting()) {
        state.stepping = true;
        host.send("finish", null);
      }
    },
    heat() {
      const offered = state.panel.model?.heat.state;
      if (waiting() || state.heat.awaited) return;
      if (offered === "offer") {
        state.heat.awaited = true;
        host.send("ask", { case: state.panel.case, what: "heat_map" });
      } else if (offered === "shown") showHeat(!state.heat.on);
      draw();
    },
    heatKey: () => state.panel.model?.heat.state === "offer" && act.heat(), // once it is there, the key is the viewer's
    counterfactual() {
      if (!waiting()) panelTurnCounterfactual(state, host);
      draw();
    },
    drawer() {
      if (!state.panel.model || state.editing || waiting()) return;
      state.drawer.open = !state.drawer.open;
      if (state.drawer.open && !state.panel.model.more && !state.drawer.asked) {
        state.drawer.asked = true;
        host.send("ask", { case: state.panel.case, what: "more" });
      }
      draw();
    },
  };

  function showHeat(on) {
    state.heat.on = on;
    state.heat.awaited = false;
    host.setHeat(on);
  }

  /** The viewer changed: the film arrived, was flipped, a region was drawn, the heat map seen. */
  function viewed() {
    if (!state.panel || state.quiet) return;
    if (!drawn()) return refresh(); // also: the viewer turns to the next case, whose marks are not of this one
    if (panelNoteSeen(state, host)) keepDraft(); // a reload must not forget what was seen
    const regions = JSON.stringify(host.regions());
    if (regions !== state.regions && !state.panel.locked) {
      state.regions = regions;
      state.editing ||= Boolean(state.panel.own); // a mark drawn after the first answer changes it
      state.answer.regions = host.regions();
      entered();
    } else refresh();
  }

  /** Draw all that depends on what was entered or said. */
  function draw() {
    const { panel } = state;
    panelRedraw(parts.title, panelTitle(panel, state.editing));
    panelRedraw(parts.body, panelBody(state, act));
    panelRedraw(parts.buttons, panelButtons(state, act, save));
    panelRedraw(bar, panelBar(panel, act.step));
    panelSay(parts.notice, panel.notice);
    panelSay(parts.carried, state.carried ? panelCarried(panel) : "");
    refresh();
  }

  /** Bring up to date what the viewer and the typing change: what is locked, and why. */
  function refresh() {
    const { heat, panel } = state;
    const settled = panel.model && panel.model.heat.state !== "offer";
    if (heat.awaited && settled && (panel.model.heat.state !== "shown" || host.hasHeat())) {
      showHeat(panel.model.heat.state === "shown");
      return draw();
    }
    if (panelCounterfactualCame(state, host)) return draw();
    const form = parts.body.querySelector("fieldset");
    if (form) form.disabled = locked() || blind();
    const primary = parts.buttons.querySelector(".panel-primary");
    const onward = panel.stage === "done" && !state.editing;
    primary.disabled = waiting() || (!onward && Boolean(why()));
    const refused = !state.sending && state.tried.has(panel.refused?.key);
    panelSay(parts.refused, refused ? panel.refused.sentence : "");
    panelSay(parts.line, waiting() || onward ? panel.locked ?? "" : state.sending ? PANEL_SILENT : why() ?? "");
  }

  const bar = panelNode("div", { class: "panel-bar" });
  barRoot.replaceChildren(bar);
  let unlisten = null;
  host.onChange(viewed);

  return {
    show,
    destroy() {
      endSending();
      clock.stop();
      unlisten?.();
      panelRoot.replaceChildren();
      barRoot.replaceChildren();
      state.panel = null;
    },
  };
}
