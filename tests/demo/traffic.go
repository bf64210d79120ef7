package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand"
	"net/http"
	"time"
)

// Traffic is what the shop's customers do, told by what it does to the heap.
type Traffic struct {
	LeakKiB         int // a second
	MappedKiB       int // a second
	CacheMiB        int
	CacheSeconds    int
	ChurnMiB        int // a second
	OrdersPerSecond int
}

// Start sends requests until the context ends; it returns at once.
func (t Traffic) Start(ctx context.Context, shop string) {
	perSecond := func(rate float64, address func() string) {
		if rate > 0 {
			go send(ctx, rate, func() string { return shop + address() })
		}
	}
	pictures := t.CacheMiB << 20 / thumbnailBytes
	perSecond(float64(t.LeakKiB<<10)/sessionBytes, func() string {
		return fmt.Sprintf("/login?user=%d", rand.Int())
	})
	perSecond(float64(t.MappedKiB<<10)/pageBytes, func() string {
		return fmt.Sprintf("/archive?document=%d", rand.Int())
	})
	// Of n pictures, drawn at random n/T times a second, 1 - e^(-t/T) have been seen after a time t.
	perSecond(float64(pictures)/float64(t.CacheSeconds), func() string {
		return fmt.Sprintf("/thumbnail?picture=%d", rand.Intn(pictures))
	})
	perSecond(float64(t.ChurnMiB<<20)/reportBytes, func() string { return "/report" })
	perSecond(float64(t.OrdersPerSecond), func() string {
		return fmt.Sprintf("/order?item=%d", rand.Int())
	})
}

// send keeps the rate over time: what a slow moment missed is made up for in the next one, up to a second's worth.
func send(ctx context.Context, perSecond float64, address func() string) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	last := time.Now()
	for due := 0.0; ; {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			due = math.Min(due+perSecond*now.Sub(last).Seconds(), math.Max(perSecond, 1))
			last = now
		}
		for ; due >= 1 && ctx.Err() == nil; due-- {
			get(ctx, address())
		}
	}
}

// A request that fails is a customer lost, not the end of the shop.
func get(ctx context.Context, address string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
}
