// Counts the seconds that a case was in sight at one stage: a window in the background is not read.

function panelClock(onHidden) {
  let counted = 0; // milliseconds of the earlier times in sight
  let since = null; // when the present one began

  function bank() {
    if (since !== null) counted += performance.now() - since;
    since = document.visibilityState === "visible" ? performance.now() : null;
  }
  function turned() {
    bank();
    if (since === null) onHidden();
  }
  document.addEventListener("visibilitychange", turned);

  return {
    restart(seconds) {
      since = null;
      bank();
      counted = seconds * 1000;
    },
    seconds() {
      bank();
      return Math.round(counted / 10) / 100;
    },
    stop() {
      document.removeEventListener("visibilitychange", turned);
    },
  };
}
