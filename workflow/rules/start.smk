# start: before anything is planned, what changed since the last run: the user's files, and those of the results.
# Jobs read this file too, on a cluster in processes of their own; only the first process looks and deletes.
import time

from wsol.experiment.recorded import asked, record
from wsol.experiment.renamed import renamed
from wsol.provenance import audit, fingerprints, products, sums
from wsol import lock, places

SHOWN = 10  # deleted files that are named
STARTED = time.time()
MINE = products.of({*SETTINGS, experiments.plan(EXPERIMENT)})  # and no other plan


def take_note(locked, look):
    """Say what changed of the user's files, and write it down, and what the code is now.

    Unless another run is at work that has seen other files. After a `look`, such as a dry run, the next start finds
    the notes as they were: an edit that is taken back costs nothing.
    """
    content = EXPERIMENT.settings["fingerprint"] == "content"
    told = set()  # a file that several trainings begin with has a note for each
    for name, sources in NOTES.items():
        note = f"{RESULTS}/inputs/{name}.txt"
        if locked:
            fingerprints.take_back(note)
        now = fingerprints.listing(sources, content, skip=RESULTS)
        if changes := fingerprints.changes(note, now):
            line = f"inputs: {re.sub('@[0-9a-f]{8}', '', name)}: {changes}"
            if line not in told:
                SCREEN.warn(line)
            told.add(line)
        if locked or not os.path.exists(note):
            fingerprints.note(note, now, look)
    for name, now in (written() | {"experiment": asked(EXPERIMENT)}).items():
        note = f"{RESULTS}/inputs/{name}.txt"
        if locked:
            fingerprints.take_back(note)
        if locked or not os.path.exists(note):
            fingerprints.note(note, now, look)


def clear(found):
    """Name what is not what it should be, and delete it."""
    for name, why in found[:SHOWN]:
        SCREEN.warn(f"{RESULTS}/{name} {why}: deleted, to be made again.")
    if len(found) > SHOWN:
        SCREEN.warn(f"… and {len(found) - SHOWN} more files of '{RESULTS}'.")
    audit.delete(RESULTS, found)


def start():
    """Lock the results, look through them, and take note; where nothing is run nothing is deleted either."""
    if not RUNS:
        return take_note(lock.free(RESULTS), look=True)
    lock.hold(RESULTS)
    for path in products.leftovers(RESULTS):
        path.unlink()
    # The plan is read by no job that would find it damaged, and a run of another experiment passes it over.
    plan = audit.damaged(RESULTS, os.path.relpath(PLANNED, RESULTS))
    clear(list(dict.fromkeys([*audit.audit(RESULTS, MINE), *plan])))
    sums.record(RESULTS, MINE)  # up to here all is well
    take_note(True, look=False)
    readings.note(READ, READINGS)
    measured.note(MEASURING, MEASURED)
    record(EXPERIMENT, READINGS, workflow.overwrite_configfiles)


if workflow.is_main_process:
    for line in renamed(config):
        print("config:", line, file=sys.stderr)
    try:
        places.stored(workflow.storage_settings.default_storage_provider)
        start()
        told = processor.warning(EXPERIMENT.settings["instructions"])
        if told and RUNS and experiments.planned(EXPERIMENT):
            SCREEN.warn(told)
    except ConfigError as error:
        refuse(error)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        refuse(f"results: cannot write below '{RESULTS}' ({error.strerror}{where}).")
