package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/machine"
	"github.com/spf13/cobra"
)

func (a *app) sandbox() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "sandbox",
		Short: "Start, stop, remove and look at the simulated cloud on this computer",
		Long: `The sandbox is a simulated Hetzner Cloud with a certificate authority, a name server and machines on this computer:
folders with processes, or with --machines nspawn real Debian machines. ` + "`kreisraum up demo --sandbox` starts it by itself.",
		Example: `  kreisraum sandbox status
  kreisraum sandbox stop`,
	})
	cmd.AddCommand(a.sandboxStart(), a.sandboxStop(), a.sandboxStatus(), a.sandboxRemove(), a.sandboxRun(), a.sandboxHCloud(), a.sandboxImage())
	return cmd
}

func (a *app) sandboxStart() *cobra.Command {
	var f sandboxFlags
	cmd := &cobra.Command{
		Use: "start", Short: "Start the sandbox in the background",
		Long: `start starts the sandbox in the background and returns once everything in it answers. If it runs already, nothing happens.
Its addresses can be moved, so that two sandboxes with different homes run side by side.`,
		Example: `  kreisraum sandbox start`,
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.options.homeDir()
			if err != nil {
				return err
			}
			if _, err := f.config(dir); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			manifest, err := a.ensureSandbox(cmd.Context(), dir, f)
			if err != nil {
				return err
			}
			return a.print(shown(manifest, true), sandboxText(manifest, true))
		},
	}
	f.declare(cmd.Flags())
	return cmd
}

func (a *app) sandboxStop() *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "Stop the sandbox",
		Long:    `stop stops the sandbox and its machines. The next start finds them as they were; remove leaves nothing of them.`,
		Example: `  kreisraum sandbox stop`,
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.options.homeDir()
			if err != nil {
				return err
			}
			if err := sandbox.Stop(cmd.Context(), home.SandboxDir(dir)); err != nil {
				return err
			}
			return a.print(map[string]bool{"running": false}, "the sandbox is stopped\n")
		},
	}
}

func (a *app) sandboxRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove", Short: "Stop the sandbox and delete everything in it, counties included",
		Long: `remove stops the sandbox and its machines and deletes its folder: the simulated cloud, the machines, the certificate authority, and the
keys, accounts and ledgers of the counties in the sandbox. Real counties are not touched.`,
		Example: `  kreisraum sandbox remove`,
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.options.homeDir()
			if err != nil {
				return err
			}
			if err := sandbox.Remove(cmd.Context(), home.SandboxDir(dir)); err != nil {
				return err
			}
			home.Prune(dir)
			return a.print(map[string]bool{"running": false}, "the sandbox is stopped and nothing of it is left\n")
		},
	}
}

func (a *app) sandboxStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show whether the sandbox runs, and where",
		Long:    `status asks the sandbox whether it answers and shows where its parts are.`,
		Example: `  kreisraum sandbox status --json`,
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.options.homeDir()
			if err != nil {
				return err
			}
			manifest, running, err := sandbox.Status(cmd.Context(), home.SandboxDir(dir))
			if err != nil {
				return err
			}
			view, text := shown(manifest, running), sandboxText(manifest, running)
			if running {
				if view.Machines, err = manifest.Machines(cmd.Context()); err != nil {
					return err
				}
				text += machinesText(view.Machines)
			}
			return a.print(view, text)
		},
	}
}

func (a *app) sandboxRun() *cobra.Command {
	var f sandboxFlags
	cmd := &cobra.Command{
		Use: "run", Short: "Run the sandbox in the foreground",
		Long:    `run is what start puts into the background. It ends with Ctrl-C.`,
		Example: `  kreisraum sandbox run`,
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.options.homeDir()
			if err != nil {
				return err
			}
			config, err := f.config(dir)
			if err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			config.Log = a.log(nil)
			return sandbox.Run(cmd.Context(), config, func(m sandbox.Manifest) {
				_ = a.print(shown(m, true), sandboxText(m, true))
			})
		},
	}
	f.declare(cmd.Flags())
	return cmd
}

// ensureSandbox starts the sandbox as a background process of this same program unless it runs.
func (a *app) ensureSandbox(ctx context.Context, dir string, f sandboxFlags) (sandbox.Manifest, error) {
	self, err := executable()
	if err != nil {
		return sandbox.Manifest{}, err
	}
	if _, err := home.Open(dir); err != nil {
		return sandbox.Manifest{}, err
	}
	config, err := f.config(dir)
	if err != nil {
		return sandbox.Manifest{}, err
	}
	if err := sandbox.Prepare(ctx, config, a.sandboxStep); err != nil {
		return sandbox.Manifest{}, err
	}
	return sandbox.Ensure(ctx, home.SandboxDir(dir), append([]string{self, "sandbox", "run", "--home", dir}, f.arguments()...))
}

// sandboxStep tells what takes so long, on standard error: the result alone is on standard output.
func (a *app) sandboxStep(step string) { fmt.Fprintf(a.Err, "  %s …\n", step) }

// sandboxEndpoints are those of the running sandbox, which is started when the verb needs a world.
func (a *app) sandboxEndpoints(ctx context.Context, dir string, n need) (endpoints.Endpoints, string, error) {
	inside := home.InSandbox(dir)
	if !n.world {
		return endpoints.Endpoints{}, inside, nil
	}
	manifest, err := a.ensureSandbox(ctx, dir, sandboxFlags{})
	if err != nil {
		return endpoints.Endpoints{}, "", err
	}
	a.rootsFile = manifest.ACMERootsFile
	where, err := manifest.Endpoints()
	return where, inside, err
}

// certificateHint says why a browser warns about a site in the sandbox.
func (a *app) certificateHint() string {
	if a.rootsFile == "" {
		return ""
	}
	return "the certificate is the sandbox's own: accept the browser's warning, or import " + a.rootsFile
}

// sandboxView is what is shown of a manifest: never the token.
type sandboxView struct {
	Running   bool      `json:"running"`
	PID       int       `json:"pid,omitempty"`
	Cloud     string    `json:"cloud,omitempty"`
	FrontDoor string    `json:"front_door,omitempty"`
	Roots     string    `json:"roots,omitempty"`
	Log       string    `json:"log,omitempty"`
	Started   time.Time `json:"started,omitzero"`
	// Machines with the processes of their servers.
	Machines []machine.Status `json:"machines,omitempty"`
}

func shown(m sandbox.Manifest, running bool) sandboxView {
	if !running {
		return sandboxView{}
	}
	return sandboxView{
		Running: true, PID: m.PID, Cloud: m.HCloudURL, FrontDoor: m.FrontDoor, Roots: m.ACMERootsFile, Log: m.LogFile, Started: m.Started,
	}
}

func machinesText(machines []machine.Status) string {
	var b strings.Builder
	for _, m := range machines {
		state := "off"
		switch {
		case m.MainPID != 0:
			state = fmt.Sprintf("server %s, process %d", m.Unit, m.MainPID)
		case m.On:
			state = "on, no server runs"
		}
		fmt.Fprintf(&b, "  machine     %s  %s  %s\n", m.Name, m.IPv4, state)
	}
	return b.String()
}

func sandboxText(m sandbox.Manifest, running bool) string {
	if !running {
		return "the sandbox does not run\n"
	}
	return fmt.Sprintf("the sandbox runs (process %d)\n  cloud       %s\n  front door  %s\n  roots       %s\n  log         %s\n",
		m.PID, m.HCloudURL, m.FrontDoor, m.ACMERootsFile, m.LogFile)
}
