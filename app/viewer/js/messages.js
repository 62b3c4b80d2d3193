// Messages to the page, one at a time: of two that Streamlit finds waiting, it keeps only the later one.

const HEARD_AFTER_MS = 5000; // without a reply the next one is sent all the same

/** `post(message)` gives one to the page; `heard(at)` is called with the time of the one that a script run took. */
function makeMessages(post) {
  const waiting = [];
  let sent = null;
  let timer = 0;
  let last = 0;
  const next = () => {
    clearTimeout(timer);
    sent = waiting.shift() ?? null;
    if (!sent) return;
    timer = setTimeout(next, HEARD_AFTER_MS);
    post(sent);
  };
  return {
    send: (name, value) => {
      last = Math.max(last + 1, Date.now());
      waiting.push({ name, value, at: last });
      if (!sent) next();
    },
    heard: (at) => {
      if (sent && sent.at === at) next();
    },
    stop: () => clearTimeout(timer),
  };
}
