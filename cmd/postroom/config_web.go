package main

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"postroom/web/access"
)

// Web is where the desk listens, and who may come. What is zero is left out of the
// settings, so that the digest of a configuration without it is that of before.
type Web struct {
	Listen      string
	TLS         *WebTLS       `json:",omitempty"`
	BehindProxy bool          `json:",omitzero"` // a proxy speaks TLS with the browsers
	PublicURL   string        `json:",omitzero"` // what the browsers call the desk
	Idle        time.Duration `json:",omitzero"` // 0 = 15 min
	Lifetime    time.Duration `json:",omitzero"` // 0 = 8 h
	OIDC        *WebOIDC      `json:",omitempty"`
	Pictures    int64         `json:",omitzero"`  // bytes of pages' pictures that are kept on the disk; 0 = 1 GB
	Metrics     string        `json:",omitempty"` // where the metrics are told; "" = nowhere
}

// kept is how many bytes of pictures are kept.
func (w Web) kept() int64 {
	if w.Pictures == 0 {
		return 1e9
	}
	return w.Pictures
}

// WebTLS is a certificate with its chain and its key, PEM files.
type WebTLS struct{ Certificate, Key string }

// WebOIDC is an identity provider; see signon.Config.
type WebOIDC struct {
	Issuer, ClientID, ClientSecretFile, RedirectURL string

	RoleClaim  string                 `json:",omitzero"`
	Roles      map[string]access.Role `json:",omitempty"`
	GroupClaim string                 `json:",omitzero"`
	Groups     map[string]string      `json:",omitempty"`
	Create     bool                   `json:",omitzero"`
	ACR, AMR   []string               `json:",omitempty"`
	MaxAge     time.Duration          `json:",omitzero"`
}

// defaultLifetime is that of sessions where none is given.
const defaultLifetime = 8 * time.Hour

// Secure tells that the browsers reach the desk over TLS.
func (w Web) Secure() bool {
	return w.TLS != nil || w.BehindProxy || strings.HasPrefix(w.PublicURL, "https://")
}

// exposed tells why the desk must not be listened for like that; "" = it may. Passwords
// and letters go over the wire.
func (w Web) exposed() string {
	host, _, _ := cutLast(w.Listen, ":")
	host = strings.Trim(host, "[]")
	if host == "localhost" || net.ParseIP(host).IsLoopback() || w.TLS != nil || w.BehindProxy {
		return ""
	}
	return fmt.Sprintf("web.listen: %s can be reached from other machines, which need TLS: give web.tls a certificate and a key, "+
		"or say web.behind_proxy: true when only a proxy that speaks TLS reaches it, or listen on 127.0.0.1", w.Listen)
}

func (r *configReader) web(n *yaml.Node, w *Web) {
	var idle *yaml.Node
	r.mapping(n, fields{
		"listen": func(n *yaml.Node) { w.Listen = r.address(n) },
		"tls": func(n *yaml.Node) {
			w.TLS = &WebTLS{}
			r.mapping(n, fields{
				"certificate": func(n *yaml.Node) { w.TLS.Certificate = r.path(n) },
				"key":         func(n *yaml.Node) { w.TLS.Key = r.path(n) },
			}, "certificate", "key")
		},
		"behind_proxy": func(n *yaml.Node) { w.BehindProxy = r.yes(n) },
		"public_url":   func(n *yaml.Node) { w.PublicURL = r.url(n) },
		"idle":         func(n *yaml.Node) { idle, w.Idle = n, r.duration(n, time.Minute) },
		"lifetime":     func(n *yaml.Node) { w.Lifetime = r.duration(n, time.Minute) },
		"oidc":         func(n *yaml.Node) { w.OIDC = r.oidc(n) },
		"pictures":     func(n *yaml.Node) { w.Pictures = r.size(n, "B", 1e13) },
		"metrics":      func(n *yaml.Node) { w.Metrics = r.address(n) },
	})
	if most := w.Lifetime; idle != nil && (most != 0 && w.Idle > most || most == 0 && w.Idle > defaultLifetime) {
		r.bad(idle, "idle: %v is longer than lifetime", w.Idle)
	}
}

// url reads an address that browsers and providers can be given: nobody on the way reads along.
func (r *configReader) url(n *yaml.Node) string {
	text := r.text(n)
	u, err := url.Parse(text)
	here := err == nil && u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
	if text != "" && (err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.RawQuery != "" || u.Scheme != "https" && !here) {
		r.bad(n, "%q is not possible here; an address such as https://post.town.example is needed (http on this machine only)", text)
	}
	return text
}

func (r *configReader) oidc(n *yaml.Node) *WebOIDC {
	o := &WebOIDC{}
	var roles, groups *yaml.Node
	list := func(to *[]string) func(*yaml.Node) {
		return func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { *to = append(*to, r.text(n)) }) }
	}
	r.mapping(n, fields{
		"issuer":             func(n *yaml.Node) { o.Issuer = r.url(n) },
		"client_id":          func(n *yaml.Node) { o.ClientID = r.text(n) },
		"client_secret_file": func(n *yaml.Node) { o.ClientSecretFile = r.path(n) },
		"redirect_url":       func(n *yaml.Node) { o.RedirectURL = r.url(n) },
		"role_claim":         func(n *yaml.Node) { o.RoleClaim = r.text(n) },
		"roles": func(n *yaml.Node) {
			roles, o.Roles = n, map[string]access.Role{}
			r.pairs(n, func(key string, n *yaml.Node) { o.Roles[key] = access.Role(r.choice(n, roleNames()...)) })
		},
		"group_claim": func(n *yaml.Node) { o.GroupClaim = r.text(n) },
		"groups": func(n *yaml.Node) {
			groups, o.Groups = n, map[string]string{}
			r.pairs(n, func(key string, n *yaml.Node) { o.Groups[key] = r.text(n) })
		},
		"create":  func(n *yaml.Node) { o.Create = r.yes(n) },
		"acr":     list(&o.ACR),
		"amr":     list(&o.AMR),
		"max_age": func(n *yaml.Node) { o.MaxAge = r.duration(n, time.Minute) },
	}, "issuer", "client_id", "redirect_url")
	if (roles == nil) != (o.RoleClaim == "") {
		r.bad(n, "role_claim and roles belong together: the claim, and what its values mean here")
	}
	if (groups == nil) != (o.GroupClaim == "") {
		r.bad(n, "group_claim and groups belong together: the claim, and what its values mean here")
	}
	return o
}

// pairs visits a mapping whose keys are the administration's own.
func (r *configReader) pairs(n *yaml.Node, visit func(key string, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.bad(n, "a mapping is needed here: {value: what it means}")
		return
	}
	var seen []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || value.Kind == yaml.AliasNode:
			r.bad(key, "aliases and lists are not allowed here; write a text out")
		case slices.Contains(seen, key.Value):
			r.bad(key, "the key %q stands twice", key.Value)
		default:
			visit(key.Value, value)
		}
		seen = append(seen, key.Value)
	}
}

func roleNames() (names []string) {
	for _, r := range access.Roles() {
		names = append(names, string(r))
	}
	return names
}
