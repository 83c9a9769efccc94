package wharf

import (
	"net/http"
	"strings"
)

// Redirect is one permanent redirect. To is a scheme, a host and perhaps a port; "*" in it is the host asked for.
type Redirect struct {
	To string `json:"to,omitempty"`
}

type redirect struct {
	to string
}

// ServeHTTP answers 308, also to GET, for which Traefik's own redirects have 301: one answer for all methods.
func (d *redirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := hostOf(r)
	readOn(r)
	if host == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	target := r.URL.EscapedPath()
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		target += "?" + r.URL.RawQuery
	}
	header := w.Header()
	header.Set("Location", strings.Replace(d.to, "*", host, 1)+target)
	header.Set("Content-Length", "0")
	// For ever is what browsers keep it otherwise, whatever becomes of the domain.
	header.Set("Cache-Control", "max-age=3600")
	w.WriteHeader(http.StatusPermanentRedirect)
}

// hostOf is the name that was asked for, without its port; "" if it is none.
func hostOf(r *http.Request) string {
	host := strings.ToLower(r.Host)
	if at := strings.IndexByte(host, ':'); at >= 0 {
		host = host[:at]
	}
	host = strings.TrimSuffix(host, ".")
	if strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
		return ""
	}
	return host
}
