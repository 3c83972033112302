"use strict";
// The protocols' own rule, for the level slider: a heatmap is drawn on its canvas, cut at a level, and boxes go around
// what passes. The same as `wsol/regions` (drawing, canvases, exact, published) does for all levels at once; pure
// functions, no page. `run` says protocol, upsampling, normalization, canvas and alignment; `place` says cell_to_input
// (or null), input_to_image and input_size; sizes are [height, width]; transforms are [sx, sy, tx, ty].
const cutting = (() => {
  const SIDE = 224; // the published evaluator's canvas

  const compose = (a, b) => [b[0] * a[0], b[1] * a[1], b[2] * a[0] + a[2], b[3] * a[1] + a[3]];
  const places = (count, from = 0) => Array.from({ length: Math.max(count, 0) }, (_, i) => from + i + 0.5);

  /** A whole number in 0 .. 255 of each value: what `Uint8Array.from` gives, several times as fast. */
  function bytes(values, of) {
    const found = new Uint8Array(values.length);
    for (let i = 0; i < values.length; i++) found[i] = of(values[i], i);
    return found;
  }

  /** Where the map lies: fractions of the input's sides as fractions of the map's; null where it covers the input. */
  function inputToMap(run, place, map) {
    if (run.alignment !== "receptive_field" || !place.cell_to_input) return null;
    const [sx, sy, tx, ty] = compose(place.cell_to_input, [map.width, map.height, 0, 0]);
    const found = [place.input_size[1] / sx, place.input_size[0] / sy, (0 - tx) / sx, (0 - ty) / sy];
    return found.every((n, i) => Math.abs(n - [1, 1, 0, 0][i]) <= 1e-9) ? null : found;
  }

  /** First and one behind the last of `side` pixels whose centres lie in the image; 0 0 if none does. */
  function inside(side, scale, shift, limit) {
    const there = places(side).map((p) => p * scale + shift).map((at) => at >= 0 && at < limit);
    return there.includes(true) ? [there.indexOf(true), there.lastIndexOf(true) + 1] : [0, 0];
  }

  function onInput(map, run, place, size) {
    const [height, width] = place.input_size;
    const [sx, sy, tx, ty] = place.input_to_image;
    const [left, right] = inside(width, sx, tx, size[1]);
    const [top, bottom] = inside(height, sy, ty, size[0]);
    const aligned = inputToMap(run, place, map);
    let seen;
    if (aligned) {
      const ys = places(bottom - top, top).map((y) => (y / height) * aligned[1] + aligned[3]);
      const xs = places(right - left, left).map((x) => (x / width) * aligned[0] + aligned[2]);
      seen = resizing.resample(map, ys, xs, run.upsampling);
    } else {
      seen = resizing.crop(resizing.upsample(map, height, width, run.upsampling, true), top, bottom, left, right);
    }
    return { ...resizing.normalize(seen, run.normalization), left, top, toImage: place.input_to_image };
  }

  function onImage(map, run, place, size) {
    const [height, width] = place.input_size;
    const [sx, sy, tx, ty] = compose(place.input_to_image, [width, height, 0, 0]);
    const aligned = inputToMap(run, place, map) ?? [1, 1, 0, 0];
    const xs = places(size[1]).map((x) => x * (1 / sx) + -tx / sx);
    const ys = places(size[0]).map((y) => y * (1 / sy) + -ty / sy);
    const columns = [...xs.keys()].filter((i) => xs[i] >= 0 && xs[i] < 1);
    const rows = [...ys.keys()].filter((i) => ys[i] >= 0 && ys[i] < 1);
    const down = rows.map((i) => ys[i] * aligned[1] + aligned[3]);
    const across = columns.map((i) => xs[i] * aligned[0] + aligned[2]);
    const seen = resizing.normalize(resizing.resample(map, down, across, run.upsampling), run.normalization);
    const least = seen.values.length ? Math.min(resizing.extremes(seen.values).low, 0) : 0;
    const values = new Float32Array(size[0] * size[1]).fill(least);
    rows.forEach((y, i) => columns.forEach((x, j) => {
      values[y * size[1] + x] = seen.values[i * columns.length + j];
    }));
    return { height: size[0], width: size[1], values, left: 0, top: 0, toImage: [1, 1, 0, 0] };
  }

  function onPublished(map, run, place, size) {
    const exact = { ...map, values: Float64Array.from(map.values) };
    const drawn = resizing.normalize(resizing.upsample(exact, SIDE, SIDE, run.upsampling, false), run.normalization);
    const values = bytes(drawn.values, (value) => Math.min(Math.max(value, 0), 1) * 255);
    const toImage = [size[1] / SIDE, size[0] / SIDE, 0, 0];
    return { ...drawn, values, floats: drawn.values, left: 0, top: 0, toImage };
  }

  /** A heatmap as its protocol cuts it; `shown`: whether there is anything to cut. `left`, `top`: its first pixel. */
  function prepare(map, run, place, size) {
    const plain = run.protocol === "wsol2020" ? map : { ...map, values: Float32Array.from(map.values) };
    const draw = run.protocol === "wsol2020" ? onPublished : run.canvas === "image" ? onImage : onInput;
    const drawn = draw(plain, run, place, size);
    const { low, high } = resizing.extremes(drawn.values);
    return { ...drawn, greatest: high, shown: low !== 0 || high !== 0 };
  }

  /** Where a prepared map passes a level: 1, else 0. */
  function foreground(prepared, level, protocol) {
    if (!prepared.shown) return new Uint8Array(prepared.values.length);
    if (protocol !== "wsol2020") return bytes(prepared.values, (value) => (value >= level ? 1 : 0));
    const limit = Math.trunc(level * prepared.greatest);
    return bytes(prepared.values, (value) => (value > limit ? 1 : 0));
  }

  /** Regions of equal `value`: label of each pixel (0 elsewhere) and {first, count, box} of each, from label 1 on. */
  function components(mask, height, width, value, eight) {
    const labels = new Int32Array(mask.length);
    const stack = new Int32Array(mask.length);
    const found = [null];
    for (let start = 0; start < mask.length; start++) {
      if (mask[start] !== value || labels[start]) continue;
      const box = [width, height, 0, 0];
      const region = { first: start, count: 0, box };
      let waiting = 1;
      stack[0] = start;
      labels[start] = found.length;
      while (waiting) {
        const pixel = stack[--waiting];
        const x = pixel % width;
        const y = (pixel - x) / width;
        region.count++;
        if (x < box[0]) box[0] = x;
        if (y < box[1]) box[1] = y;
        if (x >= box[2]) box[2] = x + 1;
        if (y >= box[3]) box[3] = y + 1;
        const [up, down] = [y > 0 ? y - 1 : 0, y + 1 < height ? y + 1 : y];
        const [before, after] = [x > 0 ? x - 1 : 0, x + 1 < width ? x + 1 : x];
        for (let j = up; j <= down; j++)
          for (let i = before; i <= after; i++) {
            const near = j * width + i;
            if (mask[near] !== value || labels[near] || (!eight && i !== x && j !== y)) continue;
            labels[near] = found.length;
            stack[waiting++] = near;
          }
      }
      found.push(region);
    }
    return { labels, regions: found };
  }

  /** exact: the most pixels, and among equals the topmost, then leftmost first pixel; null where nothing passes. */
  function cutExact(mask, height, width) {
    const { regions } = components(mask, height, width, 1, true);
    let largest = 0;
    for (let i = 1; i < regions.length; i++) if (!largest || regions[i].count > regions[largest].count) largest = i;
    return { boxes: regions.slice(1).map((region) => region.box), largest: largest ? regions[largest].box : null };
  }

  /** wsol2020: contours, those of holes included, and the largest polygon's box, the last among equals. */
  function cutPublished(mask, height, width) {
    const { regions } = components(mask, height, width, 1, true);
    if (regions.length === 1) return { boxes: [[0, 0, 0, 0]], largest: [0, 0, 0, 0] };
    const ground = components(mask, height, width, 0, false);
    const open = ({ box }) => box[0] === 0 || box[1] === 0 || box[2] === width || box[3] === height;
    const holes = ground.regions.map((region) => region !== null && !open(region));
    const solid = bytes(mask, (value, i) => (value || holes[ground.labels[i]] ? 1 : 0));
    const filled = components(solid, height, width, 1, true);
    const areas = polygons(solid, filled, height, width);
    let largest = 1; // in row-major order of first pixels
    for (let i = 2; i < filled.regions.length; i++) if (areas[i] >= areas[largest]) largest = i;
    const around = ({ box }) => [box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1];
    const rims = ground.regions.filter((_, i) => holes[i]).map(around);
    const within = (box) => [box[0], box[1], Math.min(box[2], width - 1), Math.min(box[3], height - 1)];
    const boxes = [...regions.slice(1).map((r) => r.box), ...rims].map(within);
    return { boxes, largest: within(filled.regions[largest].box) };
  }

  /** Twice the area of the polygon through the outer pixels' centres of each region without holes. */
  function polygons(solid, { labels, regions }, height, width) {
    const areas = new Int32Array(regions.length);
    for (let y = 1; y < height; y++)
      for (let x = 1; x < width; x++) {
        const here = y * width + x;
        const there = solid[here] + solid[here - 1] + solid[here - width] + solid[here - width - 1];
        // Of three or four corners, two that lie across from each other are both there.
        if (there >= 3) areas[labels[here] || labels[here - 1]] += there - 2;
      }
    return areas;
  }

  /** What passes a level: `mask`, the `boxes` of all regions and the `largest` one's (null: none), canvas pixels. */
  function cut(prepared, level, protocol) {
    const { height, width, left, top } = prepared;
    const mask = foreground(prepared, level, protocol);
    const found = (protocol === "wsol2020" ? cutPublished : cutExact)(mask, height, width);
    const moved = (box) => [box[0] + left, box[1] + top, box[2] + left, box[3] + top];
    return { ...found, mask, boxes: found.boxes.map(moved), largest: found.largest && moved(found.largest) };
  }

  /** A canvas box in the image's pixels, cut at its edges; null where nothing of it is left. */
  function boxOnImage(box, [sx, sy, tx, ty], size) {
    if (!box) return null;
    const into = (value, limit) => Math.min(Math.max(value, 0), limit);
    const found = [box[0] * sx + tx, box[1] * sy + ty, box[2] * sx + tx, box[3] * sy + ty];
    const cutOff = found.map((value, i) => into(value, size[1 - (i % 2)]));
    return cutOff[2] > cutOff[0] && cutOff[3] > cutOff[1] ? cutOff : null;
  }

  function overlap(a, b, one) {
    const area = (box) => Math.max(box[2] - box[0] + one, 0) * Math.max(box[3] - box[1] + one, 0);
    const both = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
    const common = area(both);
    const union = area(a) + area(b) - common;
    return union > 0 ? common / union : 0;
  }

  /** The best IoU of a canvas box with the true boxes of the image, in the frame that the protocol compares in. */
  function iou(box, truth, prepared, protocol, size) {
    if (!truth.length) return NaN;
    if (protocol !== "wsol2020") {
      const found = boxOnImage(box, prepared.toImage, size);
      return found ? Math.max(...truth.map((true_) => overlap(found, true_, 0))) : 0;
    }
    const scaled = ([x0, y0, x1, y1]) =>
      [[x0, 1], [y0, 0], [x1 - 1, 1], [y1 - 1, 0]].map(([value, side]) => Math.trunc((value * SIDE) / size[side]));
    return box ? Math.max(...truth.map((true_) => overlap(box, scaled(true_), 1))) : 0;
  }

  /** The IoU of what passes a level with a true mask of the image, `ignored` pixels (or null) left out. */
  function maskIou(prepared, level, truth, ignored, protocol, size) {
    const published = protocol === "wsol2020"; // counts on its canvas, where the truth is resized to
    const values = prepared.floats ?? prepared.values;
    const [rows, columns] = published ? [SIDE, SIDE] : size;
    const nearest = (i, side) => (published ? Math.min(Math.floor(i * (size[side] / SIDE)), size[side] - 1) : i);
    const canvas = (i, axis) => Math.floor((i + 0.5 - prepared.toImage[2 + axis]) / prepared.toImage[axis]);
    const across = Array.from({ length: columns }, (_, x) => (published ? x : canvas(x, 0) - prepared.left));
    let [hit, union] = [0, 0];
    for (let i = 0; i < rows; i++) {
      const y = published ? i : canvas(i, 1) - prepared.top;
      for (let j = 0; j < columns; j++) {
        const x = across[j];
        const within = y >= 0 && y < prepared.height && x >= 0 && x < prepared.width;
        const marked = within && (published || prepared.shown) && values[y * prepared.width + x] >= level;
        const pixel = nearest(i, 0) * size[1] + nearest(j, 1);
        if (truth[pixel]) union++;
        if (truth[pixel] && marked) hit++;
        if (!truth[pixel] && marked && !ignored?.[pixel]) union++;
      }
    }
    return union ? hit / union : 0;
  }

  return { prepare, foreground, cut, boxOnImage, iou, maskIou };
})();
