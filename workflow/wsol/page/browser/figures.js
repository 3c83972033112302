// Figures: Vega-Lite specifications, drawn as SVG. Their colours are style.css's own, so a theme draws nothing anew.
(() => {
  const told = JSON.parse(document.getElementById("figures").textContent);
  const NARROW = 560;
  const WIDE = 960; // of a figure of one piece
  const SPACE = 40; // beside a small figure, for its axis
  const WIDEST = 300; // of a small figure
  const linked = () => document.getElementById("gallery") !== null;

  // Rows come column by column, words as numbers into a list of them.
  function rows(columns) {
    const names = Object.keys(columns);
    const at = (column, row) => (column.words ? column.words[column.codes[row]] : column[row]);
    const count = names.length ? (columns[names[0]].codes || columns[names[0]]).length : 0;
    return Array.from({ length: count }, (_, row) => Object.fromEntries(names.map((name) => [name, at(columns[name], row)])));
  }

  function chosen(runs) {
    const words = state.get("named").toLowerCase().split(/\s+/).filter(Boolean);
    const named = runs.filter((run) => words.every((word) => run.toLowerCase().includes(word)));
    const many = state.get("many") || String(told.first);
    return new Set(many === "all" ? named : named.slice(0, Number(many)));
  }

  // Layers and small figures within one another.
  function* within(spec) {
    yield spec;
    for (const inner of [...(spec.layer || []), ...(spec.spec ? [spec.spec] : [])]) yield* within(inner);
  }

  // Names of runs on two lines where it is narrow, and legends in columns.
  function fitted(spec, width, count) {
    const narrow = width < NARROW;
    for (const each of within(spec)) {
      if (!narrow || !each.encoding) continue;
      const { x, y, color } = each.encoding;
      if (x && x.axis && x.axis.tickCount) x.axis.tickCount = 4;
      if (y && y.field === "run") y.axis = { ...y.axis, labelExpr: "split(datum.label, '/')", labelLimit: 110, labelFontSize: 11 };
      if (color && color.legend) color.legend.columns = 3;
    }
    if (spec.width === "container") {
      const height = count * (narrow ? 36 : spec.height.step);
      Object.assign(spec, { width: Math.min(width, WIDE), height, autosize: { type: "fit-x", contains: "padding" } });
    }
    return spec;
  }

  // As many small figures side by side as there is room for, and rows of them as even as they can be.
  function paved(spec, width, rows) {
    const inner = spec.spec;
    const named = [...within(inner)].some(({ encoding }) => encoding && encoding.y.field === "run"); // names of runs stand left of them
    const narrow = width < NARROW;
    const left = named ? (narrow ? 110 : 240) : SPACE;
    const axes = spec.resolve && spec.resolve.scale ? 12 : 0; // of each small figure's own, where they share none
    const between = (narrow ? 28 : 34) + axes;
    if (narrow && !named) Object.assign(inner, { width: 120, height: 90 });
    const count = new Set(rows.map((row) => row[spec.facet.field])).size;
    const most = Math.max(1, Math.min(4, Math.floor((width - left) / (inner.width + between))));
    spec.columns = Math.max(1, Math.ceil(count / Math.ceil(count / most)));
    inner.width = Math.max(110, Math.min(WIDEST, Math.floor((width - left) / spec.columns) - between));
    if (named && narrow) inner.height.step = 34;
    spec.facet.header.labelLimit = inner.width + between / 2;
    return spec;
  }

  // What a figure shows is said by its place, which is an image to who cannot see it, and by the table behind it.
  async function draw(figure) {
    const { spec, columns, runs } = told.figures[figure.dataset.figure];
    const place = figure.querySelector(".drawing");
    const shown = runs && chosen(runs); // of a figure that is of no evaluation all is shown
    const wanted = (row) => shown.has(row.run) && (!("other" in row) || shown.has(row.other));
    const kept = rows(columns).filter((row) => !shown || wanted(row));
    const made = fitted(structuredClone(spec), place.clientWidth, new Set(kept.map((row) => row.run)).size);
    if (made.facet) paved(made, place.clientWidth, kept);
    const full = { ...made, datasets: { rows: kept }, config: told.configuration };
    const { view } = await vegaEmbed(place, full, { renderer: "svg", actions: false, mode: "vega-lite" });
    place.querySelector("svg").setAttribute("aria-hidden", "true");
    view.addEventListener("click", (event, item) => {
      if (item && item.datum && item.datum.link && linked()) state.follow(item.datum.link);
    });
  }

  let turn = 0;
  async function drawAll() {
    const mine = ++turn;
    for (const figure of document.querySelectorAll("figure[data-figure]")) {
      if (mine !== turn) return;
      if (figure.offsetParent !== null) await draw(figure);
    }
    document.documentElement.dataset.drawn = String(turn);
  }

  let waiting = 0;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 150);
  };
  for (const field of document.querySelectorAll(".many")) field.addEventListener("change", () => state.set("many", field.value));
  for (const field of document.querySelectorAll(".named")) field.addEventListener("input", () => state.set("named", field.value));
  const same = (selector) => (value) => {
    for (const field of document.querySelectorAll(selector)) if (value && field.value !== value) field.value = value;
    later();
  };
  state.on("many", same(".many"));
  state.on("named", same(".named"));
  state.on("evaluation", later);
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width) later();
    width = window.innerWidth;
  });
  drawAll();
})();
