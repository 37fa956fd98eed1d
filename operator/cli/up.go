package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) up() *cobra.Command {
	options := county.UpOptions{}
	var several severalFlags
	var lessons lessonFlags
	var wait bool
	cmd := &cobra.Command{
		Annotations: ofCounties,
		Use:         "up <county>…",
		Short:       "Put up a county, bring it up to date, or finish what an earlier up began",
		Long: `up makes what is missing and changes what differs: machine, firewall, server, certificate, accounts. It ends with a call of
two synthetic participants. It can be repeated at any time; when everything is as it should be it only looks. A machine with lessons is
not restarted for another release or configuration: it keeps what it runs, unless --wait or --now is given.

Several counties are worked on at the same time, each line marked with its county; one that fails does not hold up the others.`,
		Example: `  kreisraum up demo --sandbox
  kreisraum up tuttlingen --token-file ~/hetzner.token --wait-dns 30m
  kreisraum up --all --token-file /etc/kreisraum/{county}.token`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := a.several(cmd, args, several)
			if err != nil {
				return err
			}
			if len(args) != 1 {
				return a.runSeveral(cmd, names, several.atOnce)
			}
			if wait && lessons.now {
				return &usageError{cmd.CommandPath(), errors.New("--wait and --now contradict each other")}
			}
			options.Release = lessons.options(a)
			return a.runUp(cmd, names[0], options, wait)
		},
	}
	several.declare(cmd.Flags())
	cmd.Flags().DurationVar(&options.WaitDNS, "wait-dns", 0, "wait that long for the DNS records, for example 30m")
	cmd.Flags().DurationVar(&options.Media, "probe", time.Second, "length of the test call")
	cmd.Flags().BoolVar(&wait, "wait", false, "then wait for lessons, and bring machines that have some to the release, as upgrade does")
	lessons.declare(cmd)
	return cmd
}

func (a *app) runUp(cmd *cobra.Command, name string, options county.UpOptions, wait bool) error {
	if err := notNegative(cmd, "wait-dns", "probe"); err != nil {
		return err
	}
	progress := a.progress()
	defer progress.Close()
	c, err := a.open(cmd.Context(), name, need{config: true, cloud: true, world: true, begins: true, changes: true}, progress)
	if err != nil {
		return err
	}
	if c.Config.Invented() && !a.options.sandbox() {
		return fmt.Errorf("%s is a sample's domain, which nobody can own, so no machine was rented for it: write your own into %s, or try things out with --sandbox",
			c.Config.Domain, filepath.Join(a.options.configDir(), name+".yaml"))
	}
	result, err := c.Up(cmd.Context(), options)
	progress.Close()
	var shown error
	if err == nil {
		shown = a.print(map[string]any{"result": result}, a.upText(name, result))
	} else if result.FirstAccount != nil { // a later step failed; the password must be seen all the same
		shown = a.print(map[string]any{"first_account": result.FirstAccount}, firstAccount(result))
	}
	if result.FirstAccount != nil && shown == nil {
		shown = c.FirstAccountShown()
	}
	if err == nil && wait && len(result.Kept) > 0 {
		a.leaveCounty() // others may change the county while lessons are waited for
		err = a.runRelease(cmd, name, lessonFlags{}, need{config: true, cloud: true, world: true}, (*county.County).Upgrade)
	}
	return errors.Join(err, shown)
}

func (a *app) upText(name string, r county.UpResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s is up after %s:  %s\n", name, seconds(r.Elapsed), r.URL)
	if hint := a.certificateHint(); hint != "" {
		fmt.Fprintf(&b, "  %s\n", hint)
	}
	if !r.WebClient {
		b.WriteString("  the server was built without the page for browsers; `make` builds it, then run up again\n")
	}
	if r.FirstAccount != nil {
		b.WriteString(firstAccount(r))
	}
	b.WriteString(keptText(name, r.Kept))
	if r.PricePerHour != "" {
		fmt.Fprintf(&b, "price: %s per hour, at most %s per month, net\n", r.PricePerHour, r.PricePerMonth)
	}
	return b.String()
}

func firstAccount(r county.UpResult) string {
	return fmt.Sprintf("first organiser account, shown only now:\n  name      %s\n  password  %s\n", r.FirstAccount.Name, r.FirstAccount.Password)
}

// keptText says which machines were left as they are, and what brings them to the release.
func keptText(name string, kept []county.Kept) string {
	var b strings.Builder
	for _, k := range kept {
		if k.Refused {
			fmt.Fprintf(&b, "%s keeps release %s: the new one was taken back; `kreisraum upgrade %s` brings it again\n", k.Machine, k.Version, name)
		} else {
			fmt.Fprintf(&b, "%s, so it keeps release %s; `kreisraum upgrade %s` waits until they end, and with --now it does not\n", k.InUse, k.Version, name)
		}
	}
	return b.String()
}
