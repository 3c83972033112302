// Tables: sorted by a click on a heading, filtered by words, columns hidden. All of it stands in the address.
(() => {
  const key = (cell) => ("value" in cell.dataset ? Number(cell.dataset.value) : null);

  function compared(a, b, place, numbers) {
    const [one, other] = [a.cells[place], b.cells[place]];
    if (!numbers) return one.textContent.localeCompare(other.textContent, undefined, { numeric: true });
    return key(one) - key(other);
  }

  // What has no number stands last, whichever way it goes.
  function sorted(rows, place, numbers, down) {
    const there = rows.filter((row) => !numbers || key(row.cells[place]) !== null);
    const without = rows.filter((row) => numbers && key(row.cells[place]) === null);
    const ordered = there.sort((a, b) => compared(a, b, place, numbers) * (down ? -1 : 1));
    return [...ordered, ...without];
  }

  function sorting(sheet, table, original) {
    const name = `sort.${sheet.dataset.key}`;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      head.setAttribute("aria-sort", "none");
      const [first, second] = "numbers" in head.dataset ? ["descending", "ascending"] : ["ascending", "descending"];
      head.querySelector(".sort").addEventListener("click", () => {
        const next = { none: first, [first]: second, [second]: "none" }[head.getAttribute("aria-sort")];
        state.set(name, next === "none" ? "" : `${place}:${next}`);
      });
    });
    state.on(name, (value) => {
      const [place, way] = value.split(":");
      const head = heads[place];
      for (const each of heads) each.setAttribute("aria-sort", each === head ? way : "none");
      const rows = head ? sorted([...original], Number(place), "numbers" in head.dataset, way === "descending") : original;
      table.tBodies[0].append(...rows);
    });
  }

  function filtering(sheet, original) {
    const name = `filter.${sheet.dataset.key}`;
    const field = sheet.querySelector(".filter");
    field.addEventListener("input", () => state.set(name, field.value));
    state.on(name, (value) => {
      if (field.value !== value) field.value = value;
      const words = value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of original) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
  }

  function hiding(sheet, table) {
    const name = `hide.${sheet.dataset.key}`;
    const menu = sheet.querySelector(".hide div");
    const boxes = [...table.tHead.rows[0].cells].slice(1).map((head) => {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
      label.append(box, ` ${head.querySelector(".sort").textContent}`);
      menu.append(label);
      return box;
    });
    const chosen = () => boxes.flatMap((box, place) => (box.checked ? [] : [place + 1]));
    menu.addEventListener("change", () => state.set(name, chosen().join(",")));
    state.on(name, (value) => {
      const hidden = new Set(value.split(",").filter(Boolean).map(Number));
      boxes.forEach((box, place) => (box.checked = !hidden.has(place + 1)));
      for (const row of table.rows) [...row.cells].forEach((cell, place) => (cell.hidden = hidden.has(place)));
    });
  }

  for (const sheet of document.querySelectorAll(".sheet")) {
    const table = sheet.querySelector("table");
    const original = [...table.tBodies[0].rows];
    sorting(sheet, table, original);
    filtering(sheet, original);
    hiding(sheet, table);
    // A table behind a figure is opened where the address says something of it.
    const closed = sheet.closest("details");
    const said = ["sort", "filter", "hide"].some((what) => state.get(`${what}.${sheet.dataset.key}`));
    if (closed && said) closed.open = true;
  }
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".tools details[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
})();
