package wharf

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A client that is still sending when it is answered may lose the answer to the reset that follows it:
// so much of a request is read before the answer.
const mostToRead = 64 << 20

// Page is one fixed answer. HTML is the page; Message says the same in a sentence, for clients that ask for JSON.
type Page struct {
	Status     int    `json:"status,omitempty"`
	RetryAfter int    `json:"retryAfter,omitempty"`
	HTML       string `json:"html,omitempty"`
	Message    string `json:"message,omitempty"`
}

type page struct {
	status     int
	retryAfter string
	html       []byte
	message    []byte
}

// newPage prepares both bodies once.
func newPage(config *Page) (*page, error) {
	message, err := json.Marshal(map[string]interface{}{"status": config.Status, "message": config.Message})
	if err != nil {
		return nil, err
	}
	retryAfter := ""
	if config.RetryAfter > 0 {
		retryAfter = strconv.Itoa(config.RetryAfter)
	}
	return &page{config.Status, retryAfter, []byte(config.HTML), message}, nil
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, contentType := p.html, "text/html; charset=utf-8"
	if prefersJSON(r.Header.Get("Accept")) {
		body, contentType = p.message, "application/json"
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	if p.retryAfter != "" {
		header.Set("Retry-After", p.retryAfter)
	}
	readOn(r)
	w.WriteHeader(p.status)
	_, _ = w.Write(body)
}

// prefersJSON is true when JSON is named before HTML, or HTML not at all.
func prefersJSON(accept string) bool {
	jsonAt, htmlAt := strings.Index(accept, "json"), strings.Index(accept, "text/html")
	return jsonAt >= 0 && (htmlAt < 0 || jsonAt < htmlAt)
}

// readOn takes in what a client still sends. Who asks whether to send anything is told by the answer.
func readOn(r *http.Request) {
	if r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, r.Body, mostToRead)
	}
}
