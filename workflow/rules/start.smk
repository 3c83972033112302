# start: before anything is planned, what changed since the last run: the user's files, and those of the results.
# Jobs read this file too, on a cluster in processes of their own; only the first process looks and deletes.
LOOKS_ONLY = re.compile(r"-[a-zA-Z]*n[a-zA-Z]*|--(dry-?run|unlock|lint|summary|list.*|.*graph|dag|report|touch)(=.*)?")
SHOWN = 10  # deleted files that are named


def take_note():
    """Write down what the user's files are like now; say what changed."""
    content = EXPERIMENT.settings["fingerprint"] == "content"
    for name, sources in NOTES.items():
        now = fingerprints.listing(sources, content, skip=RESULTS)
        if changes := fingerprints.note(f"{RESULTS}/inputs/{name}.txt", now):
            print(f"inputs: {name}: {changes}", file=sys.stderr)


def clear():
    """Delete what is not what was written."""
    found = audit.audit(RESULTS)
    for path, why in found[:SHOWN]:
        print(f"{path} {why}: deleted, to be made again.", file=sys.stderr)
    if len(found) > SHOWN:
        print(
            f"… and {len(found) - SHOWN} more files of '{RESULTS}' that are not what they should be.", file=sys.stderr
        )
    for path, _ in found:
        audit.delete(audit.unit(path))


if workflow.is_main_process:
    try:
        if not any(LOOKS_ONLY.fullmatch(word) for word in sys.argv[1:]):
            lock.hold(RESULTS)
            clear()
        take_note()
    except ConfigError as error:
        refuse(error)
    except OSError as error:
        refuse(f"results: cannot write below '{RESULTS}' ({error.strerror}).")


def missed(wildcards):
    """Files of runs that have a score which are not there: deleted above, or by Snakemake when their job was killed.

    Snakemake asks for a missing file only where what is made of it has to be made too, and believes that what a killed
    job was given has been dealt with. Without this, a run after a kill could print what older files say.
    """
    files = dict.fromkeys(path for run in EXPERIMENT.runs for path in finished(run))
    return [path for path in files if not os.path.exists(path)]


def finished(run):
    """Every file that a run's score was made from, if it has one, and what else its stages write."""
    decisions = ("backbone", "cam", "threshold", "evaluation")
    names = dict(zip(decisions, run.folder(run.report, *decisions).split("/")[1:]))
    score = f"{RESULTS}/{run.folder(run.report, *decisions)}"
    if not os.path.exists(f"{score}/scores.parquet"):
        return []
    files = [f"{score}/{name}.parquet" for name in ("outcomes", "strata")]
    for made in report_and_select(SimpleNamespace(dataset=run.report.id, **names)).values():
        files += [made] if isinstance(made, str) else made
    if weights := experiments.trained(run):
        files += [f"{RESULTS}/weights/{weights}/{name}" for name in ("model.weights.h5", "history.csv")]
    indexed = [f"{RESULTS}/{dataset}/index" for dataset in experiments.datasets(EXPERIMENT)]
    return files + [
        f"{folder}/{name}" for folder in indexed for name in ("targets.parquet", "problems.csv", "summary.txt")
    ]


def start_again():
    """Run the same command once more: a job has found and deleted a stage file that was not what was written."""
    tries = int(os.environ.get("WSOL_TRIES", 0)) + 1
    if tries <= 3:
        os.environ["WSOL_TRIES"] = str(tries)
        print("A damaged file was deleted; once more, to make it again.", file=sys.stderr, flush=True)
        # At exit, when Snakemake has given up its own lock.
        atexit.register(os.execv, sys.executable, [sys.executable, "-m", "snakemake", *sys.argv[1:]])
