# terminal: what whoever runs this sees, one calm line for each job. VERBOSE=1 or --verbose brings back Snakemake's words.
import os
import re

from wsol.experiment.questions import called
from wsol.terminal.handler import Calm
from wsol.terminal.screen import Screen

LOOKS_ONLY = re.compile(
    r"-[npkqF]*n[npkqF]*|-[SDlt]|--(dry.*|unlock|lint|summary|detailed-summary|list.*|.*graph|.*dag|report|touch)(=.*)?"
)
RUNS = workflow.is_main_process and not any(LOOKS_ONLY.fullmatch(word) for word in sys.argv[1:])
SCREEN = Screen()
CALLED = called(EXPERIMENT)
CALM = Calm(
    SCREEN,
    logs=workflow.logger_manager.get_logfile(),
    jobs=lambda: workflow.dag.stats()[1],
    called=CALLED,
    verbose=workflow.output_settings.verbose or os.environ.get("VERBOSE", "0") not in ("", "0"),
)
if RUNS:
    CALM.quieten(workflow.logger_manager.logger)
    sys.excepthook = CALM.uncaught
