"use strict";
// Heatmaps on their canvases, to the last bit where that can be had: OpenCV's resize of float32 and float64 maps
// (resize.cpp; half-pixel centres, weights in float32), the library's own `preparation.resample`, and the crop and the
// normalisation that follow. Pure functions; a map is {height, width, values}, values Float32Array or Float64Array.
const resizing = (() => {
  const round = Math.fround;

  /** Weights in float32 of the pixels from floor(at) on, as OpenCV's interpolateCubic gives them (a = -0.75). */
  function cubicWeights(x) {
    const a = -0.75;
    // a d^3 - 5a d^2 + 8a d - 4a, and (a + 2) d^3 - (a + 3) d^2 + 1
    const far = (d) => round(round(round(round(round(round(a * d) + 3.75) * d) - 6) * d) + 3);
    const near = (d) => round(round(round(round(round(1.25 * d) - 2.25) * d) * d) + 1);
    const first = far(round(x + 1));
    const second = near(x);
    const third = near(round(1 - x));
    return [first, second, third, round(round(round(1 - first) - second) - third)];
  }

  /** For each of `to` pixels: the pixels of `from` that count and their weights; the border's pixels repeat. */
  function taps(from, to, upsampling, horizontal) {
    const scale = 1 / (to / from);
    const found = [];
    for (let i = 0; i < to; i++) {
      const at = round((i + 0.5) * scale - 0.5);
      let first = Math.floor(at);
      let rest = round(at - first);
      if (upsampling === "cubic") {
        const pixels = [first - 1, first, first + 1, first + 2].map((p) => Math.min(Math.max(p, 0), from - 1));
        found.push({ pixels, weights: cubicWeights(rest) });
        continue;
      }
      if (horizontal && first < 0) [first, rest] = [0, 0];
      if (horizontal && first >= from - 1) [first, rest] = [from - 1, 0];
      const pixels = [first, first + 1].map((p) => Math.min(Math.max(p, 0), from - 1));
      found.push({ pixels, weights: [round(1 - rest), rest] });
    }
    return found;
  }

  /** Sum of values times weights, rounded after each step as the type of the map has it. */
  function sum(get, { pixels, weights }, fit, backwards) {
    const count = pixels.length;
    if (backwards) { // OpenCV's vector code of float32 rows adds from the last
      let total = fit(get(pixels[count - 1]) * weights[count - 1]);
      for (let k = count - 2; k >= 0; k--) total = fit(fit(get(pixels[k]) * weights[k]) + total);
      return total;
    }
    let total = fit(get(pixels[0]) * weights[0]);
    for (let k = 1; k < count; k++) total = fit(total + fit(get(pixels[k]) * weights[k]));
    return total;
  }

  /** cv2.resize(map, (width, height)) by INTER_LINEAR or INTER_CUBIC, rows first as OpenCV takes them. */
  function resize(map, height, width, upsampling) {
    const Type = map.values.constructor;
    const fit = Type === Float32Array ? round : (value) => value;
    const columns = taps(map.width, width, upsampling, true);
    const rows = taps(map.height, height, upsampling, false);
    const wide = new Type(map.height * width);
    for (let y = 0; y < map.height; y++)
      for (let x = 0; x < width; x++)
        wide[y * width + x] = sum((p) => map.values[y * map.width + p], columns[x], fit, false);
    const backwards = Type === Float32Array && upsampling === "cubic";
    const values = new Type(height * width);
    const whole = width - (width % 4); // what is left of a row is no vector any more
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        values[y * width + x] = sum((p) => wide[p * width + x], rows[y], fit, backwards && x < whole);
    return { height, width, values };
  }

  function extremes(values) {
    let low = Infinity;
    let high = -Infinity;
    for (const value of values) {
      if (!Number.isFinite(value)) return { low: NaN, high: NaN };
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return { low, high };
  }

  function clip(values, { low, high }) {
    for (let i = 0; i < values.length; i++) values[i] = Math.min(Math.max(values[i], low), high);
  }

  /** `preparation.upsample`: a constant map stays constant, one with a pixel that is not finite is not a number. */
  function upsample(map, height, width, upsampling, clips) {
    const range = extremes(map.values);
    if (!(range.low < range.high)) {
      const values = new map.values.constructor(height * width).fill(range.low);
      return { height, width, values };
    }
    const resized = resize(map, height, width, upsampling);
    if (clips) clip(resized.values, range);
    return resized;
  }

  const KERNELS = {
    linear: (d) => 1 - d,
    cubic: (d) => (d <= 1 ? (1.25 * d - 2.25) * d ** 2 + 1 : -0.75 * (((d - 5) * d + 8) * d - 4)),
  };

  function weightsAt(side, fraction, upsampling) {
    const at = fraction * side - 0.5;
    const reach = upsampling === "cubic" ? 2 : 1;
    const found = new Map();
    for (let step = 1 - reach; step <= reach; step++) {
      const pixel = Math.floor(at) + step;
      const inside = Math.min(Math.max(pixel, 0), side - 1);
      found.set(inside, (found.get(inside) ?? 0) + KERNELS[upsampling](Math.abs(at - pixel)));
    }
    return { pixels: [...found.keys()], weights: [...found.values()] };
  }

  /** `preparation.resample`: a map read at fractions of its sides, in float64, then clipped and made float32. */
  function resample(map, ys, xs, upsampling) {
    const range = extremes(map.values);
    const values = new Float64Array(ys.length * xs.length).fill(NaN);
    if (range.low <= range.high) {
      const columns = xs.map((x) => weightsAt(map.width, x, upsampling));
      ys.forEach((y, row) => {
        const down = weightsAt(map.height, y, upsampling);
        const line = [];
        for (let x = 0; x < map.width; x++) line.push(sum((p) => map.values[p * map.width + x], down, Number, false));
        columns.forEach((across, column) => {
          values[row * xs.length + column] = sum((p) => line[p], across, Number, false);
        });
      });
      clip(values, range);
    }
    return { height: ys.length, width: xs.length, values: Float32Array.from(values) };
  }

  function crop(map, top, bottom, left, right) {
    const [height, width] = [bottom - top, right - left];
    const values = new map.values.constructor(Math.max(height * width, 0));
    for (let y = 0; y < height; y++) {
      const start = (top + y) * map.width + left;
      values.set(map.values.subarray(start, start + width), y * width);
    }
    return { height, width, values };
  }

  /** `preparation.normalized`: minmax, max or none; all zeros of a degenerate map. */
  function normalize(map, normalization) {
    const { low, high } = extremes(map.values);
    const values = new map.values.constructor(map.values.length);
    const made = { height: map.height, width: map.width, values };
    if (!(low < high) || (normalization === "max" && high <= 0)) return made;
    if (normalization === "none") values.set(map.values);
    if (normalization === "max") for (let i = 0; i < values.length; i++) values[i] = map.values[i] / high;
    if (normalization === "minmax") {
      for (let i = 0; i < values.length; i++) values[i] = map.values[i] - low; // rounded here, as the type has it
      const greatest = extremes(values).high;
      for (let i = 0; i < values.length; i++) values[i] /= greatest;
    }
    if (!Number.isFinite(extremes(values).high)) values.fill(0);
    return made;
  }

  return { resize, upsample, resample, crop, normalize, extremes };
})();
