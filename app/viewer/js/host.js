// What the panel may ask of the viewer and tell it.

function makeHost(desk) {
  return {
    drawn: () => (desk.onScreen ? { ...desk.onScreen } : null),
    straight: () => isStraight(desk.view),
    regions: () =>
      desk.marks.filter((mark) => mark.kind !== "ruler").map(({ kind, points }) => ({ kind, points: structuredClone(points) })),
    setRegions: (list) => desk.setRegions(list),
    startRegion: (kind) => desk.startTool(kind),
    setHeat: (on) => desk.setHeat(Boolean(on)),
    hasHeat: () => Boolean(desk.meta?.heat),
    heatSeen: () => desk.heatSeen,
    setCounterfactual: (on) => desk.setCounterfactual(Boolean(on)),
    counterfactualSeen: () => desk.counterfactualSeen,
    onChange: (told) => desk.listeners.add(told),
    send: (name, value) => desk.messages.send(name, value),
    remember: (key, value) => {
      try {
        if (value === null || value === undefined) sessionStorage.removeItem(`pleurascope ${key}`);
        else sessionStorage.setItem(`pleurascope ${key}`, JSON.stringify(value));
      } catch {
        // A full or forbidden storage loses the draft at a reload, and nothing else.
      }
    },
    recall: (key) => {
      try {
        return JSON.parse(sessionStorage.getItem(`pleurascope ${key}`));
      } catch {
        return null;
      }
    },
  };
}
