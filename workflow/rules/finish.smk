# finish: what `all` asks for beside the products, and what is looked at before a result is printed.
import atexit
from types import SimpleNamespace

from wsol.job import DELETED
from wsol.terminal import joblog, lines
from wsol.terminal.progress import TARGETS


def missed(wildcards):
    """Files of scored runs that are not there: deleted at the start, or by Snakemake when their job was killed.

    Snakemake asks for a missing file only where what is made of it has to be made too, and believes that what a killed
    job was given has been dealt with. Without this, a run after a kill could print what older files say.
    """
    files = [path for run in EXPERIMENT.runs for path in scored_from(run)]
    if files:
        indexed = [f"{RESULTS}/{dataset}/index" for dataset in experiments.datasets(EXPERIMENT)]
        names = ("targets.parquet", "labels.parquet", "problems.csv", "summary.txt")
        files += [f"{folder}/{name}" for folder in indexed for name in names]
    return [path for path in dict.fromkeys(files) if not os.path.exists(path)]


def scored_from(run):
    """Every file that a run's score is made from, and what else those stages write; [] where it has no score yet."""
    stages = ("backbone", "cam", "threshold", "evaluation")
    score = f"{RESULTS}/{run.folder(run.report, *stages)}"
    names = ("scores.parquet", "draws.npz", "outcomes.parquet", "curves.parquet", "strata.parquet")
    files = [f"{score}/{name}" for name in names]
    if not any(map(os.path.exists, [*files, f"{RESULTS}/scores.csv"])):
        return []
    for made in report_and_select(wildcards_of(run)).values():
        files += [made] if isinstance(made, str) else made
    if run.training:
        trained = ("model.weights.h5", "history.parquet", "history.csv")
        files += [f"{RESULTS}/weights/{run.training.id}/{name}" for name in trained]
    return files


def wildcards_of(run):
    """A run's decisions as its rules see them."""
    decisions = {"dataset": run.report, "cam": run.cam, "threshold": run.threshold, "evaluation": run.evaluation}
    names = {kind: decision.id for kind, decision in decisions.items()}
    return SimpleNamespace(**names, backbone=run.backbone.id if run.backbone else experiments.NO_BACKBONE)


def succeeded():
    """Print the tables that this run has made, once every file is made from those that lie there."""
    CALM.end()
    if found := audit.stale(RESULTS, products.files(RESULTS, MINE)):
        clear(found)
        listed()
        return start_again()
    if not CLAIMED:  # the verdicts of another experiment, or of claims of old, are none of these scores
        Path(f"{RESULTS}/reproduction.csv").unlink(missing_ok=True)
    sums.record(RESULTS, MINE)
    if not RUNS:  # --touch: no job has been done
        return
    page = f"{RESULTS}/report.html"
    CALM.summarise(page if os.path.exists(page) else "")
    for name in ("table", "reproduction"):
        said = Path(f"{RESULTS}/logs/{name}.log")
        if said.exists() and said.stat().st_mtime >= STARTED:
            print(joblog.said(said), flush=True)
    account()


def ended():
    """Every job of this experiment, whenever it was done, with the images that it worked on: 0 where it joins tables."""
    images = PLAN.read(PLANNED)["images"] if os.path.exists(PLANNED) else {}
    for job in workflow.dag.jobs:
        names = job.wildcards_dict
        many = [images.get(each, 0) for each in worked_on(job.rule.name, names)]
        if "shard" in names:
            many = [lines.images(names["shard"])]
        if job.log:
            yield costs.Ended(job.rule.name, sum(many), job.log[0])


def worked_on(stage, names):
    """The data sets whose images a job without a shard works on; an epoch of a training is not counted by itself."""
    if stage == "train":
        return labelsets.labels_of(SETTINGS[names["backbone"]])
    select = SETTINGS[names["evaluation"]]["select"] if stage == "score" else None
    return [dataset for dataset in (names.get("dataset"), select) if dataset]


def account():
    """Say where the time of this run went, and keep what every job of the experiment has used.

    A run of single files knows only the jobs that these need: it leaves what is kept as it was.
    """
    jobs = list(ended())
    told = keep(jobs) if any(job.rule.name in TARGETS for job in workflow.dag.jobs) else f"not counted in {COSTS}"
    CALM.account(costs.of_stages([job for job in jobs if job.log in CALM.ended], STAGES), told)


def keep(jobs):
    """Write what these jobs have used, and say where."""
    from wsol.page.costs import write_page  # here, for every job's process on a cluster reads this file

    known = costs.of_stages(jobs, STAGES)
    try:
        costs.write(COSTS, known)
        write_page(f"{RESULTS}/costs.html", known)
    except OSError as error:
        SCREEN.warn(f"costs: cannot be written ({error.strerror}).")
    lacking = len(jobs) - sum(cost.jobs for cost in known)
    unknown = f", without {lacking} that have not said what they used" if lacking else ""
    return f"all in {COSTS}{unknown}"


def failed():
    """Say why, or run once more where a job has met a damaged file and deleted it."""
    CALM.explain()
    listed()
    if any(failure.reason.endswith(DELETED) for failure in CALM.failed.values()):
        start_again()


def listed():
    """List what jobs of a run that is not at its end have made anew, or the next one takes it for damaged.

    What they have left behind is out of date, not damaged; a file that is damaged all the same is found by its reader.
    """
    try:
        sums.record(RESULTS, MINE)
    except OSError as error:
        SCREEN.warn(f"results: {sums.NAME} cannot be written ({error.strerror}).")


def start_again():
    """Run the same command once more, when Snakemake has given up its own lock: at exit."""
    tries = int(os.environ.get("WSOL_TRIES", 0)) + 1
    if tries <= 3:
        os.environ.update(WSOL_TRIES=str(tries))
        SCREEN.warn("Files were deleted that are not what they should be; once more, to make them again.")
        arguments = [word for word in sys.argv[1:] if word not in ("-F", "--forceall")]
        atexit.register(os.execv, sys.executable, [sys.executable, "-m", "snakemake", *arguments])
