"""A private SLURM on this machine, for tests: its own daemons, key and ports, two nodes, GPUs that count.

    with run_cluster(folder) as cluster:
        subprocess.run(["squeue"], env=cluster.environment)

SLURM schedules, limits and kills for real; only the devices are stand-ins (names for /dev/null). Needs
the programs of Debian's packages slurmctld, slurmd, slurm-client and munge, and no privilege. All that
it starts ends with the block, jobs that are left first; a test that is killed takes the daemons with it.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
NODES, GPUS_A_NODE = ("node1", "node2"), 2
ALL_GPUS = len(NODES) * GPUS_A_NODE
# Other names than those of profiles/slurm: a site has its own.
CPU_PARTITION, GPU_PARTITION = "batch", "accel"
SYSTEM_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"

# MinJobAge: squeue is asked how jobs ended, so it must know those of the last hour.
# OverMemoryKill: without control groups, which need root, memory is watched and not fenced off.
CONFIGURATION = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=5
KillWait=5
MinJobAge=3600
JobRequeue=0
DefMemPerCPU=500
GresTypes=gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
"""


@dataclass(frozen=True)
class Cluster:
    """A SLURM that is up. environment: for processes that are to use it."""

    folder: Path
    environment: dict[str, str]

    def ask(self, *command: str) -> str:
        """Return what a command of SLURM prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return done.stdout

    def list_jobs(self) -> list[dict[str, str]]:
        """Return what SLURM knows of every job: `id state start end node partition gpus mem minutes rule`.

        start, end: ISO times; gpus: count, "0" without; mem: as asked for, like 1000M; rule: what the
        executor says that the job is.
        """
        fields = {
            "id": "JobID",
            "state": "State",
            "start": "StartTime",
            "end": "EndTime",
            "node": "NodeList",
            "partition": "Partition",
            "tres": "tres-per-job",
            "mem": "MinMemory",
            "minutes": "TimeLimit",
            "rule": "Comment",
        }
        width = 200
        wanted = ",".join(f"{field}:{width}" for field in fields.values())
        jobs = []
        for line in self.ask("squeue", "--noheader", "--states=all", "-O", wanted).splitlines():
            cells = [line[at : at + width].strip() for at in range(0, width * len(fields), width)]
            job = dict(zip(fields, cells, strict=True))
            job["gpus"] = job.pop("tres").rpartition(":")[2] if "gpu" in job["tres"] else "0"
            jobs.append(job)
        return jobs

    def let_time_run_out(self, job: str) -> None:
        """Cut a running job's limit to a minute: SLURM ends it as it ends any job beyond its time."""
        self.ask("scontrol", "update", f"JobId={job}", "TimeLimit=1")

    def wait_for(self, is_so: Callable[[], object], seconds: float = 300) -> None:
        """Wait until something is so; TimeoutError with the daemons' last words."""
        _wait_for(is_so, seconds, self.folder)


