"use strict";
// The gallery's controls. What is selected stands in the address (`state`): evaluation, list, run, level, colours and
// target; what it does not say, or says wrongly, is the first there is.
const gallery = (() => {
  const KEYS = ["evaluation", "list", "run", "level", "colours", "target"];
  const find = (name) => document.getElementById(`gallery-${name}`);
  const make = (name, text = "", more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);
  const brief = (level) => Number(level.toPrecision(4));
  const options = { colours: "cividis", opacity: 0.7, all: true, classes: false };
  let data, evaluation, list, run;
  let level = null; // null: the chosen one of each run
  let beside = null; // names of runs
  let putting = false;

  function start() {
    const source = find("data");
    if (!source) return;
    data = JSON.parse(source.textContent);
    document.querySelector(".gallery-controls").hidden = false;
    find("key").hidden = false;
    const header = document.querySelector("header"); // which may stay at the top; what stays below it is below it
    const stays = header && getComputedStyle(header).position === "sticky" ? header.offsetHeight : 0;
    find("cards").parentElement.style.setProperty("--gallery-top", `${stays}px`);
    fill(find("evaluation"), data.evaluations.map((each) => [each.name, each.name]));
    // The page may have a chooser of its own, which says the same word in the address.
    find("evaluation-label").hidden = data.evaluations.length < 2 || document.getElementById("evaluation") !== null;
    fill(find("colours"), drawing.names.map((name) => [name, name]));
    follow();
    listen();
  }

  function listen() {
    const nothing = { list: "", run: "", level: "", target: "" };
    find("evaluation").onchange = (event) => put({ ...nothing, evaluation: event.target.value });
    find("list").onchange = (event) => put({ list: event.target.value, target: "" });
    find("run").onchange = (event) => put({ run: event.target.value, target: "" });
    find("level").oninput = (event) => put({ level: brief(Number(event.target.value)) });
    find("back").onclick = () => put({ level: "" });
    find("colours").onchange = (event) => put({ colours: event.target.value });
    find("opacity").oninput = (event) => ((options.opacity = Number(event.target.value)), cards.redraw(scene()));
    find("all").onchange = (event) => ((options.all = event.target.checked), cards.redraw(scene()));
    find("classes").onchange = (event) => ((options.classes = event.target.checked), build());
    find("cards").addEventListener("keydown", cards.walk);
    for (const key of KEYS) state.on(key, () => putting || follow());
    const repaint = () => cards.redraw(scene());
    window.addEventListener("beforeprint", cards.drawAll);
    new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  }

  /** Say something in the address, then show it: once, however many words it is. */
  function put(words) {
    putting = true;
    for (const [key, value] of Object.entries(words)) state.set(key, value);
    putting = false;
    follow();
  }

  function fill(select, pairs) {
    select.replaceChildren(...pairs.map(([value, text]) => make("option", text, { value })));
  }

  const scene = () => ({ data, evaluation, list, level, options, runs: shownRuns(), visited });
  const shownRuns = () => [run, ...evaluation.runs.filter((each) => each !== run && beside.has(each.name))];
  const ofRun = () => evaluation.lists.filter((each) => !each.run || each.run === run.name);
  const build = () => cards.build(find("cards"), scene());

  function visited(target) {
    putting = true;
    state.set("target", target);
    putting = false;
  }

  /** Show what the address says. */
  function follow() {
    const said = Object.fromEntries(KEYS.map((key) => [key, state.get(key) ?? ""]));
    const before = [evaluation, list, run];
    evaluation = evaluationOf(said);
    if (evaluation !== before[0]) beside = null;
    const named = evaluation.runs.find((each) => each.name === said.run);
    run = named ?? evaluation.runs.find((each) => !each.control) ?? evaluation.runs[0];
    beside ??= new Set([evaluation.runs.find((each) => each !== run)?.name]); // the best other
    list = ofRun().find((each) => each.key === said.list) ?? ofRun()[0];
    level = said.level !== "" && Number.isFinite(Number(said.level)) ? Number(said.level) : null;
    options.colours = drawing.names.includes(said.colours) ? said.colours : "cividis";
    controls();
    tell(said);
    if (evaluation !== before[0] || list !== before[1] || run !== before[2]) build();
    else cards.redraw(scene());
    const target = said.target && cards.of(said.target);
    if (target && document.activeElement !== target && !find("level").matches(":focus")) target.focus();
  }

  /** The one that is named; else the one that is shown if it has the list of the run, else the first that has. */
  function evaluationOf(said) {
    const hasRun = (each) => each.runs.some((other) => other.name === said.run);
    const has = (each) => hasRun(each) && each.lists.some((other) => other.key === said.list);
    const shown = evaluation ?? data.evaluations[0];
    const named = data.evaluations.find((each) => each.name === said.evaluation);
    return named ?? (said.run && !has(shown) ? data.evaluations.find(has) : null) ?? shown;
  }

  function controls() {
    find("evaluation").value = evaluation.name;
    fill(find("list"), ofRun().map((each) => [each.key, `${each.title} (${each.total})`]));
    find("list").value = list.key;
    fill(find("run"), evaluation.runs.map((each) => [each.name, each.name + (each.control ? " (control)" : "")]));
    find("run").value = run.name;
    find("colours").value = options.colours;
    const others = evaluation.runs.filter((each) => each !== run);
    find("beside").replaceChildren(make("legend", "beside it"), ...others.map(besideBox));
    find("beside").hidden = !others.length;
    const images = evaluation.targets.map((target) => target.image);
    find("classes-label").hidden = new Set(images).size === images.length || list.key === "together"; // which has all
    slider();
  }

  function besideBox(each) {
    const label = make("label");
    const box = make("input", "", { type: "checkbox", checked: beside.has(each.name) });
    box.onchange = () => (box.checked ? beside.add(each.name) : beside.delete(each.name), slider(), build());
    label.append(box, ` ${each.name}`);
    return label;
  }

  function slider() {
    const input = find("level");
    const [low, high] = run.ends;
    Object.assign(input, { min: low, max: high, step: (high - low) / 200 });
    input.value = level ?? run.chosen ?? (low + high) / 2;
    const from = { selected: "chosen on the select split", oracle: "the oracle's: best on these very images" };
    const own = run.choice === "fixed" ? "each map's own" : `each class's own, ${from[run.choice] ?? run.choice}`;
    const chosen = run.chosen === null ? own : `${brief(run.chosen)}, ${from[run.choice] ?? run.choice}`;
    const text = level === null ? chosen : `${brief(level)}, moved`;
    find("level-shown").textContent = text;
    input.setAttribute("aria-valuetext", text);
    find("back").disabled = level === null;
    find("marks").replaceChildren(...shownRuns().flatMap((each) => marks(each, low, high)));
  }

  /** Where a run's chosen level stands below the slider, and its oracle's. */
  function marks(each, low, high) {
    const kinds = [["▲", each.chosen, each.choice], ["△", each.oracle, "oracle"]];
    const there = kinds.filter(([, at], i) => at !== null && (i === 0 || at !== each.chosen));
    return there.map(([sign, at, what]) => {
      const mark = make("span", sign, { title: `${each.name}: ${what} ${brief(at)}` });
      mark.style.left = `calc(.5rem + (100% - 1rem) * ${Math.min(Math.max((at - low) / (high - low), 0), 1)})`;
      mark.style.opacity = each === run ? 1 : 0.5;
      return mark;
    });
  }

  function tell(said) {
    const kept = list.targets.length;
    find("rule").replaceChildren(make("b", `${kept} of ${list.total}`), ` · ${list.rule}`);
    const more = [];
    if (said.run && said.run !== run.name) more.push(`${said.run} is not among the runs that are pictured here.`);
    else if (said.list && said.list !== list.key) more.push(`This run has no target in the list '${said.list}'.`);
    if (kept < list.total) more.push(`The maps of all are in ${run.folder}, below the results.`);
    if (run.training) more.push(`Of several trainings these are the maps of the first, ${run.training}.`);
    if (run.explain === "predicted") more.push("Maps are of the class that the network prefers, not of the labelled one.");
    if (run.parted) more.push("Its regions are parted (split) for the scores; here each is drawn whole.");
    find("rule").append(...more.map((words) => ` ${words}`));
    find("said").textContent = about();
  }

  function about() {
    const others = evaluation.others.length;
    const size = (data.bytes / 1e6).toFixed(1);
    return `${evaluation.targets.length} of ${evaluation.count} targets of ${evaluation.dataset} are in this page: ` +
      `each photograph once (WebP, at most ${data.side} pixels), each map as its own numbers, ${size} MB in all; ` +
      "the setting overlays asks for more. Regions and boxes are cut here, by the very rule of the protocol " +
      `${run.protocol}: move the level and see what a threshold does. ▲ is the level that was chosen, △ the oracle's. ` +
      "Arrow keys go from target to target." +
      (others ? ` ${others} runs are not pictured: the best of each backbone, the best control, then the next best are.` : "");
  }

  /** What the page finds of a target of the shown evaluation, for a run at a level: tests compare it with the files. */
  function cut(place, name, at) {
    const number = evaluation.runs.findIndex((each) => each.name === name);
    const target = evaluation.targets[place];
    const found = panels.cutAt(data, evaluation.runs[number], target, target.maps[number], at);
    const near = found.map.values.some((value) => Math.abs(value - at) < 1e-6);
    return { box: found.largest ?? [], boxes: found.boxes, iou: found.iou, maskIou: found.maskIou, near };
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  return { cut };
})();
