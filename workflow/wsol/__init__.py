"""Weakly supervised localisation, evaluated: the library behind the workflow.

Data flows one way, through the rooms that README.md beside this file lists. Nothing here imports Snakemake, and only
`networks` imports TensorFlow, inside its functions.
"""

__version__ = "0.1.0"
