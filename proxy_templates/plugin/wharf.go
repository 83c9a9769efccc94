// Package wharf does what Traefik has no middleware for: pages, redirects, a limit for bodies, and waiting.
package wharf

import (
	"context"
	"errors"
	"net/http"
)

// Config says what one middleware does; exactly one part of it is given.
type Config struct {
	Page     *Page     `json:"page,omitempty"`
	Redirect *Redirect `json:"redirect,omitempty"`
	Body     *Body     `json:"body,omitempty"`
	Wait     *Wait     `json:"wait,omitempty"`
	Release  bool      `json:"release,omitempty"`
}

// CreateConfig returns the defaults.
func CreateConfig() *Config {
	return &Config{}
}

// New is called for every router that has the middleware, each time that a document is loaded.
func New(_ context.Context, next http.Handler, config *Config, name string) (http.Handler, error) {
	switch {
	case config.Page != nil:
		return newPage(config.Page)
	case config.Redirect != nil:
		return &redirect{config.Redirect.To}, nil
	case config.Body != nil:
		return &body{next, config.Body.MostBytes}, nil
	case config.Wait != nil:
		return newWaiting(config.Wait, name)
	case config.Release:
		release(name, next)
		return next, nil
	}
	return nil, errors.New("one of page, redirect, body, wait and release is needed")
}
