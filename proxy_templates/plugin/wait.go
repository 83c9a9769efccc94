package wharf

import (
	"net/http"
	"sync"
	"time"
)

// Every waiting request is a connection and some memory, which a flood shall not take from everybody else.
const mostWaiting = 2000

// Wait holds requests until a middleware of the same name that releases is loaded, or else answers with a page.
type Wait struct {
	Seconds     int   `json:"seconds,omitempty"`
	MostWaiting int   `json:"mostWaiting,omitempty"`
	Page        *Page `json:"page,omitempty"`
}

// gate is where the requests of one router wait. Documents come and go while they do.
type gate struct {
	opened  chan struct{}
	next    http.Handler // where to go on, once it is open
	waiting int
}

// All middlewares are one program to the interpreter, which share these.
var (
	mutex   sync.Mutex
	gates   = map[string]*gate{}
	waiting int
)

type waitingRoom struct {
	gate    *gate
	page    *page
	seconds time.Duration
	most    int
}

func newWaiting(config *Wait, name string) (*waitingRoom, error) {
	page, err := newPage(config.Page)
	if err != nil {
		return nil, err
	}
	mutex.Lock()
	defer mutex.Unlock()
	if gates[name] == nil {
		gates[name] = &gate{opened: make(chan struct{})}
	}
	return &waitingRoom{gates[name], page, time.Duration(config.Seconds) * time.Second, config.MostWaiting}, nil
}

// release opens the gate of this name, if anything waits there, for good: the next maintenance has another one.
func release(name string, next http.Handler) {
	mutex.Lock()
	defer mutex.Unlock()
	if found := gates[name]; found != nil {
		found.next = next
		close(found.opened)
		delete(gates, name)
	}
}

func (h *waitingRoom) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.enter() {
		h.page.ServeHTTP(w, r)
		return
	}
	timer := time.NewTimer(h.seconds)
	defer timer.Stop()
	select {
	case <-h.gate.opened:
		h.leave()
		h.gate.next.ServeHTTP(w, r)
	case <-timer.C:
		h.leave()
		h.page.ServeHTTP(w, r)
	case <-r.Context().Done():
		h.leave()
	}
}

func (h *waitingRoom) enter() bool {
	mutex.Lock()
	defer mutex.Unlock()
	if h.gate.waiting >= h.most || waiting >= mostWaiting {
		return false
	}
	h.gate.waiting++
	waiting++
	return true
}

func (h *waitingRoom) leave() {
	mutex.Lock()
	defer mutex.Unlock()
	h.gate.waiting--
	waiting--
}
