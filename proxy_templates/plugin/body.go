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
		refuse(w)
		readOn(r)
		return
	}
	if r.ContentLength >= 0 {
		b.next.ServeHTTP(w, r)
		return
	}
	counted := &countedBody{body: r.Body, left: b.mostBytes}
	r.Body = counted
	answer := &refusingWriter{writer: w, body: counted}
	b.next.ServeHTTP(answer, r)
	if answer.refused {
		_, _ = io.CopyN(io.Discard, counted.body, mostToRead)
	}
}

func refuse(w http.ResponseWriter) {
	header := w.Header()
	header.Del("Content-Encoding")
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(tooLarge)))
	header.Set("Connection", "close")
	w.WriteHeader(http.StatusRequestEntityTooLarge)
	_, _ = io.WriteString(w, tooLarge)
	flush(w)
}

func flush(w http.ResponseWriter) {
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
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

// Close leaves a body open of which there is more to come: it is read to the end once it has been refused.
func (c *countedBody) Close() error {
	if c.exceeded {
		return nil
	}
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
	flush(w.writer)
}

func (w *refusingWriter) Write(content []byte) (int, error) {
	if w.refused {
		return len(content), nil
	}
	count, err := w.writer.Write(content)
	flush(w.writer)
	return count, err
}
