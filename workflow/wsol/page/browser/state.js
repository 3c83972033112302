// What is chosen on the page stands in its address, after #, as `place;key=value;key=value`: a view can be sent.
// `state.get(key)` is "" for nothing; `state.set(key, value)` writes it; `state.on(key, fn)` calls fn(value) whenever it
// changes, and at once where there is something already; `state.follow("#place;key=value")` does what a link does.
var state = (() => {
  const values = new Map();
  const listeners = new Map();
  let place = "";

  const decoded = (word) => {
    try { return decodeURIComponent(word); } catch { return word; }
  };
  const encoded = (word) => encodeURIComponent(word).replace(/%2F/g, "/").replace(/%3A/g, ":").replace(/%40/g, "@");

  function parsed(hash) {
    const found = { place: "", values: new Map() };
    for (const word of hash.replace(/^#/, "").split(";")) {
      const at = word.indexOf("=");
      if (at < 0) found.place = found.place || decoded(word);
      else found.values.set(decoded(word.slice(0, at)), decoded(word.slice(at + 1)));
    }
    return found;
  }

  function write() {
    const words = [...values].filter(([, value]) => value !== "").map(([key, value]) => `${encoded(key)}=${encoded(value)}`);
    const hash = [...(place ? [encoded(place)] : []), ...words].join(";");
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function tell(key) {
    for (const listener of listeners.get(key) || []) listener(get(key));
  }

  function get(key) {
    return values.get(key) || "";
  }

  function set(key, value) {
    if (get(key) === String(value)) return;
    values.set(key, String(value));
    write();
    tell(key);
  }

  function on(key, listener) {
    listeners.set(key, [...(listeners.get(key) || []), listener]);
    if (get(key)) listener(get(key));
  }

  // An element of that id, or the part of that name in the evaluation that is shown.
  function go(where) {
    const parts = [...document.querySelectorAll("[data-part]")].filter((part) => part.dataset.part === where);
    const target = parts.find((part) => part.offsetParent !== null) || document.getElementById(where);
    if (!target) return;
    target.scrollIntoView();
    if (target.tabIndex < 0) target.setAttribute("tabindex", "-1");
    target.focus({ preventScroll: true });
  }

  function follow(hash) {
    const found = parsed(hash);
    place = found.place;
    for (const [key, value] of found.values) set(key, value);
    write();
    if (place) go(place);
  }

  // An address that somebody wrote or went back to says all: what it leaves out is not chosen.
  window.addEventListener("hashchange", () => {
    const found = parsed(location.hash);
    for (const key of [...values.keys()]) if (!found.values.has(key)) found.values.set(key, "");
    place = found.place;
    for (const [key, value] of found.values) {
      if (get(key) !== value) { values.set(key, value); tell(key); }
    }
    if (place) go(place);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    follow(link.getAttribute("href"));
  });
  window.addEventListener("load", () => place && go(place));

  const first = parsed(location.hash);
  place = first.place;
  for (const [key, value] of first.values) values.set(key, value);
  return { get, set, on, follow };
})();
