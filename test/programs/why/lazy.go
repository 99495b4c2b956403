// Go memory that is given back lazily: 256 MiB of garbage, with GODEBUG=madvdontneed=0.
package main

import (
	"fmt"
	"runtime/debug"
	"time"
)

func main() {
	block := make([]byte, 256<<20)
	for i := range block {
		block[i] = 1
	}
	block = nil
	debug.FreeOSMemory()
	fmt.Println("ready")
	time.Sleep(1000 * time.Second)
	fmt.Println(len(block))
}
