"""What `predict` writes of a shard: logits, and what cams need to explain them."""

from wsol.files.containers import Arrays

PREDICTIONS = Arrays(
    "predictions",
    3,
    "predict",
    (
        "image",  # str [n]
        "logits",  # float32 [n c]
        "readable",  # bool [n]: the image decoded; logits of others are NaN
        "input_to_image",  # float64 [n 4]: image = input * (sx sy) + (tx ty), in pixels of the annotation
        "input_size",  # int [2]: height, width of the network's input
        "names",  # str [c], the class each output was trained for in this run; [0] of a network from elsewhere
    ),
)

# Every file of evidence has these; what else there is depends on what was asked of the network, see ARRAYS.
EVIDENCE = Arrays(
    "evidence",
    6,
    "predict",
    (
        "image_of",  # int64 [t]: the target's image, as a row of `activations` and of the predictions
        "explained",  # int64 [t]: the model output that was explained; -1 where none is right or the image unreadable
        "cell_to_input",  # float64 [4]: input = map * (sx sy) + (tx ty), of the map's cells by their receptive fields
    ),
)

# The arrays that cams take, by the evidence that brings them: n images, t targets, a layer of h x w cells, k channels.
# Of a second explained layer they, and `cell_to_input`, end in _1 (activations_1), of a third in _2 and so on. What
# belongs to an unreadable image or to a target that nothing explains is zero.
#   activations              float32 [n h w k]: the explained layer's output, one row per image.
#   gradients                float32 [t h w k]: d score / d activations of the explained output; [t 1 1 k] where it is
#                            the same at every place, as behind a global mean.
#   similar_class_gradients  float32, shaped as `gradients`: of the mean of the logits that are nearest to the
#                            explained one, weighted by their probabilities.
#   score_drops              float32 [t 1 1 k]: what the score loses where channel k is zero.
#   class_probabilities      float32 [t 1 1 k]: the class's probability where only what channel k shows is seen.
#   logit_weights            float32 [t 1 1 k]: a softmax over channels of the class's logit there.
#   finished_maps            float32 [t h w]: maps of the whole input that need no activations.
ARRAYS: dict[str, tuple[str, ...]] = {
    "gradient": ("activations", "gradients", "similar_class_gradients"),
    "ablation": ("activations", "score_drops"),
    "scorecam": ("activations", "class_probabilities", "logit_weights"),
    "occlusion": ("finished_maps",),
    "rise": ("finished_maps",),
}
