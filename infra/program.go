package infra

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/infra/provider"
)

// anywhere is every IPv4 and IPv6 address.
var anywhere = pulumi.ToStringArray([]string{"0.0.0.0/0", "::/0"})

// Program makes the county's Pulumi program. Everything it registers is named and labelled after the county.
func Program(spec Spec) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := spec.Validate(); err != nil {
			return err
		}
		plan := machines(spec)
		shared, err := declareShared(ctx, spec, plan)
		if err != nil {
			return err
		}
		outputs := pulumi.Array{}
		for _, m := range plan {
			addresses, err := declareAddresses(ctx, spec, m)
			if err != nil {
				return err
			}
			if m.role == RolePortal {
				if err := declareRecords(ctx, spec, addresses); err != nil {
					return err
				}
			}
			out, err := declareMachine(ctx, spec, shared, m, addresses)
			if err != nil {
				return err
			}
			outputs = append(outputs, out)
		}
		ctx.Export("firewallId", number(shared.firewall))
		ctx.Export("location", pulumi.String(spec.Location))
		ctx.Export("machines", outputs)
		if spec.Zone != "" {
			ctx.Export("zone", pulumi.String(spec.Zone))
			ctx.Export("caa", pulumi.String(spec.CAA))
		}
		return nil
	}
}

// shared is what all machines of the county use.
type shared struct {
	sshKey, network, firewall *declared
	groups                    map[int]*declared // by machine.group
}

func declareShared(ctx *pulumi.Context, spec Spec, plan []machine) (s shared, err error) {
	name := base(spec.County)
	if s.sshKey, err = declare(ctx, provider.SSHKeyToken, name, pulumi.Map{
		"publicKey": pulumi.String(spec.SSHPublicKey),
		"labels":    labels(spec, roleDeploys),
	}); err != nil {
		return s, err
	}
	if s.network, err = declare(ctx, provider.NetworkToken, name, pulumi.Map{
		"ipRange": pulumi.String(spec.network().String()),
		"subnet":  pulumi.String(spec.network().String()),
		"zone":    pulumi.String(networkZone),
		"labels":  labels(spec, roleCounty),
	}); err != nil {
		return s, err
	}
	if s.firewall, err = declare(ctx, provider.FirewallToken, name, pulumi.Map{
		"rules":  rules(),
		"labels": labels(spec, roleCounty),
	}); err != nil {
		return s, err
	}
	s.groups = map[int]*declared{}
	for _, m := range plan {
		n := m.group()
		if s.groups[n] != nil {
			continue
		}
		if s.groups[n], err = declare(ctx, provider.PlacementGroupToken, fmt.Sprintf("%s-%d", name, n+1), pulumi.Map{
			"labels": labels(spec, roleCounty),
		}); err != nil {
			return s, err
		}
	}
	return s, nil
}

// rules of the firewall: the site, signalling and TURN on TCP 443, media on UDP 10000, nothing else. Port 22 is opened by a
// temporary rule while a command needs it.
func rules() pulumi.Array {
	return pulumi.Array{
		pulumi.Map{"description": pulumi.String("site, signalling, TURN, ICE-TCP"), "protocol": pulumi.String("tcp"), "port": pulumi.String("443"), "sources": anywhere},
		pulumi.Map{"description": pulumi.String("media"), "protocol": pulumi.String("udp"), "port": pulumi.String("10000"), "sources": anywhere},
	}
}

// addresses of a machine; v6 is nil without IPv6.
type addresses struct{ v4, v6 *primaryIP }

func declareAddresses(ctx *pulumi.Context, spec Spec, m machine) (a addresses, err error) {
	if a.v4, err = declareAddress(ctx, spec, m, "ipv4"); err != nil || !spec.IPv6 {
		return a, err
	}
	a.v6, err = declareAddress(ctx, spec, m, "ipv6")
	return a, err
}

// declareMachine declares a server with its addresses and returns its part of the outputs.
func declareMachine(ctx *pulumi.Context, spec Spec, s shared, m machine, a addresses) (pulumi.Map, error) {
	inputs := pulumi.Map{
		"serverType":     pulumi.String(m.serverType),
		"location":       pulumi.String(m.location),
		"image":          pulumi.String(spec.Image),
		"userData":       pulumi.ToSecret(pulumi.String(spec.UserData[m.name])),
		"sshKeys":        pulumi.Array{s.sshKey.ID()},
		"placementGroup": s.groups[m.group()].ID(),
		"network":        s.network.ID(),
		"privateIp":      pulumi.String(m.privateIP.String()),
		"firewall":       s.firewall.ID(),
		"primaryIpv4":    a.v4.ID(),
		"labels":         labels(spec, m.role),
	}
	output := pulumi.Map{
		"name":       pulumi.String(m.name),
		"role":       pulumi.String(m.role),
		"number":     pulumi.Int(m.number),
		"serverType": pulumi.String(m.serverType),
		"location":   pulumi.String(m.location),
		"ipv4":       a.v4.Address,
		"privateIp":  pulumi.String(m.privateIP.String()),
	}
	if a.v6 != nil {
		inputs["primaryIpv6"] = a.v6.ID()
		output["ipv6"] = a.v6.Address
	}
	server, err := declare(ctx, provider.ServerToken, m.name, inputs)
	if err != nil {
		return nil, err
	}
	output["serverId"] = number(server)
	return output, nil
}

// declareAddress declares a primary IP of a machine. Only the portal's carries the county's name in reverse DNS; a bridge
// needs no public name.
func declareAddress(ctx *pulumi.Context, spec Spec, m machine, kind string) (*primaryIP, error) {
	inputs := pulumi.Map{
		"type":     pulumi.String(kind),
		"location": pulumi.String(m.location),
		"labels":   labels(spec, m.role),
	}
	if m.role == RolePortal {
		inputs["reverseName"] = pulumi.String(spec.Domain)
	}
	var ip primaryIP
	return &ip, register(ctx, provider.PrimaryIPToken, m.name+"-"+kind, inputs, &ip)
}

// declare registers a resource under its name at Hetzner.
func declare(ctx *pulumi.Context, token, name string, inputs pulumi.Map) (*declared, error) {
	var r declared
	return &r, register(ctx, token, name, inputs, &r)
}

// register adds what is common to all: the name is an input too, and names are deterministic, so a replacement can only be
// made once the old one is gone.
func register(ctx *pulumi.Context, token, name string, inputs pulumi.Map, into pulumi.CustomResource) error {
	return registerAs(ctx, token, name, name, inputs, into)
}

// registerAs registers what has another name at Hetzner than in the stack, where all of a kind must differ.
func registerAs(ctx *pulumi.Context, token, known, name string, inputs pulumi.Map, into pulumi.CustomResource) error {
	inputs["name"] = pulumi.String(name)
	if err := ctx.RegisterResource(token, known, inputs, into, pulumi.DeleteBeforeReplace(true)); err != nil {
		return fmt.Errorf("declare %s: %w", known, err)
	}
	return nil
}

func labels(spec Spec, role string) pulumi.StringMap {
	return pulumi.ToStringMap(hetzner.Labels(spec.County, role))
}

// number is a resource's ID as the number that Hetzner calls it by.
func number(r pulumi.CustomResource) pulumi.Output {
	return r.ID().ApplyT(func(id pulumi.ID) (int, error) { return strconv.Atoi(string(id)) })
}
