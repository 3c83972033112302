"use strict";
// The gallery's cards: one for each target of a list, with a row of pictures for each class that is shown of its image;
// in the list of images with several classes, one row beside the other.
// They are drawn when they come near the window. `scene` says what is shown: data, evaluation, list, runs, level
// (null: each run's chosen one) and options.
const cards = (() => {
  const make = (name, text = "", more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);
  const observer = new IntersectionObserver(seen, { rootMargin: "600px" });
  let scene = null;
  let shown = [];
  let waiting = false;

  const places = (evaluation, image) => evaluation.targets.flatMap((target, i) => (target.image === image ? [i] : []));

  function build(container, next) {
    scene = next;
    observer.disconnect();
    shown = scene.list.targets.map(card);
    container.replaceChildren(...shown.map((each) => each.element));
    shown.forEach((each) => observer.observe(each.element));
    // A printer does not wait: by then photographs are to be at hand.
    setTimeout(() => shown.forEach((each) => panels.photograph(each.image, () => {})), 1000);
  }

  /** Cut and paint again what is near the window; the rest once it comes near. */
  function redraw(next) {
    scene = next;
    shown.forEach((each) => (each.drawn = false));
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => ((waiting = false), shown.filter((each) => each.near).forEach(draw)));
  }

  /** One target's card, with a row for each class that is shown of its image. */
  function card(place) {
    const target = scene.evaluation.targets[place];
    const image = scene.data.images[target.image];
    const together = scene.list.key === "together";
    const every = together || scene.options.classes ? places(scene.evaluation, target.image) : [place];
    const shownPlaces = together ? every : [place, ...every.filter((i) => i !== place)];
    const element = make("article", "", { className: "gallery-card", tabIndex: 0 });
    element.classList.toggle("gallery-together", together);
    element.dataset.target = `${image.name}|${target.class_name}`;
    const words = (together ? every.map((i) => scene.evaluation.targets[i]) : [target]).map(classOf).join(", ");
    element.setAttribute("aria-label", `${words} in ${image.name}`);
    const title = make("h3", words);
    title.append(make("small", image.name));
    const rows = shownPlaces.map((i) => row(scene.evaluation.targets[i], together || i !== place, !together));
    element.append(title, ...rows.map((each) => each.element));
    element.onfocus = () => scene.visited(element.dataset.target);
    return { element, image, rows, near: false, drawn: false };
  }

  const classOf = (target) => (/^\d+$/.test(target.class_name) ? `class ${target.class_name}` : target.class_name);

  function row(target, named, photo) {
    const element = make("div", "", { className: "gallery-row" });
    const view = panels.viewOf(target);
    const figures = [...(photo ? [figure(view, "photo", null)] : []), figure(view, "truth", null)];
    for (const each of scene.runs) figures.push(figure(view, "map", each), figure(view, "region", each));
    element.append(...figures.map((each) => each.element));
    return { element, target, view, figures, named };
  }

  function figure(view, what, of) {
    const element = make("figure");
    const canvas = make("canvas", "", { width: view.width, height: view.height });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "not drawn yet");
    const caption = make("figcaption");
    element.append(canvas, caption);
    return { element, canvas, caption, what, run: of };
  }

  function seen(entries) {
    for (const entry of entries) {
      const found = shown.find((each) => each.element === entry.target);
      if (!found) continue;
      found.near = entry.isIntersecting;
      if (found.near && !found.drawn) draw(found);
    }
  }

  function draw(each) {
    if (each.drawn) return;
    each.drawn = true;
    const found = each.rows.map((row) => measure(row));
    const name = each.image.name;
    panels.photograph(each.image, (image) => each.rows.forEach((row, i) => paint(row, found[i], image, name)));
  }

  /** What every run says of a row's target at the level that counts for it. */
  function measure(row) {
    return new Map(scene.runs.map((each) => {
      const seen = row.target.maps[scene.evaluation.runs.indexOf(each)];
      const at = scene.level ?? seen.level ?? each.chosen ?? 0.5;
      return [each, { seen, at, ...panels.cutAt(scene.data, each, row.target, seen, at) }];
    }));
  }

  function paint(row, found, image, name) {
    const { target, view } = row;
    for (const each of row.figures) {
      const context = each.canvas.getContext("2d");
      const cut = found.get(each.run);
      if (each.run && !cut) continue; // another selection came in between
      if (each.what === "photo") context.drawImage(image, 0, 0, view.width, view.height);
      if (each.what === "truth") panels.drawTruth(context, image, target, view);
      const boxes = scene.evaluation.measure === "IoU"; // where the truth is masks alone no box is scored
      const drawn = cut && { ...scene.options, boxes, ends: panels.ends(each.run, cut.map) };
      if (each.what === "map") panels.drawMap(context, cut, view, drawn);
      if (each.what === "region") panels.drawRegion(context, image, target, cut, view, drawn);
      describe(each, target, cut, name, row.named);
    }
  }

  function truthText(target) {
    const count = target.boxes.length;
    const words = [count ? `${count} true box${count > 1 ? "es" : ""}` : "", target.mask ? "true mask" : ""];
    return words.filter(Boolean).join(", ") || "no truth";
  }

  /** The caption, and the text alternative, which says class, run, IoU and kind. */
  function describe(each, target, cut, name, named) {
    if (each.what === "photo") return said(each, "image", `photograph ${name}`);
    if (each.what === "truth") {
      const words = truthText(target);
      const alternative = `${name}, class ${target.class_name}: ${words}`;
      return said(each, named ? `${target.class_name}: ${words}` : words, alternative);
    }
    const at = Number(cut.at.toPrecision(4));
    const kind = scene.level === null && cut.seen.kinds.exact ? `, ${cut.seen.kinds.exact}` : ""; // of the chosen level
    const status = cut.seen.status === "ok" ? "" : ` (${cut.seen.status})`;
    const score = panels.scoreText(cut);
    const alternative = `class ${target.class_name}, run ${each.run.name}, ${score} at level ${at}${kind}${status}`;
    const called = each.run.name.replaceAll("/", "/\u200b"); // a line may end after a slash
    if (each.what === "map") return said(each, called, `heatmap: ${alternative}`);
    each.element.dataset.box = JSON.stringify(cut.largest ?? []);
    said(each, "", `region and box: ${alternative}`);
    each.caption.append(make("b", score), ` at ${at}${kind}${status}`);
  }

  function said(each, caption, alternative) {
    each.caption.textContent = caption;
    each.canvas.setAttribute("aria-label", alternative);
  }

  /** Arrow keys go from card to card. */
  function walk(event) {
    const at = shown.findIndex((each) => each.element.contains(document.activeElement));
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || at < 0 || !shown[at + step]) return;
    event.preventDefault();
    shown[at + step].element.focus();
  }

  /** The card of a target by its name, if it is shown. */
  const of = (name) => shown.find((each) => each.element.dataset.target === name)?.element;

  return { build, redraw, walk, of, drawAll: () => shown.forEach(draw), places };
})();
