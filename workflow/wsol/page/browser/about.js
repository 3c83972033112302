// Definitions: a ? beside a heading, a run's name, or any number opens what it means and what it was made with.
(() => {
  const dialog = document.getElementById("about");
  const place = dialog.querySelector("div");
  const entries = new Map([...document.querySelectorAll(".definition")].map((entry) => [entry.dataset.entry, entry]));

  function collected(names) {
    const found = new Set();
    for (const name of names) {
      const entry = entries.get(name);
      if (!entry) continue;
      found.add(entry);
      for (const inner of (entry.dataset.includes || "").split(" ")) if (entries.has(inner)) found.add(entries.get(inner));
    }
    return [...found];
  }

  function open(names) {
    const found = collected(names);
    if (!found.length) return;
    place.replaceChildren(...found.map((entry) => entry.cloneNode(true)));
    place.querySelector("h3").id = "about-title";
    dialog.showModal();
    dialog.scrollTop = 0;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-about]");
    const section = event.target.closest("[data-evaluation]");
    const where = section ? [`evaluation:${section.dataset.evaluation}`] : [];
    if (button) return open([button.dataset.about, ...where]);
    const cell = event.target.closest(".sheet td[data-value]");
    if (!cell || event.target.closest("a") || String(getSelection())) return;
    const head = cell.closest("table").tHead.rows[0].cells[cell.cellIndex].querySelector("[data-about]");
    const run = cell.parentElement.cells[0].querySelector("[data-about]");
    open([...[head, run].filter(Boolean).map((each) => each.dataset.about), ...where]);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
})();
