// A contender of memmap's bench (contender.js): Go's prometheus/procfs. For each line on standard input it reads
// ROOT/PID/maps once, and answers with the number of regions, the ns that it took, and those spent waiting. It has no
// reader that lists smaps.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

func main() {
	runtime.LockOSThread() // waitedFor is about one thread
	fs, err := procfs.NewFS(os.Args[1])
	check(err)
	pid, err := strconv.Atoi(os.Args[2])
	check(err)
	proc, err := fs.Proc(pid)
	check(err)
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		waited := waitedFor()
		begin := time.Now()
		list, err := proc.ProcMaps()
		ns := time.Since(begin).Nanoseconds()
		check(err)
		fmt.Println(len(list), ns, waitedFor()-waited)
	}
}

func waitedFor() int64 {
	text, err := os.ReadFile("/proc/thread-self/schedstat")
	check(err)
	ns, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	check(err)
	return ns
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
