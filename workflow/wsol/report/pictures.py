"""Pictures of what a run saw: the image, its heat, the true boxes and the predicted one."""

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

TRUE, PREDICTED = (40, 220, 60), (255, 60, 60)  # RGB
HEAT = 0.45  # share of the heat in the blend
SIDE = 240  # pixels of a picture's longer side


def warp(heatmap: NDArray, grid: NDArray, geometry: NDArray, height: int, width: int) -> NDArray:
    """A map [h w] -> [height width] of the image, linear, its border's values beyond it.

    `grid`: input = map * (sx sy) + (tx ty); `geometry`: image = input * (sx sy) + (tx ty).
    """
    (ax, ay), (bx, by) = grid[:2] * geometry[:2], grid[2:] * geometry[:2] + geometry[2:]
    # Pixel i's centre lies at i + 0.5 on both grids.
    matrix = np.array([[ax, 0, ax / 2 + bx - 0.5], [0, ay, ay / 2 + by - 0.5]])
    source = np.nan_to_num(heatmap.astype(np.float32))
    edge = cv2.BORDER_REPLICATE
    return cv2.warpAffine(source, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=edge)


def overlay(image: NDArray[np.uint8], heat: NDArray, truth: NDArray, predicted: NDArray) -> NDArray:
    """RGB [h w 3] with the min-max normalised heat [h w] in JET and boxes in image pixels; at most SIDE pixels."""
    spread = heat.max() - heat.min()
    share = (heat - heat.min()) / spread if spread > 0 else np.zeros_like(heat)
    colours = cv2.cvtColor(cv2.applyColorMap((share * 255).astype(np.uint8), cv2.COLORMAP_JET), cv2.COLOR_BGR2RGB)
    blend = cv2.addWeighted(image, 1 - HEAT, colours, HEAT, 0)
    factor = SIDE / max(blend.shape[:2])
    small = cv2.resize(
        blend, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    )
    for boxes, colour in ((truth, TRUE), (predicted, PREDICTED)):
        for box in np.asarray(boxes, float).reshape(-1, 4) * factor:
            x0, y0, x1, y1 = np.round(box).astype(int).tolist()
            cv2.rectangle(small, (x0, y0), (max(x0, x1 - 1), max(y0, y1 - 1)), colour, 2)
    return small


def data_uri(image: NDArray[np.uint8]) -> str:
    """RGB -> a JPEG inside a `data:` address."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()
