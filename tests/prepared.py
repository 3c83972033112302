"""Maps as a protocol cuts them, in one call: tests name the protocol and need no drawing."""

from wsol.regions import preparation
from wsol.regions.protocols import PROTOCOLS


def prepare(heatmap, height, width, *, upsampling, normalization, protocol):
    """A heatmap [h w] on all of a canvas, ready to be cut: [height width]."""
    own = PROTOCOLS[protocol]
    return own.as_cut(preparation.prepare(heatmap, height, width, own.preparation(upsampling, normalization)))


def upsample(heatmap, height, width, upsampling, protocol):
    return preparation.upsample(heatmap, height, width, PROTOCOLS[protocol].preparation(upsampling, "none"))


def foreground(prepared, level, protocol):
    return PROTOCOLS[protocol].foreground(prepared, level)
