package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	sessionBytes   = 16 << 10
	thumbnailBytes = 16 << 10
	reportBytes    = 4 << 20
	pageBytes      = 64 << 10
	orderBytes     = 24 << 10
	orderLife      = 10 * time.Second
)

var started = time.Now()

type Shop struct {
	sessions   Sessions
	thumbnails Thumbnails
	orders     Orders
	archive    Archive
	leakLimit  int
}

func NewShop(leakLimit int) *Shop {
	return &Shop{
		sessions:   Sessions{byID: make(map[int][]byte)},
		thumbnails: Thumbnails{byKey: make(map[int][]byte)},
		leakLimit:  leakLimit,
	}
}

func (s *Shop) Register(mux *http.ServeMux) {
	mux.HandleFunc("/login", s.handleLogin)
	mux.HandleFunc("/thumbnail", s.handleThumbnail)
	mux.HandleFunc("/report", s.handleReport)
	mux.HandleFunc("/order", s.handleOrder)
	mux.HandleFunc("/archive", s.handleArchive)
	mux.HandleFunc("/metrics", handleMetrics)
}

// Sessions is the leak: who logs in is remembered, and who leaves is not forgotten.
type Sessions struct {
	mutex sync.Mutex
	byID  map[int][]byte
}

// Remember returns how many bytes all sessions hold by now.
func (s *Sessions) Remember(user string) int {
	session := make([]byte, sessionBytes)
	copy(session, user)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.byID[len(s.byID)] = session
	return len(s.byID) * sessionBytes
}

func (s *Shop) handleLogin(w http.ResponseWriter, r *http.Request) {
	held := s.sessions.Remember(r.FormValue("user"))
	if held > s.leakLimit {
		log.Fatalf("%d MiB of sessions: the limit is reached, ending as an out-of-memory kill would", held>>20)
	}
	fmt.Fprintln(w, "welcome")
}

// Thumbnails is the cache: it grows until it has seen every picture once, and then stays as it is.
type Thumbnails struct {
	mutex sync.Mutex
	byKey map[int][]byte
}

func (t *Thumbnails) Get(key int) []byte {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	thumbnail, ok := t.byKey[key]
	if !ok {
		thumbnail = make([]byte, thumbnailBytes)
		t.byKey[key] = thumbnail
	}
	return thumbnail
}

func (s *Shop) handleThumbnail(w http.ResponseWriter, r *http.Request) {
	key, err := strconv.Atoi(r.FormValue("picture"))
	if err != nil {
		http.Error(w, "which picture?", http.StatusBadRequest)
		return
	}
	w.Write(s.thumbnails.Get(key))
}

// renderReport is the churner: a large buffer for every request, garbage as soon as it is answered.
func renderReport(title string) []byte {
	report := make([]byte, 0, reportBytes)
	for len(report)+len(title) < reportBytes/64 {
		report = append(report, title...)
	}
	return report
}

func (s *Shop) handleReport(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, len(renderReport("turnover by day ")))
}

// Orders is ordinary traffic: memory is taken and given back, and the amount held stays level.
type Orders struct {
	mutex sync.Mutex
	open  []order
}

type order struct {
	placed  time.Time
	details []byte
}

func (o *Orders) Place(details string) {
	placed := order{time.Now(), make([]byte, orderBytes)}
	copy(placed.details, details)
	o.mutex.Lock()
	defer o.mutex.Unlock()
	expired := 0
	for expired < len(o.open) && placed.placed.Sub(o.open[expired].placed) > orderLife {
		expired++
	}
	remaining := copy(o.open, o.open[expired:])
	for i := remaining; i < len(o.open); i++ {
		o.open[i] = order{}
	}
	o.open = append(o.open[:remaining], placed)
}

func (s *Shop) handleOrder(w http.ResponseWriter, r *http.Request) {
	s.orders.Place(r.FormValue("item"))
	fmt.Fprintln(w, "thank you")
}

// Archive is the leak outside the heap: memory straight from the system, which no heap profile shows.
type Archive struct {
	mutex sync.Mutex
	pages [][]byte
}

func (a *Archive) File(document string) error {
	page, err := syscall.Mmap(-1, 0, pageBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	for i := 0; i < pageBytes; i += os.Getpagesize() {
		copy(page[i:], document)
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.pages = append(a.pages, page)
	return nil
}

func (s *Shop) handleArchive(w http.ResponseWriter, r *http.Request) {
	if err := s.archive.File(r.FormValue("document")); err != nil {
		http.Error(w, err.Error(), http.StatusInsufficientStorage)
		return
	}
	fmt.Fprintln(w, "filed")
}

// What the process tells of itself, as Prometheus' client libraries do.
func handleMetrics(w http.ResponseWriter, r *http.Request) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	resident, _ := strconv.Atoi(strings.Fields(string(statm))[1])
	fmt.Fprintf(w, "process_resident_memory_bytes %d\n", resident*os.Getpagesize())
	fmt.Fprintf(w, "process_start_time_seconds %d\n", started.Unix())
	fmt.Fprintf(w, "go_gc_gomemlimit_bytes %d\n", debug.SetMemoryLimit(-1))
}
