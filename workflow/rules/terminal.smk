# terminal: what whoever runs this sees, one calm line for each job. VERBOSE=1 or --verbose brings back Snakemake's words.
import os
import re

from wsol.experiment.questions import called
from wsol.terminal import costs
from wsol.terminal.handler import Calm
from wsol.terminal.screen import Screen

LOOKS_ONLY = re.compile(
    r"-[npkqF]*n[npkqF]*|-[SDlt]|--(dry.*|unlock|lint|summary|detailed-summary|list.*|.*graph|.*dag|report|touch)(=.*)?"
)
RUNS = workflow.is_main_process and not any(LOOKS_ONLY.fullmatch(word) for word in sys.argv[1:])
SCREEN = Screen()
COSTS = f"{EXPERIMENT.settings['results']}/costs.csv"


def jobs_of_run():
    """The known jobs that have to run or have run."""
    dag = workflow.dag
    return [(job.rule.name, job.wildcards_dict, job.threads) for job in {*dag.needrun_jobs(), *dag.finished_jobs}]


CALLED = called(EXPERIMENT)
CALM = Calm(
    SCREEN,
    logs=workflow.logger_manager.get_logfile(),
    jobs=jobs_of_run,
    called=CALLED,
    earlier=costs.read(COSTS) if RUNS else (),
    verbose=workflow.output_settings.verbose or os.environ.get("VERBOSE", "0") not in ("", "0"),
)
if RUNS:
    CALM.quieten(workflow.logger_manager.logger)
    sys.excepthook = CALM.uncaught
