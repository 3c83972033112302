"""Weakly supervised localisation, evaluated: the library behind the workflow.

Data flows one way: datasets -> backbones -> cams -> thresholds and regions -> metrics.
Nothing here imports Snakemake, and only `backbones` imports TensorFlow (inside its functions).
"""

__version__ = "0.1.0"
