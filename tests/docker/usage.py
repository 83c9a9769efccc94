"""What a process takes of the machine."""

import os
import re
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """Processor time since the process began."""
    # After the name, which may hold anything but ")" at its end: fields 14 and 15 of proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def private_mib(pid: int) -> float:
    """Memory that only this process holds."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kib) for kib in re.findall(r"^Private_\w+: +(\d+) kB", rollup, re.MULTILINE)) / 1024
