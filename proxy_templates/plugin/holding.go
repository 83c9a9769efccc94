// Package holding answers every request with one fixed page.
package holding

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A client that is still sending when it is answered may lose the answer to the reset that follows it:
// so much of a request is read before the answer.
const mostToRead = 64 << 20

// Config is one page. Page is HTML; Message says the same in a sentence, for clients that ask for JSON.
type Config struct {
	Status     int    `json:"status,omitempty"`
	RetryAfter int    `json:"retryAfter,omitempty"`
	Page       string `json:"page,omitempty"`
	Message    string `json:"message,omitempty"`
}

// CreateConfig returns the defaults.
func CreateConfig() *Config {
	return &Config{Status: http.StatusServiceUnavailable}
}

type holding struct {
	status     int
	retryAfter string
	page       []byte
	message    []byte
}

// New prepares both bodies once.
func New(_ context.Context, _ http.Handler, config *Config, _ string) (http.Handler, error) {
	message, err := json.Marshal(map[string]interface{}{"status": config.Status, "message": config.Message})
	if err != nil {
		return nil, err
	}
	retryAfter := ""
	if config.RetryAfter > 0 {
		retryAfter = strconv.Itoa(config.RetryAfter)
	}
	return &holding{config.Status, retryAfter, []byte(config.Page), message}, nil
}

func (h *holding) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, contentType := h.page, "text/html; charset=utf-8"
	if prefersJSON(r.Header.Get("Accept")) {
		body, contentType = h.message, "application/json"
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	if h.retryAfter != "" {
		header.Set("Retry-After", h.retryAfter)
	}
	// Who asks whether to send anything is told by the answer.
	if r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, r.Body, mostToRead)
	}
	w.WriteHeader(h.status)
	_, _ = w.Write(body)
}

// prefersJSON is true when JSON is named before HTML, or HTML not at all.
func prefersJSON(accept string) bool {
	jsonAt, htmlAt := strings.Index(accept, "json"), strings.Index(accept, "text/html")
	return jsonAt >= 0 && (htmlAt < 0 || jsonAt < htmlAt)
}
