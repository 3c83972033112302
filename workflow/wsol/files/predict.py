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

EVIDENCE = Arrays(
    "evidence",
    6,
    "predict",
    (
        "activations",  # float32 [n h w k], of the explained layer, one row an image
        "gradients",  # float32 [t h w k] or [t 1 1 k] where they do not vary over space, one row a target; or what
        # stands for them where masked inputs were asked: channel weights [t 1 1 k], finished maps [t h w 1]
        "image_of",  # int [t]: the target's row in activations
        "explained",  # int [t]: the model output that was explained
        "cell_to_input",  # float64 [4]: input = map * (sx sy) + (tx ty), of the layer's cells by their receptive fields
        # True gradients come with `rivals`, shaped like them: of the mean of the logits nearest to the explained one
        # by their probabilities. Score-CAM's weights, probabilities, come with `logit_weights`, a softmax of logits.
        # Of a second explained layer: activations_1, gradients_1, rivals_1, cell_to_input_1; and so on.
    ),
)