def find_lack() -> str | None:
    """Return why no cluster can be brought up here; None when one can."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=SYSTEM_PATH) is None]
    if not missing:
        return None
    return f"no SLURM here ({', '.join(missing)}): apt-get install slurmctld slurmd slurm-client munge"


@contextmanager
def run_cluster(folder: Path) -> Iterator[Cluster]:
    """Bring up a SLURM that lives in `folder`, and yield it; end it whatever happens in the block."""
    folder = folder.resolve()
    cluster = Cluster(folder, _configure(folder))
    daemons: list[subprocess.Popen] = []
    known = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        for daemon in _start(cluster):
            daemons.append(daemon)
        yield cluster
    finally:
        _stop(cluster, daemons)
        signal.signal(signal.SIGTERM, known)


def _configure(folder: Path) -> dict[str, str]:
    """Write configuration, key, devices and client programs; return the environment of clients."""
    for name in ("state", "spool", "devices", "bin"):
        (folder / name).mkdir(parents=True)
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)  # munged takes no other
    host, user = socket.gethostname().split(".")[0], psutil.Process().username()
    ports = _find_ports(1 + len(NODES))
    lines = [CONFIGURATION.format(folder=folder, host=host, user=user, ports=ports)]
    gres = []
    for number, (node, port) in enumerate(zip(NODES, ports[1:], strict=True)):
        # CPUs and memory are what jobs may ask for, not what this machine has.
        lines.append(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=16 Boards=1"
            f" SocketsPerBoard=1 CoresPerSocket=16 ThreadsPerCore=1 RealMemory=128000"
            f" Gres=gpu:toy:{GPUS_A_NODE} State=UNKNOWN\n"
        )
        for gpu in range(GPUS_A_NODE):
            # SLURM tells a job its devices only when their files are devices; a link to one will do.
            device = folder / "devices" / f"{number}-{gpu}"
            device.symlink_to("/dev/null")
            gres.append(f"NodeName={node} Name=gpu Type=toy File={device}\n")
    for partition in (CPU_PARTITION, GPU_PARTITION):
        lines.append(f"PartitionName={partition} Nodes=ALL MaxTime=INFINITE DefaultTime=60 State=UP\n")
    configuration = folder / "slurm.conf"
    configuration.write_text("".join(lines))
    (folder / "gres.conf").write_text("".join(gres))
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    # Inside a job the executor drops SLURM_CONF before it calls srun; PATH it keeps.
    for name in ("srun", "sbatch", "squeue", "scancel", "scontrol", "sinfo", "sacct", "sacctmgr", "sshare"):
        if program := shutil.which(name, path=SYSTEM_PATH):
            client = folder / "bin" / name
            client.write_text(f'#!/bin/sh\nSLURM_CONF={configuration} exec {program} "$@"\n')
            client.chmod(0o755)
    known = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    return known | {"SLURM_CONF": str(configuration), "PATH": f"{folder}/bin:{SYSTEM_PATH}"}


def _find_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _start(cluster: Cluster) -> Iterator[subprocess.Popen]:
    """Start the daemons in the foreground, each a child of this process, and yield each.

    munged is forced to take a folder that only this user may enter, as those of tests are.
    """
    folder = cluster.folder
    files = {"socket": "socket", "key-file": "key", "log-file": "log", "pid-file": "pid", "seed-file": "seed"}
    munge = [f"--{name}={folder}/munge.{file}" for name, file in files.items()]
    commands = [
        ["munged", "--foreground", "--force", *munge],
        ["slurmctld", "-D", "-f", f"{folder}/slurm.conf"],
        *(["slurmd", "-D", "-f", f"{folder}/slurm.conf", "-N", node] for node in NODES),
    ]
    for command in commands:
        with open(folder / f"{command[0]}.said", "a") as said:
            yield subprocess.Popen(
                command,
                env=cluster.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,  # a terminal's Ctrl-C is for the test, which then ends them
                preexec_fn=_die_with_parent,
            )
        if command[0] == "munged":
            _wait_for((folder / "munge.socket").exists, 60, folder)
    _wait_for(lambda: _is_ready(cluster), 60, folder)


def _die_with_parent() -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _is_ready(cluster: Cluster) -> bool:
    asked = subprocess.run(
        ["sinfo", "--noheader", "--Node", "--format=%N %T"],
        env=cluster.environment,
        capture_output=True,
        text=True,
    )
    states = dict(line.split() for line in asked.stdout.splitlines())
    return asked.returncode == 0 and states == dict.fromkeys(NODES, "idle")


def _stop(cluster: Cluster, daemons: list[subprocess.Popen]) -> None:
    with suppress(subprocess.SubprocessError, OSError, TimeoutError):
        user = psutil.Process().username()
        subprocess.run(["scancel", "--user", user], env=cluster.environment, timeout=20, capture_output=True)
        cluster.wait_for(lambda: not cluster.ask("squeue", "--noheader").strip(), 30)
    for daemon in reversed(daemons):
        daemon.terminate()
    for daemon in daemons:
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    # What a job left behind when its parent died first: its environment names this cluster.
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            theirs = process.environ()
            if "SLURM_JOB_ID" in theirs and f"{cluster.folder}/bin" in theirs.get("PATH", "").split(":"):
                process.kill()


def _wait_for(is_so: Callable[[], object], seconds: float, folder: Path) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > ends:
            tails = [f"{log.name}: {log.read_text()[-800:]}" for log in sorted(folder.glob("*.said"))]
            raise TimeoutError(f"not so within {seconds:.0f} s\n" + "\n".join(tails))
        time.sleep(0.5)
