// Parses heap profiles with google/pprof, as `go tool pprof` does, and prints the mean CPU time in ns for each.
package main

import (
	"bytes"
	"fmt"
	"os"
	"syscall"

	"github.com/google/pprof/profile"
)

func cpuNanos() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	for _, path := range os.Args[1:] {
		data, err := os.ReadFile(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		rounds := 3 + (16<<20)/(len(data)*20)
		var spent int64
		for i := 0; i <= rounds; i++ { // the garbage of one round is collected in another: only the mean is fair
			if i == 1 {
				spent = -cpuNanos()
			}
			if _, err := profile.Parse(bytes.NewReader(data)); err != nil {
				fmt.Fprintln(os.Stderr, path, err)
				os.Exit(1)
			}
		}
		fmt.Println((spent + cpuNanos()) / int64(rounds))
	}
}
