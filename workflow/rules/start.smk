# start: before anything is planned, what changed since the last run: the user's files, and those of the results.
# Jobs read this file too, on a cluster in processes of their own; only the first process looks and deletes.
LOOKS_ONLY = re.compile(r"-[a-zA-Z]*n[a-zA-Z]*|--(dry-?run|unlock|lint|summary|list.*|.*graph|dag|report|touch)(=.*)?")
SHOWN = 10  # deleted files that are named
DELETED = []


def take_note():
    """Write down what the user's files are like now; say what changed."""
    content = EXPERIMENT.settings["fingerprint"] == "content"
    for name, sources in NOTES.items():
        now = fingerprints.listing(sources, content, skip=RESULTS)
        if changes := fingerprints.note(f"{RESULTS}/inputs/{name}.txt", now):
            print(f"inputs: {name}: {changes}", file=sys.stderr)


def clear():
    """Delete what is not what was written; gives the paths."""
    found = audit.audit(RESULTS)
    for path, why in found[:SHOWN]:
        print(f"{path} {why}: deleted, to be made again.", file=sys.stderr)
    if len(found) > SHOWN:
        print(f"… and {len(found) - SHOWN} more files of '{RESULTS}' that are not what they should be.", file=sys.stderr)
    deleted = dict.fromkeys(audit.unit(path) for path, _ in found)
    for path in deleted:
        audit.delete(path)
    return [str(path) for path in deleted]


if workflow.is_main_process:
    try:
        if not any(LOOKS_ONLY.fullmatch(word) for word in sys.argv[1:]):
            lock.hold(RESULTS)
            DELETED = clear()
        take_note()
    except ConfigError as error:
        refuse(error)
    except OSError as error:
        refuse(f"results: cannot write below '{RESULTS}' ({error.strerror}).")


def made_here(path):
    """Whether this experiment makes a file of the results: all its decisions are among its own, its shard too."""
    parts = Path(path).relative_to(RESULTS).parts
    decisions = [part for part in parts if re.fullmatch(r"[^/]+@[0-9a-f]{8}", part) and not part.startswith("plan@")]
    shard = re.match(r"\d+-\d+(?=\.)", parts[-1])
    temporary = parts[-1].endswith(".evidence.npz") and EXPERIMENT.settings["activations"] != "keep"
    known = all(decision in SETTINGS for decision in decisions) and not temporary
    return known and (not shard or shard[0] in shards_of(parts[0]))


def made_again(wildcards):
    """What was deleted at the start, so that it is made even where nothing else asks for it."""
    return [path for path in DELETED if made_here(path)]


def start_again():
    """Run the same command once more: a job has found and deleted a stage file that was not what was written."""
    tries = int(os.environ.get("WSOL_TRIES", 0)) + 1
    if tries <= 3:
        os.environ["WSOL_TRIES"] = str(tries)
        print("A damaged file was deleted; once more, to make it again.", file=sys.stderr, flush=True)
        # At exit, when Snakemake has given up its own lock.
        atexit.register(os.execv, sys.executable, [sys.executable, "-m", "snakemake", *sys.argv[1:]])
