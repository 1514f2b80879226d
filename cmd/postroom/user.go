package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"postroom/web/access"
)

func userCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "user",
		Short: "List, add and change who may use the desk",
		Long: `Who may use the desk in the browser has a user here, with roles:

  operator       intake, and what waits for a person
  supervisor     an operator who also decides what is handed up
  caseworker     the letters that his groups see (see: postroom group)
  auditor        the log and its proofs
  administrator  users, groups, sessions; no letters

There is no user at first; make the first administrator with user add. Whoever can
run these commands (the owner of the data folder) needs no user for them. Each change
is an entry of the log, with the uid of who made it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(userListCommand(), userAddCommand(), userPasswdCommand(), userRolesCommand(),
		userSwitchCommand("disable", "Have a user not sign in any more, and end his sessions at once", opUserDisable),
		userSwitchCommand("enable", "Have a disabled user sign in again", opUserEnable))
	return c
}

// accounting makes the flags and the run function of a command about users or groups;
// before completes the order from flags that are there by then.
func accounting(c *cobra.Command, op string, a *account, before func(c *cobra.Command) error) *cobra.Command {
	c.ValidArgsFunction = cobra.NoFileCompletions
	c = ordering(c, &order{Op: op, Account: a})
	carryOut := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			a.Who = args[0]
		}
		if config, err := c.Flags().GetString("config"); err == nil && config == "" {
			return usage("--config FILE is needed (an example is in README.md)") // before a password is asked for
		}
		if before != nil {
			if err := before(c); err != nil {
				return err
			}
		}
		return carryOut(c, args)
	}
	return c
}

func userListCommand() *cobra.Command {
	return accounting(&cobra.Command{Use: "list", Short: "List the users", Args: cobra.NoArgs}, opUsers, &account{}, nil)
}

// rights adds the flags for roles and groups.
func rights(c *cobra.Command, a *account, roles *[]string) {
	c.Flags().StringArrayVar(roles, "role", nil, "a `role`: "+strings.Join(roleNames(), ", ")+" (again for more)")
	c.Flags().StringArrayVar(&a.Groups, "group", nil, "a group's `name` (again for more)")
}

func asRoles(c *cobra.Command, names []string) (roles []access.Role, err error) {
	for _, n := range names {
		if !slices.Contains(roleNames(), n) {
			return nil, usage("%q is no role; allowed: %s (see: %s --help)", n, strings.Join(roleNames(), ", "), c.CommandPath())
		}
		roles = append(roles, access.Role(n))
	}
	return roles, nil
}

const passwordHelp = `The password is asked for twice on a terminal; elsewhere it is the first line of
--password-file or of stdin. It has at least 12 characters, and is none of those that
are tried first.`

func userAddCommand() *cobra.Command {
	a, file, roles := &account{}, "", []string(nil)
	c := accounting(&cobra.Command{
		Use:   "add LOGIN --name NAME --role ROLE…",
		Short: "Add a user",
		Long: `add makes a user. Unless --must-change=false says otherwise, he is to choose a
password of his own when he first signs in. With --subject he signs in through the
identity provider of web.oidc, which calls him so, and has no password here.

` + passwordHelp,
		Example: "  postroom user add ann --name 'Ann Bee' --role administrator --config postroom.yaml",
		Args:    cobra.ExactArgs(1),
	}, opUserAdd, a, func(c *cobra.Command) (err error) {
		if a.Roles, err = asRoles(c, roles); err != nil {
			return err
		}
		if strings.TrimSpace(a.Name) == "" {
			return usage("--name NAME is needed: what the log and decisions call him (see: %s --help)", c.CommandPath())
		}
		if a.Subject != "" {
			a.MustChange = false
			return nil
		}
		a.Password, err = readPassword(c.Context(), file)
		return err
	})
	rights(c, a, &roles)
	c.Flags().StringVar(&a.Name, "name", "", "the person's `name`")
	c.Flags().StringVar(&a.Subject, "subject", "", "what the identity provider calls him, its `sub` claim")
	c.Flags().BoolVar(&a.MustChange, "must-change", true, "he is to choose a password of his own first")
	c.Flags().StringVar(&file, "password-file", "", "a `file` whose first line is the password; - is stdin")
	return c
}

func userPasswdCommand() *cobra.Command {
	a, file := &account{}, ""
	c := accounting(&cobra.Command{
		Use:   "passwd LOGIN",
		Short: "Give a user another password, and end his sessions",
		Long:  passwordHelp,
		Args:  cobra.ExactArgs(1),
	}, opUserPasswd, a, func(c *cobra.Command) (err error) {
		a.Password, err = readPassword(c.Context(), file)
		return err
	})
	c.Flags().BoolVar(&a.MustChange, "must-change", true, "he is to choose a password of his own first")
	c.Flags().StringVar(&file, "password-file", "", "a `file` whose first line is the password; - is stdin")
	return c
}

func userSwitchCommand(verb, short, op string) *cobra.Command {
	return accounting(&cobra.Command{Use: verb + " LOGIN", Short: short, Args: cobra.ExactArgs(1)}, op, &account{}, nil)
}

func userRolesCommand() *cobra.Command {
	a, roles := &account{}, []string(nil)
	c := accounting(&cobra.Command{
		Use:   "roles LOGIN [--role ROLE…] [--group NAME…]",
		Short: "Give a user these roles, these groups or both, in the place of those that he has",
		Long: `roles replaces all roles of a user, or all groups, or both: whichever flag is given.
--role '' and --group '' leave none. Other roles end his sessions.`,
		Example: "  postroom user roles ann --role caseworker --group tax --config postroom.yaml",
		Args:    cobra.ExactArgs(1),
	}, opUserRoles, a, func(c *cobra.Command) (err error) {
		empty := func(s string) bool { return s == "" }
		a.SetRoles, a.SetGroups = c.Flags().Changed("role"), c.Flags().Changed("group")
		if !a.SetRoles && !a.SetGroups {
			return usage("--role or --group is needed (see: %s --help)", c.CommandPath())
		}
		a.Groups = slices.DeleteFunc(a.Groups, empty)
		a.Roles, err = asRoles(c, slices.DeleteFunc(roles, empty))
		return err
	})
	rights(c, a, &roles)
	return c
}

func groupCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "group",
		Short: "List, add and remove what caseworkers may see",
		Long: `A group says which letters its users see as caseworkers: those in its stores, or
only those of them whose whole reference matches one of its patterns (RE2). Who is in
several groups sees what any of them does; who is in none sees nothing.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	a := &account{}
	add := accounting(&cobra.Command{
		Use:     "add NAME --store STORE… [--case PATTERN…]",
		Short:   "Add a group",
		Example: `  postroom group add 'Tax 2026' --store tax --case 'TX-2026-\d{6}-\d{2}' --config postroom.yaml`,
		Args:    cobra.ExactArgs(1),
	}, opGroupAdd, a, nil)
	add.Flags().StringArrayVar(&a.Stores, "store", nil, "a `store` of the configuration (again for more)")
	add.Flags().StringArrayVar(&a.Cases, "case", nil, "a `pattern` of references (again for more); none = all cases")
	c.AddCommand(accounting(&cobra.Command{Use: "list", Short: "List the groups", Args: cobra.NoArgs}, opGroups, &account{}, nil), add,
		accounting(&cobra.Command{Use: "remove NAME", Short: "Remove a group, and take it from its users", Args: cobra.ExactArgs(1)}, opGroupRemove, &account{}, nil))
	return c
}
