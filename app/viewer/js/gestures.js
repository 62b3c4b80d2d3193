// Mouse, pen and fingers on a pane: window and level, pan, zoom to the pointer, the tools, the swipe.

function bindGestures(desk, pane) {
  const { canvas } = pane;
  const fingers = new Map();
  let drag = null;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.width / box.width;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  };
  const indexAt = ([x]) => (pane.shows.length > 1 && x > desk.divider * canvas.width ? pane.shows[1] : pane.shows[0]);
  const matrixOf = (index) => viewMatrix(desk.view, desk.film(index), canvas.width, canvas.height);

  const begun = (event, at) => {
    const index = indexAt(at);
    if (!desk.film(index)) return null;
    if (desk.tool && event.button === 0) {
      if (desk.tool.kind !== "ruler" && index !== 0) {
        desk.say("Regions are marked on the case's own film.");
        return null;
      }
      Object.assign(desk.tool, { index, points: [toFilm(matrixOf(index), at)], cross: null });
      return { kind: "mark", index, at };
    }
    const moves = event.button === 1 || event.shiftKey || (event.pointerType === "touch" && desk.view.zoom > 1);
    return { kind: moves ? "pan" : "window", index, at };
  };

  canvas.addEventListener("mousedown", (event) => {
    if (event.button === 1) event.preventDefault(); // no scrolling by the middle button
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    canvas.setPointerCapture(event.pointerId);
    const at = place(event);
    fingers.set(event.pointerId, at);
    drag = fingers.size === 1 ? begun(event, at) : null;
    if (fingers.size > 1 && desk.tool) desk.tool.points = [];
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = place(event);
    desk.pointer = { pane, at };
    if (fingers.size === 2 && fingers.has(event.pointerId)) {
      pinch(fingers, event.pointerId, at);
      return;
    }
    if (!drag || !fingers.has(event.pointerId)) return;
    const [across, down] = [at[0] - drag.at[0], at[1] - drag.at[1]];
    const film = desk.film(drag.index);
    if (!film) return;
    if (drag.kind === "pan") {
      desk.setView(pannedView(desk.view, film, canvas.width, canvas.height, across, down));
    } else if (drag.kind === "window") {
      const ratio = canvas.width / canvas.clientWidth;
      desk.setWindow(drag.index, draggedWindow(film, desk.windowOf(drag.index), across / ratio, down / ratio));
    } else if (desk.tool) {
      drawOn(film, at);
    }
    drag.at = at;
  });
  const drawOn = (film, at) => {
    const point = insideFilm(film, toFilm(matrixOf(drag.index), at));
    if (desk.tool.kind === "freehand") desk.tool.points.push(point);
    else desk.tool.points = [desk.tool.points[0], point];
    desk.ask();
  };
  const ended = (event) => {
    fingers.delete(event.pointerId);
    if (drag?.kind === "mark" && desk.tool?.points.length) {
      if (event.type === "pointerup") desk.finishMark();
      else desk.tool.points = [];
    }
    drag = null;
    desk.ask();
  };
  canvas.addEventListener("pointerup", ended);
  canvas.addEventListener("pointercancel", ended);
  canvas.addEventListener("pointerleave", () => {
    if (desk.pointer?.pane === pane) desk.pointer = null;
  });
  canvas.addEventListener("dblclick", () => {
    if (!desk.tool) desk.fit();
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    desk.zoom(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0015), { pane, at: place(event) });
  }, { passive: false });

  const pinch = (all, id, at) => {
    const other = [...all].find(([one]) => one !== id)[1];
    const before = all.get(id);
    all.set(id, at);
    const film = desk.film(pane.shows[0]);
    const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
    const middle = (point) => [(point[0] + other[0]) / 2, (point[1] + other[1]) / 2];
    if (!film) return;
    const [from, to] = [middle(before), middle(at)];
    const size = [film, canvas.width, canvas.height];
    const zoomed = zoomedView(desk.view, ...size, from, apart(at) / apart(before));
    desk.setView(pannedView(zoomed, ...size, to[0] - from[0], to[1] - from[1]));
  };
}

/** The line between two swiped films: dragged, or moved with the arrow keys. */
function bindDivider(desk) {
  const { divider, panes } = desk.parts;
  const move = (share) => {
    desk.divider = Math.min(1, Math.max(0, share));
    divider.setAttribute("aria-valuenow", String(Math.round(100 * desk.divider)));
    desk.ask();
  };
  divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const box = panes.getBoundingClientRect();
    move((event.clientX - box.left) / box.width);
  });
  return move;
}
