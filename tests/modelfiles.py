"""Files that look like Keras models to whoever reads them without Keras."""

import json
import zipfile

INNER = {"name": "base", "layers": [{"class_name": "Conv2D", "config": {"name": "conv2"}}]}
MODEL = {
    "class_name": "Functional",
    "config": {
        "name": "mine",
        "layers": [
            {"class_name": "Conv2D", "config": {"name": "conv1", "dtype": {"class_name": "DTypePolicy", "config": {}}}},
            {"class_name": "Functional", "config": INNER},
            {"class_name": "Dense", "config": {"name": "head"}},
        ],
    },
}


def keras_file(path, config=MODEL, weights="model.weights.h5"):
    """A `.keras` file, as far as it is read without Keras."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config if isinstance(config, str | bytes) else json.dumps(config))
        archive.writestr(weights, b"")
