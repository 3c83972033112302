"use strict";
// What the gallery paints on a canvas: heat, outlines, boxes and hatching. Pure of the page but for the 2D context that
// is given. `view` is {width, height, scale}: the canvas's pixels, and how many of them a pixel of the image takes.
const drawing = (() => {
  // Seventeen stops each. cividis and viridis can be told apart without seeing red from green (Nunez et al. 2018; van
  // der Walt & Smith 2015); jet is piecewise linear between these stops.
  const TABLES = {
    cividis: "00224e002e6a1a386f32436d434e6c535a6d61656f6f70737d7c788c88789b9476aba072bcae6ccdbb63dec958f0d846fee838",
    viridis: "44015448186a472d7b4240863b528b33638d2c728e26828e21918c1fa08828ae803fbc735ec96284d44baddc30d8e219fde725",
    jet: "0000800000bf0000ff0040ff0080ff00bfff00ffff40ffbf80ff80bfff40ffff00ffbf00ff8000ff4000ff0000bf0000800000",
  };
  const palettes = {};

  /** 256 colours as bytes r g b r g b …, between the stops of a table. */
  function palette(name) {
    if (palettes[name]) return palettes[name];
    const stops = TABLES[name].match(/../g).map((byte) => parseInt(byte, 16));
    const last = stops.length / 3 - 1;
    const found = new Uint8ClampedArray(768);
    for (let i = 0; i < 256; i++) {
      const at = (i / 255) * last;
      const stop = Math.min(Math.floor(at), last - 1);
      for (let c = 0; c < 3; c++) {
        const [one, next] = [stops[stop * 3 + c], stops[stop * 3 + 3 + c]];
        found[i * 3 + c] = one + (next - one) * (at - stop);
      }
    }
    return (palettes[name] = found);
  }

  /** For each column (axis 0) or row (1) of the view: the pixel of the prepared map that it shows, -1 for none. */
  function pixelsOf(prepared, view, axis) {
    const count = axis ? view.height : view.width;
    const [first, side] = axis ? [prepared.top, prepared.height] : [prepared.left, prepared.width];
    return Int32Array.from({ length: count }, (_, i) => {
      const at = ((i + 0.5) / view.scale - prepared.toImage[2 + axis]) / prepared.toImage[axis];
      const pixel = Math.floor(at) - first;
      return pixel >= 0 && pixel < side ? pixel : -1;
    });
  }

  /** The map in colour, transparent where it says nothing; `low` and `high` are the ends of the scale.
   *  Over an image, heat is the more opaque the higher it is: what is cold leaves the image as it was. */
  function heat(context, prepared, view, colours, low, high, opacity, over) {
    if (!prepared.shown) return; // a map that shows nothing
    const [columns, rows] = [pixelsOf(prepared, view, 0), pixelsOf(prepared, view, 1)];
    const table = palette(colours);
    const image = context.createImageData(view.width, view.height);
    for (let y = 0; y < view.height; y++) {
      if (rows[y] < 0) continue;
      for (let x = 0; x < view.width; x++) {
        if (columns[x] < 0) continue;
        const value = (prepared.values[rows[y] * prepared.width + columns[x]] - low) / (high - low || 1);
        const share = Math.min(Math.max(value, 0), 1);
        const colour = 3 * Math.round(255 * share);
        const at = 4 * (y * view.width + x);
        for (let c = 0; c < 3; c++) image.data[at + c] = table[colour + c];
        image.data[at + 3] = 255 * opacity * (over ? share : 1);
      }
    }
    paste(context, image, view);
  }

  /** Image data over what is there: putImageData would replace it. */
  function paste(context, image, view) {
    const layer = context.canvas.ownerDocument.createElement("canvas");
    layer.width = view.width;
    layer.height = view.height;
    layer.getContext("2d").putImageData(image, 0, 0);
    context.drawImage(layer, 0, 0);
  }

  /** Which pixels of the view a region of the prepared map covers. */
  function covered(prepared, mask, view) {
    const [columns, rows] = [pixelsOf(prepared, view, 0), pixelsOf(prepared, view, 1)];
    const found = new Uint8Array(view.width * view.height);
    for (let y = 0; y < view.height; y++)
      for (let x = 0; x < view.width; x++)
        if (rows[y] >= 0 && columns[x] >= 0) found[y * view.width + x] = mask[rows[y] * prepared.width + columns[x]];
    return found;
  }

  /** The same of a mask of the image, [height, width]. */
  function coveredByImage(mask, size, view) {
    const whole = { left: 0, top: 0, height: size[0], width: size[1], toImage: [1, 1, 0, 0] };
    return covered(whole, mask, view);
  }

  /** A line along the inner edge of a region; what touches the border of the view is closed there. */
  function outline(context, region, view, colour, thickness) {
    context.fillStyle = colour;
    const at = (x, y) => x >= 0 && y >= 0 && x < view.width && y < view.height && region[y * view.width + x];
    for (let y = 0; y < view.height; y++)
      for (let x = 0; x < view.width; x++)
        if (at(x, y) && !(at(x - 1, y) && at(x + 1, y) && at(x, y - 1) && at(x, y + 1)))
          context.fillRect(x, y, thickness, thickness);
  }

  /** Slanted lines over a region: pixels that count neither way. */
  function hatch(context, region, view) {
    for (let y = 0; y < view.height; y++)
      for (let x = 0; x < view.width; x++) {
        const line = (x + y) % 8;
        if (!region[y * view.width + x] || line > 3) continue;
        context.fillStyle = line < 2 ? "#000c" : "#fffc";
        context.fillRect(x, y, 1, 1);
      }
  }

  /** A box of image pixels, with a dark line below it so that it is seen on any image. */
  function frame(context, box, view, colour, thickness, dashes = []) {
    const [x0, y0, x1, y1] = box.map((value) => value * view.scale);
    const inset = thickness / 2; // the line lies inside the box
    const sides = [x0 + inset, y0 + inset, Math.max(x1 - x0 - thickness, 1), Math.max(y1 - y0 - thickness, 1)];
    context.save();
    context.setLineDash(dashes);
    context.lineWidth = thickness + 2;
    context.strokeStyle = "#000a";
    context.strokeRect(...sides);
    context.lineWidth = thickness;
    context.strokeStyle = colour;
    context.strokeRect(...sides);
    context.restore();
  }

  /** COCO's compressed counts as a mask [height * width], rows first; as `files/rle.py` reads them. */
  function decodeMask(text, [height, width]) {
    const runs = [];
    let [value, shift] = [0, 0];
    for (const character of text) {
      const group = character.charCodeAt(0) - 48;
      value += (group & 31) * 2 ** shift;
      shift += 5;
      if (group & 32) continue;
      if (group & 16) value -= 2 ** shift; // the last group's fifth bit is the sign
      runs.push(runs.length > 2 ? value + runs[runs.length - 2] : value);
      [value, shift] = [0, 0];
    }
    const mask = new Uint8Array(height * width);
    let at = 0;
    runs.forEach((run, i) => {
      if (i % 2) for (let k = at; k < at + run; k++) mask[(k % height) * width + Math.floor(k / height)] = 1;
      at += run;
    });
    return mask;
  }

  return { heat, covered, coveredByImage, outline, hatch, frame, decodeMask, names: Object.keys(TABLES), palette };
})();
