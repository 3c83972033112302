# reproduction: scores and what was claimed of them -> a verdict for each claim; only where the experiment has claims.
CLAIMED = [f"{RESULTS}/reproduction.csv"] if EXPERIMENT.settings["claims"] else []


rule reproduction:
    input:
        scores=f"{RESULTS}/scores.csv",
        code=code("reproduction"),
    output:
        report(
            f"{RESULTS}/reproduction.csv",
            caption="../report/reproduction.rst",
            category="Scores",
            labels={"table": "claims and whether they hold"},
        ),
    log:
        f"{RESULTS}/logs/reproduction.log",
    conda:
        "../../environment.yml"
    params:
        claims=[claim._asdict() for claim in EXPERIMENT.settings["claims"]],
    script:
        "../../scripts/reproduction.py"
