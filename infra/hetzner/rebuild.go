package hetzner

import (
	"context"
	"fmt"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// Rebuild makes a server anew from an image with user data (Hetzner Cloud API: POST /servers/{id}/actions/rebuild; user_data since January
// 2026). Everything on its disk is gone; ID, name, addresses, networks and firewalls stay. It returns once the server has been started.
// Doing it twice does no more harm than once.
func (c *Client) Rebuild(ctx context.Context, serverID int64, image, userData string) error {
	what := fmt.Sprintf("rebuild server %d", serverID)
	var action *hcloud.Action
	err := c.Do(ctx, what, func(ctx context.Context) (err error) {
		result, _, err := c.cloud.Server.RebuildWithResult(ctx, &hcloud.Server{ID: serverID}, hcloud.ServerRebuildOpts{
			Image: &hcloud.Image{Name: image}, UserData: &userData,
		})
		action = result.Action
		return err
	})
	if err != nil {
		return err
	}
	return c.Wait(ctx, what, action)
}
