// Shop is a small service for Heapwatch to watch. It serves real requests over HTTP, sends them to itself so that
// something happens, and lets its heap profile be read at /debug/pprof/heap as any Go service does. What each part does
// to the heap stands beside it in shop.go. The standard library is all it uses.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(log.Ltime)
	log.SetPrefix("shop: ")
	var traffic Traffic
	listen := flag.String("listen", "127.0.0.1:6060", "address to serve on, and to send traffic to")
	leakLimit := flag.Int("leak-limit-mib", 2048, "end the process once this much has leaked, as a memory limit would")
	flag.IntVar(&traffic.LeakKiB, "leak-kib-per-second", 256, "growth of the sessions that nobody removes; 0: none")
	flag.IntVar(&traffic.MappedKiB, "mapped-kib-per-second", 0, "growth outside the heap: pages mapped from the system and never given back")
	flag.IntVar(&traffic.CacheMiB, "cache-mib", 64, "size of the cache of thumbnails once it is full; 0: no cache")
	flag.IntVar(&traffic.CacheSeconds, "cache-seconds", 40, "time constant with which the cache fills up")
	flag.IntVar(&traffic.ChurnMiB, "churn-mib-per-second", 200, "memory that reports allocate and drop at once; 0: no reports")
	flag.IntVar(&traffic.OrdersPerSecond, "orders-per-second", 50, "ordinary requests, forgotten after ten seconds")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "shop: %q is not understood; shop -help lists the flags\n", flag.Arg(0))
		os.Exit(2)
	}

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatalf("cannot serve on %s: %v; choose another address with -listen", *listen, err)
	}
	shop := NewShop(*leakLimit << 20)
	shop.Register(http.DefaultServeMux)
	server := &http.Server{}
	go func() {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	log.Printf("serving; heap profile at http://%s/debug/pprof/heap", listener.Addr())

	stopping, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	traffic.Start(stopping, "http://"+listener.Addr().String())
	<-stopping.Done()
	closing, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	server.Shutdown(closing)
}
