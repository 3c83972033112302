# Weakly supervised localisation, evaluated: the workflow itself is workflow/Snakefile.
# Run it with `make run`, or `snakemake --cores 2 [--configfile workflow/experiments/ilsvrc.yaml]`.
include: "workflow/Snakefile"


# Snakemake's default target is the first rule of the file that it is given, never one of a file included there.
rule all:
    input:
        rules.targets.input,
