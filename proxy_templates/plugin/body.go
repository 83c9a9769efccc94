package wharf

import (
	"errors"
	"io"
	"net/http"
	"strconv"
)

var errTooLarge = errors.New("the body of the request is too large")

const tooLarge = "The body of this request is too large.\n"

// Body is a limit. What is within it passes as it comes: nothing is held back.
type Body struct {
	MostBytes int64 `json:"mostBytes,omitempty"`
}

type body struct {
	next      http.Handler
	mostBytes int64
}

// ServeHTTP answers 413 at once to a length that is too large, and to an unknown one as soon as it becomes so.
func (b *body) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > b.mostBytes {
		readOn(r)
		refuse(w)
		return
	}
	if r.ContentLength >= 0 {
		b.next.ServeHTTP(w, r)
		return
	}
	counted := &countedBody{body: r.Body, left: b.mostBytes}
	r.Body = counted
	b.next.ServeHTTP(&refusingWriter{writer: w, body: counted}, r)
}

func refuse(w http.ResponseWriter) {
	header := w.Header()
	header.Del("Content-Encoding")
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(tooLarge)))
	header.Set("Connection", "close")
	w.WriteHeader(http.StatusRequestEntityTooLarge)
	_, _ = io.WriteString(w, tooLarge)
}

// countedBody ends with an error where there is more than may be left.
type countedBody struct {
	body     io.ReadCloser
	left     int64
	exceeded bool
}

func (c *countedBody) Read(into []byte) (int, error) {
	count, err := c.body.Read(into)
	c.left -= int64(count)
	if c.left < 0 {
		c.exceeded = true
		return 0, errTooLarge
	}
	return count, err
}

func (c *countedBody) Close() error {
	return c.body.Close()
}

// refusingWriter turns the failure that follows upon such an error into 413. Interpreted code cannot pass on that
// the writer can flush: so it flushes after each piece, as for a stream.
type refusingWriter struct {
	writer  http.ResponseWriter
	body    *countedBody
	refused bool
}

func (w *refusingWriter) Header() http.Header {
	return w.writer.Header()
}

func (w *refusingWriter) WriteHeader(status int) {
	if w.body.exceeded && status >= http.StatusInternalServerError {
		w.refused = true
		refuse(w.writer)
		return
	}
	w.writer.WriteHeader(status)
	w.flush()
}

func (w *refusingWriter) Write(content []byte) (int, error) {
	if w.refused {
		return len(content), nil
	}
	count, err := w.writer.Write(content)
	w.flush()
	return count, err
}

func (w *refusingWriter) flush() {
	if flusher, ok := w.writer.(http.Flusher); ok {
		flusher.Flush()
	}
}
