# A contender of memmap's bench (contender.js): Python's psutil. For each line on standard input it reads ROOT/PID/smaps
# once, and answers with the number of regions, the ns that it took, and those spent waiting. (It can't read maps.)
import sys
import time

import psutil


def waited_for():
    with open("/proc/thread-self/schedstat") as file:
        return int(file.read().split()[1])


psutil.PROCFS_PATH = sys.argv[1]
process = psutil.Process(int(sys.argv[2]))
for _ in sys.stdin:
    waited = waited_for()
    begin = time.perf_counter_ns()
    regions = process.memory_maps(grouped=False)
    ns = time.perf_counter_ns() - begin
    print(len(regions), ns, waited_for() - waited, flush=True)
