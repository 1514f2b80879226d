package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"postroom/web/session"
	"postroom/web/signon"
)

// sessions gives those who are signed in, by the configuration.
func (p *premises) sessions() *session.Sessions {
	return session.Open(p.journal, session.Config{
		Secure: p.cfg.Web.Secure(), Idle: p.cfg.Web.Idle, Lifetime: p.cfg.Web.Lifetime, Log: p.log,
		Version: version, ConfigDigest: p.cfg.Digest(),
		Actor: func(ctx context.Context, id string) string {
			u, err := p.people.User(ctx, id)
			if err != nil {
				return id
			}
			return u.Actor()
		},
	})
}

// provider gives the identity provider; nil when the configuration has none. What it must
// not be, or can't, is exit 3.
func (p *premises) provider(ctx context.Context) (*signon.Provider, error) {
	o := p.cfg.Web.OIDC
	if o == nil {
		return nil, nil
	}
	secret := ""
	if o.ClientSecretFile != "" {
		text, err := os.ReadFile(o.ClientSecretFile)
		if err != nil {
			return nil, exit{exitConfig, fmt.Errorf("web.oidc.client_secret_file: %w", err)}
		}
		if secret = strings.TrimSpace(string(text)); secret == "" {
			return nil, exit{exitConfig, fmt.Errorf("web.oidc.client_secret_file: %s is empty", o.ClientSecretFile)}
		}
	}
	provider, err := signon.New(ctx, signon.Config{
		Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: secret, RedirectURL: o.RedirectURL,
		RoleClaim: o.RoleClaim, Roles: o.Roles, GroupClaim: o.GroupClaim, Groups: o.Groups, Create: o.Create,
		ACR: o.ACR, AMR: o.AMR, MaxAge: o.MaxAge, Secure: p.cfg.Web.Secure(),
	})
	if err != nil {
		return nil, exit{exitConfig, fmt.Errorf("web.oidc: %w", err)}
	}
	return provider, nil
}
