"""What is said of a job that a cluster ended."""

import pytest

from wsol.terminal import cluster

# As SLURM 22.05 wrote them, with four slurmd on one machine and memory limited by cgroups.
LOGS = {
    "OUT_OF_MEMORY": "srun: error: n1: task 0: Out Of Memory\nslurmstepd-n1: error: Detected 1 oom-kill event(s) in "
    "StepId=1.0. Some of your processes may have been killed by the cgroup out-of-memory handler.\n",
    "TIMEOUT": "slurmstepd-n2: error: *** JOB 7 ON n2 CANCELLED AT 2026-11-26T05:54:02 DUE TO TIME LIMIT ***\n",
    "CANCELLED": "slurmstepd-n2: error: *** JOB 7 ON n2 CANCELLED AT 2026-11-26T05:54:02 ***\n",
}


@pytest.mark.parametrize("word", LOGS)
def test_a_clusters_log_tells_how_it_ended_a_job_where_its_status_does_not(tmp_path, word):
    log = tmp_path / "7.log"
    log.write_text("chatter\n" * 5000 + LOGS[word] + "chatter\n" * 20)
    failed = "SLURM-job '7' failed, SLURM status is: 'FAILED'. "
    assert cluster.ended(failed, str(log)) == cluster.ended(None, str(log)) == word
    assert cluster.reason(word, "localize", "", {}).startswith(f"{word}: ")


@pytest.mark.parametrize("word", cluster.WORDS)
def test_a_clusters_status_is_its_word(word):
    assert cluster.ended(f"SLURM-job '7' failed, SLURM status is: '{word}'. Reason: None.", "") == word


def test_a_job_that_ended_by_itself_has_no_word_of_the_cluster(tmp_path):
    log = tmp_path / "7.log"
    log.write_text("predict net: ResourceExhaustedError: Out of memory while trying to allocate 9 bytes on the card.\n")
    assert cluster.ended("SLURM-job '7' failed, SLURM status is: 'FAILED'. ", str(log)) is None
    assert cluster.ended(None, str(tmp_path / "8.log")) is None


def test_only_a_sharded_job_is_made_smaller_by_smaller_shards():
    asked = {"mem_mb": 8000, "runtime": 240}
    line = cluster.reason("OUT_OF_MEMORY", "predict", "000000-000999", asked)
    assert "more memory than its 8000 MB" in line and "predict: {mem_mb: 16000}" in line and "shard_size" in line
    assert "shard_size" not in cluster.reason("OUT_OF_MEMORY", "train", "", asked)
