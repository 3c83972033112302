"use strict";
// The pictures of one target: photograph, truth, and of each run its map and its region. What is expensive (a prepared
// map) is kept; what the level changes is cut anew by `cutting`.
const panels = (() => {
  const LONGER = 320; // pixels of a picture's longer side
  const prepared = new Map();
  const photographs = new Map();
  const masks = new Map();

  /** The numbers of a map, from their bytes (little-endian, as on every machine a browser runs on). */
  function decode(entry) {
    const bytes = Uint8Array.from(atob(entry.values), (letter) => letter.charCodeAt(0));
    const Type = entry.bytes === 4 ? Float32Array : Float64Array;
    return { height: entry.shape[0], width: entry.shape[1], values: new Type(bytes.buffer) };
  }

  function preparedMap(data, run, target, seen) {
    const how = [run.protocol, run.upsampling, run.normalization, run.canvas, run.alignment];
    const key = [seen.map, seen.place, target.size, ...how].join();
    if (!prepared.has(key)) {
      if (prepared.size > 400) prepared.clear(); // a canvas of 224 pixels takes 200 kB
      prepared.set(key, cutting.prepare(decode(data.maps[seen.map]), run, data.places[seen.place], target.size));
    }
    return prepared.get(key);
  }

  function trueMask(target, which) {
    const key = `${which} ${target.size} ${target[which]}`;
    if (!masks.has(key)) masks.set(key, drawing.decodeMask(target[which], target.size));
    return masks.get(key);
  }

  /** A target as a run sees it at a level: the cut, the box in the image, and how well both meet the truth. */
  function cutAt(data, run, target, seen, level) {
    const map = preparedMap(data, run, target, seen);
    const usable = seen.status === "ok" || (run.protocol === "wsol2020" && seen.status === "degenerate");
    const nothing = { ...map, shown: false, values: map.values.map(() => 0), greatest: 0 };
    const found = cutting.cut(usable ? map : nothing, level, run.protocol);
    const boxes = found.boxes.map((box) => cutting.boxOnImage(box, map.toImage, target.size)).filter(Boolean);
    const largest = cutting.boxOnImage(found.largest, map.toImage, target.size);
    const missed = target.boxes.length ? 0 : NaN;
    const iou = usable ? cutting.iou(found.largest, target.boxes, map, run.protocol, target.size) : missed;
    const truth = target.mask ? trueMask(target, "mask") : null;
    const ignored = target.ignore ? trueMask(target, "ignore") : null;
    const maskIou = truth ? cutting.maskIou(map, level, truth, ignored, run.protocol, target.size) : NaN;
    return { map, found, boxes, largest, iou, maskIou };
  }

  function viewOf(target) {
    const scale = LONGER / Math.max(...target.size);
    const [height, width] = target.size.map((side) => Math.max(1, Math.round(side * scale)));
    return { scale, height, width };
  }

  /** Call `then` with the photograph: at once where it is decoded, as a page that is printed cannot wait. */
  function photograph(entry, then) {
    if (!photographs.has(entry.uri)) photographs.set(entry.uri, Object.assign(new Image(), { src: entry.uri }));
    const image = photographs.get(entry.uri);
    if (image.complete && image.naturalWidth) then(image);
    else image.decode().then(() => then(image));
  }

  const colour = (name) => getComputedStyle(document.getElementById("gallery")).getPropertyValue(name).trim();
  const shown = (number) => (Number.isNaN(number) ? "" : number.toFixed(2));

  /** The words of a run's picture: what it scores at this level. */
  function scoreText(cut) {
    const words = [];
    if (shown(cut.iou)) words.push(`IoU ${shown(cut.iou)}`);
    if (shown(cut.maskIou)) words.push(`mask IoU ${shown(cut.maskIou)}`);
    return words.join(", ") || "no truth";
  }

  function drawTruth(context, image, target, view) {
    context.drawImage(image, 0, 0, view.width, view.height);
    if (target.ignore) {
      const ignored = drawing.coveredByImage(trueMask(target, "ignore"), target.size, view);
      drawing.hatch(context, ignored, view);
    }
    if (target.mask) {
      const mask = drawing.coveredByImage(trueMask(target, "mask"), target.size, view);
      drawing.outline(context, mask, view, colour("--gallery-truth"), 2);
    }
    for (const box of target.boxes) drawing.frame(context, box, view, colour("--gallery-truth"), 2);
  }

  function drawMap(context, cut, view, options) {
    context.fillStyle = "#888";
    context.fillRect(0, 0, view.width, view.height);
    drawing.heat(context, cut.map, view, options.colours, ...options.ends, 1, false);
  }

  function drawRegion(context, image, target, cut, view, options) {
    context.drawImage(image, 0, 0, view.width, view.height);
    drawing.heat(context, cut.map, view, options.colours, ...options.ends, options.opacity, true);
    const region = drawing.covered(cut.map, cut.found.mask, view);
    drawing.outline(context, region, view, "#fff", options.boxes ? 1 : 2);
    if (options.all && options.boxes) for (const box of cut.boxes) drawing.frame(context, box, view, colour("--gallery-found"), 1);
    for (const box of target.boxes) drawing.frame(context, box, view, colour("--gallery-truth"), 2, [6, 4]);
    if (target.mask) {
      const mask = drawing.coveredByImage(trueMask(target, "mask"), target.size, view);
      drawing.outline(context, mask, view, colour("--gallery-truth"), 1);
    }
    if (cut.largest && options.boxes) drawing.frame(context, cut.largest, view, colour("--gallery-found"), 3);
  }

  /** The ends of the colour scale: 0 and 1, or the map's own where nothing brought it there. */
  function ends(run, map) {
    if (run.protocol === "wsol2020") return [0, 255];
    if (run.normalization !== "none") return [0, 1];
    const { low, high } = resizing.extremes(map.values);
    return [low, high];
  }

  return { cutAt, viewOf, photograph, scoreText, drawTruth, drawMap, drawRegion, ends };
})();
