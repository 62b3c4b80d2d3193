// The loader of one film: takes its pixels out of the message, hashes what arrived, and stores it. It is not seen.

const UNSAFE_PAGE =
  "This browser cannot check films on this address: open PleuraScope over https, or on this machine as localhost.";

export default function load({ data, parentElement }) {
  const place = parentElement.host?.closest('[data-testid="stElementContainer"]');
  if (place) place.style.display = "none"; // without this, an empty line and a gap would stand on the page
  const { meta, px } = data ?? {};
  if (!meta || !px || storedFilm(meta.sha256)) return;
  if (!globalThis.crypto?.subtle) {
    storeFault(UNSAFE_PAGE);
    return;
  }
  const { width, height, depth } = meta;
  const wanted = depth === 16 ? Uint16Array : Uint8Array;
  const column = px.getChild("v").toArray();
  const values = column instanceof wanted ? column : wanted.from(column);
  if (values.length !== width * height) {
    storeFault("The film arrived incomplete: reload the page.");
    return;
  }
  hashOfPixels(values, width, height).then(
    (sha256) => storeFilm({ sha256, width, height, depth, values }),
    () => storeFault("The film could not be checked: reload the page."),
  );
}
