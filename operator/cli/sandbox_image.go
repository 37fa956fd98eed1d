package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/nspawn"
	"github.com/spf13/cobra"
)

func (a *app) sandboxImage() *cobra.Command {
	return &cobra.Command{
		Use: "image", Short: "Build the image of the machines of --machines nspawn",
		Long: `image builds the Debian 12 that the machines of a sandbox with --machines nspawn boot, unless it is there. Starting such a sandbox does
it by itself; alone it is for continuous integration and for computers that will be offline later. It needs root, debootstrap and a Debian
mirror, and takes one to two minutes. All sandboxes of this computer share it; it lies in ` + nspawn.DefaultImages + ` or where
` + nspawn.ImagesVariable + ` says. ` + nspawn.MirrorVariable + ` names another mirror.`,
		Example: `  sudo kreisraum sandbox image`,
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			began := time.Now()
			dir := nspawn.ImagesDir(os.Getenv)
			if i, built := nspawn.FindImage(dir); built {
				return a.print(map[string]any{"image": i.Root, "built": false}, "the image is there: "+i.Root+"\n")
			}
			i, err := nspawn.EnsureImage(cmd.Context(), dir, a.sandboxStep)
			if err != nil {
				return err
			}
			return a.print(map[string]any{"image": i.Root, "built": true}, fmt.Sprintf("the image is built, in %.0f seconds: %s\n", time.Since(began).Seconds(), i.Root))
		},
	}
}
