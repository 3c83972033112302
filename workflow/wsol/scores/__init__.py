"""The stages `score` and `table`: regions and ground truth become metrics, with intervals and comparisons."""
