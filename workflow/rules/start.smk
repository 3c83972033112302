# start: before anything is planned, what changed since the last run: the user's files, and those of the results.
# Jobs read this file too, on a cluster in processes of their own; only the first process looks and deletes.
import re
import time

from wsol.experiment.renamed import renamed
from wsol.provenance import audit, fingerprints, products, sums
from wsol import lock

LOOKS_ONLY = re.compile(
    r"-[npkqF]*n[npkqF]*|-[SDlt]|--(dry.*|unlock|lint|summary|detailed-summary|list.*|.*graph|.*dag|report|touch)(=.*)?"
)
SHOWN = 10  # deleted files that are named
STARTED = time.time()
MINE = products.of(set(SETTINGS))


def take_note(locked):
    """Say what changed of the user's files; write it down, unless another run is at work that has seen other files."""
    content = EXPERIMENT.settings["fingerprint"] == "content"
    for name, sources in NOTES.items():
        note = f"{RESULTS}/inputs/{name}.txt"
        now = fingerprints.listing(sources, content, skip=RESULTS)
        if changes := fingerprints.changes(note, now):
            print(f"inputs: {name}: {changes}", file=sys.stderr)
        if locked or not os.path.exists(note):
            fingerprints.note(note, now)
    for name, now in written().items():
        note = f"{RESULTS}/inputs/{name}.txt"
        if locked or not os.path.exists(note):
            fingerprints.note(note, now)


def clear(found):
    """Name what is not what it should be, and delete it."""
    for name, why in found[:SHOWN]:
        print(f"{RESULTS}/{name} {why}: deleted, to be made again.", file=sys.stderr)
    if len(found) > SHOWN:
        print(f"… and {len(found) - SHOWN} more files of '{RESULTS}'.", file=sys.stderr)
    audit.delete(RESULTS, found)


def start():
    """Lock the results, look through them, and take note; where nothing is run nothing is deleted either."""
    if any(LOOKS_ONLY.fullmatch(word) for word in sys.argv[1:]):
        return take_note(lock.free(RESULTS))
    lock.hold(RESULTS)
    for path in products.leftovers(RESULTS):
        path.unlink()
    clear(audit.audit(RESULTS, MINE))
    sums.record(RESULTS, MINE)  # up to here all is well
    take_note(True)


if workflow.is_main_process:
    for line in renamed(config):
        print("config:", line, file=sys.stderr)
    try:
        start()
    except ConfigError as error:
        refuse(error)
    except OSError as error:
        refuse(f"results: cannot write below '{RESULTS}' ({error.strerror}: {error.filename}).")
