"""reproduction: scores and claims -> reproduction.csv, which says of each claim whether it holds."""

from typing import TYPE_CHECKING

from wsol.files.formats import atomic
from wsol.job import job
from wsol.report import claims
from wsol.report.tables import read

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log, "reproduction") as log:
    claimed = [claims.Claim(**claim) for claim in snakemake.params.claims]
    found = claims.verdicts(claimed, read(snakemake.input.scores))
    log.say(claims.text(found))
    with atomic(snakemake.output[0]) as path:
        found.to_csv(path, index=False)
