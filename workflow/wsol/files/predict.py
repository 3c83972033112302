"""What `predict` writes of a shard: logits, and what cams need to explain them."""

import json
from collections.abc import Mapping

import numpy as np

from wsol.files.containers import Arrays

PREDICTIONS = Arrays(
    "predictions",
    3,
    "predict",
    (
        "image",  # str [n]
        "logits",  # float32 [n c]; float64 where those from elsewhere are
        "readable",  # bool [n]: the image decoded, or has logits from elsewhere; logits of others are NaN
        "input_to_image",  # float64 [n 4]: image = input * (sx sy) + (tx ty), in pixels of it; NaN of logits
        "input_size",  # int [2]: height, width of the network's input; 0 of logits from elsewhere
        "names",  # str [c], the class of each output, where that is known by name: trained in this run, or said so
    ),
)

# Evidence of all that is asked of a network in one pass: what explanations have in common is in it once. What else
# there is depends on what was asked, see ARRAYS; `view` has it by the names there.
EVIDENCE = Arrays(
    "evidence",
    7,
    "predict",
    (
        "image_of",  # int64 [t]: the target's image, as a row of `activations` and of the predictions
        # uint8: JSON, {explanation: {an array's name in its view: its name in this file}}. An explanation has a view
        # for each of its augmentations; its name there, and those of its arrays, end in the augmentation's tag.
        "views",
    ),
)

# The arrays of an explanation's view. Beside `image_of` there are always
#   explained                int64 [t]: the model output that was explained; -1 where none is right or the image is
#                            unreadable
#   row_of                   int64 [t]: the target's row of the arrays that have one for each output; -1 for none
#   cell_to_input            float64 [4]: input = map * (sx sy) + (tx ty), of the map's cells by their receptive fields;
#                            at any scale on the network's own input, of a mirrored image with sx < 0
# and, by the evidence that brings them (n images, r outputs of images, a layer of h x w cells and k channels):
#   activations              float32 [n h w k]: the explained layer's output; zero for an unreadable image.
#   gradients                float32 [r h w k]: d score / d activations of the explained output; [r 1 1 k] where it is
#                            the same at every place, as behind a global mean.
#   similar_class_gradients  float32, shaped as `gradients`: of the mean of the logits that are nearest to the
#                            explained one, weighted by their probabilities.
#   score_drops              float32 [r 1 1 k]: what the score loses where channel k is zero.
#   class_probabilities      float32 [r 1 1 k]: the class's probability where only what channel k shows is seen.
#   logit_weights            float32 [r 1 1 k]: a softmax over channels of the class's logit there.
#   last_attention           float32 [r h w]: what the class token attends to in the last block, the mean of its heads.
#   rolled_out               float32 [r h w]: the class token's row of attention rolled out over all blocks.
#   summed_attention         float32 [r h w]: what the class token attends to, summed over blocks.
#   attention_gradients      float32 [r h w]: the positive gradients of each block's own score, averaged.
#   class_maps               float32 [r h w]: the class's share of each place, of a layer with a pooled head alone.
#   map_a                    float32 [r h w]: the explained output's map of the first classifier of ACoL's head.
#   map_b                    float32 [r h w]: that of the second, of features without what the first goes by for it.
#   finished_maps            float32 [r h w]: maps of the whole input that need no activations.
# Of a second explained layer they, and `cell_to_input`, end in _1 (activations_1), of a third in _2 and so on.
ARRAYS: dict[str, tuple[str, ...]] = {
    "gradient": ("activations", "gradients", "similar_class_gradients"),
    "ablation": ("activations", "score_drops"),
    "scorecam": ("activations", "class_probabilities", "logit_weights"),
    "occlusion": ("finished_maps",),
    "rise": ("finished_maps",),
    "attention": ("last_attention", "rolled_out", "summed_attention", "attention_gradients", "class_maps"),
    "acol": ("map_a", "map_b"),
}
CLASSLESS = ("activations", "last_attention", "rolled_out", "summed_attention")  # the same whatever class is explained
OF_IMAGES = ("activations",)  # those with one row for each image, whatever is explained of it


def view(arrays: Mapping[str, np.ndarray], explanation: str) -> dict[str, np.ndarray]:
    """The arrays of one explanation, by their names in ARRAYS, of a file of evidence."""
    named = json.loads(np.asarray(arrays["views"]).tobytes())[explanation]
    return {name: arrays[place] for name, place in {"image_of": "image_of", **named}.items()}


def rows(evidence: Mapping[str, np.ndarray], name: str, targets: slice = slice(None)) -> np.ndarray:
    """An array of a view with one row for each target; zero for what nothing explains."""
    values = evidence[name]
    if name.startswith(OF_IMAGES):
        return values[evidence["image_of"][targets]]
    which = evidence["row_of"][targets]
    if np.array_equal(which, np.arange(*targets.indices(len(evidence["row_of"])))):
        return values[targets]  # nothing to gather, nothing to copy
    found = np.zeros((len(which), *values.shape[1:]), values.dtype)
    found[which >= 0] = values[which[which >= 0]]
    return found
