// The fixed parts of the panel: news of the last save on top, the body, and the foot that stays in sight.

function panelFrame(panelRoot) {
  const parts = {
    news: panelNode("div", { class: "panel-news", role: "status" }), // stays, so that a screen reader tells what comes
    title: panelNode("div", { class: "panel-title" }),
    carried: panelNode("p", { class: "panel-carried", role: "status" }),
    body: panelNode("div", { class: "panel-body" }),
    refused: panelNode("p", { class: "panel-refused", role: "alert" }),
    line: panelNode("p", { class: "panel-line", role: "status" }),
    buttons: panelNode("div", { class: "panel-buttons" }),
    notice: panelNode("p", { class: "panel-notice" }),
  };
  const panel = panelNode(
    "section",
    { class: "panel", "aria-label": "Answer" },
    panelNode("div", { class: "panel-scroll" }, parts.news, parts.title, parts.carried, parts.body),
    panelNode("div", { class: "panel-foot" }, parts.refused, parts.line, parts.buttons, parts.notice),
  );
  panel.addEventListener("mousedown", (event) => {
    // A click must not take the keys: Enter goes on to save, Space to reset the view. A field that was left is left.
    if (!event.target.closest("button")) return;
    event.preventDefault();
    const held = panel.getRootNode().activeElement;
    if (held && panel.contains(held)) held.blur();
  });
  panelRoot.replaceChildren(panel);
  return parts;
}

/** Say it only when it is new: what is written anew is read out anew. */
function panelSay(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

/** "Saved 14:03:22 ...", the sentence to copy, the way back; `unsaved`: something was entered there since. */
function panelNews(saved, here, unsaved, open) {
  if (!saved) return [];
  const sentence = panelNode("textarea", {
    rows: "3",
    readonly: true,
    hidden: true,
    name: "sentence",
    "aria-label": "The sentence, to be copied by hand",
  });
  const copy = async () => {
    const words = copied.querySelector("span");
    try {
      await navigator.clipboard.writeText(saved.sentence);
      words.textContent = "Copied";
    } catch {
      sentence.hidden = false; // the browser forbids it: the sentence stands there, chosen, for Ctrl+C
      sentence.value = saved.sentence;
      sentence.focus();
      sentence.select();
      words.textContent = "Press Ctrl+C";
    }
  };
  const copied = panelButton("copy", saved.case === here ? "Copy the sentence" : "Copy its sentence", copy, { kind: "link", title: saved.sentence });
  return panelThere([
    // Of another film it must not read as this one's answer.
    panelNode(
      "p",
      {},
      panelNode("strong", { text: `Saved ${saved.at}` }),
      `${saved.case === here ? "" : ", the film before"} · ${saved.words}`,
    ),
    unsaved && saved.case !== here && panelNode("p", { text: "What you changed there since is kept, and not saved yet." }),
    panelNode(
      "div",
      { class: "panel-row" },
      copied,
      saved.case !== here && panelButton("back", "Back to it", () => open(saved.case), { kind: "link" }),
    ),
    sentence,
  ]);
}
