package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Record is a set of DNS records of one name and type (RFC 2181 §5) in a zone at Hetzner. The zone itself is not the county's: it is
// neither made nor removed. The ID is that of hetzner.RRSetKey.
type Record struct{ handle }

// RecordArgs are the inputs of a Record.
type RecordArgs struct {
	// Zone, for example "kmz.example", and Name in it, "@" for the zone's own.
	Zone string `pulumi:"zone"`
	Name string `pulumi:"name"`
	// Type as in DNS, for example "AAAA". Values as in a zone file.
	Type   string   `pulumi:"type"`
	Values []string `pulumi:"values"`
	// TTL in seconds.
	TTL    int               `pulumi:"ttl"`
	Labels map[string]string `pulumi:"labels"`
}

// RecordState is what is recorded of a Record.
type RecordState struct{ RecordArgs }

const recordKind = "DNS record"

// TakenError says that a name has records that are neither ours nor what we want. Nothing was changed.
type TakenError struct {
	// Record is the name with its type, for example "jitsi.kmz.example A".
	Record string
	// Have and Want are the values.
	Have, Want []string
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("the DNS record %s exists in this Hetzner project with %s instead of %s, and was not made by kreisraum, so it is left alone; "+
		"delete it in the Hetzner Console (DNS) if the name may move to the county's machine, or set `dns.records: by-hand` in the county's file",
		e.Record, list(e.Have), list(e.Want))
}

func list(values []string) string {
	if len(values) == 0 {
		return "nothing"
	}
	return strings.Join(values, ", ")
}

// Create adopts or makes the records.
func (r Record) Create(ctx context.Context, req infer.CreateRequest[RecordArgs]) (resp infer.CreateResponse[RecordState], err error) {
	defer r.report(&err)
	resp.Output = RecordState{req.Inputs}
	if req.DryRun {
		return resp, nil
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	resp.ID = hetzner.RRSetKey(req.Inputs.Zone, req.Inputs.Name, req.Inputs.Type)
	return resp, r.ensure(ctx, req.Inputs)
}

func (r Record) ensure(ctx context.Context, in RecordArgs) error {
	found, err := adoptOrMake(r.handle,
		func() (*hcloud.ZoneRRSet, error) { return r.find(ctx, in) },
		func() (*hcloud.ZoneRRSet, error) { return r.make(ctx, in) })
	if err != nil {
		return err
	}
	if !hetzner.Covers(found.Labels, in.Labels) {
		if err := r.label(ctx, found, in); err != nil {
			return err
		}
	}
	return r.set(ctx, found, in)
}

func (r Record) make(ctx context.Context, in RecordArgs) (*hcloud.ZoneRRSet, error) {
	verb := what("create", recordKind, full(in))
	var made hcloud.ZoneRRSetCreateResult
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		made, _, err = r.cloud.Cloud().Zone.CreateRRSet(ctx, &hcloud.Zone{Name: in.Zone}, hcloud.ZoneRRSetCreateOpts{
			Name: in.Name, Type: hcloud.ZoneRRSetType(in.Type), TTL: hcloud.Ptr(in.TTL), Labels: in.Labels, Records: records(in.Values),
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return made.RRSet, r.cloud.Wait(ctx, verb, made.Action)
}

// find looks the name up. Records of nobody with the wanted values are taken over; those of another county, or with other values, are not.
func (r Record) find(ctx context.Context, in RecordArgs) (*hcloud.ZoneRRSet, error) {
	found, err := r.get(ctx, in)
	if err != nil || found == nil {
		return nil, err
	}
	if _, ours := found.Labels[hetzner.LabelManagedBy]; !ours {
		if have := values(found); !sameValues(have, in.Values) {
			return nil, &TakenError{Record: full(in) + " " + in.Type, Have: have, Want: in.Values}
		}
		return found, nil
	}
	return found, hetzner.Owned(recordKind, full(in)+" "+in.Type, found.Labels, in.Labels)
}

func (r Record) get(ctx context.Context, in RecordArgs) (found *hcloud.ZoneRRSet, err error) {
	err = r.cloud.Do(ctx, what("look up", recordKind, full(in)), func(ctx context.Context) (err error) {
		found, _, err = r.cloud.Cloud().Zone.GetRRSetByNameAndType(ctx, &hcloud.Zone{Name: in.Zone}, in.Name, hcloud.ZoneRRSetType(in.Type))
		return err
	})
	return found, err
}

// set writes values and TTL if they differ.
func (r Record) set(ctx context.Context, found *hcloud.ZoneRRSet, in RecordArgs) error {
	found.Zone = &hcloud.Zone{Name: in.Zone}
	if !sameValues(values(found), in.Values) {
		if err := r.act(ctx, what("set", recordKind, full(in)), func(ctx context.Context) ([]*hcloud.Action, error) {
			return one(r.cloud.Cloud().Zone.SetRRSetRecords(ctx, found, hcloud.ZoneRRSetSetRecordsOpts{Records: records(in.Values)}))
		}); err != nil {
			return err
		}
	}
	if found.TTL != nil && *found.TTL == in.TTL {
		return nil
	}
	return r.act(ctx, what("set the TTL of", recordKind, full(in)), func(ctx context.Context) ([]*hcloud.Action, error) {
		return one(r.cloud.Cloud().Zone.ChangeRRSetTTL(ctx, found, hcloud.ZoneRRSetChangeTTLOpts{TTL: hcloud.Ptr(in.TTL)}))
	})
}

func (r Record) label(ctx context.Context, found *hcloud.ZoneRRSet, in RecordArgs) error {
	found.Zone = &hcloud.Zone{Name: in.Zone}
	return r.cloud.Do(ctx, what("label", recordKind, full(in)), func(ctx context.Context) error {
		_, _, err := r.cloud.Cloud().Zone.UpdateRRSet(ctx, found, hcloud.ZoneRRSetUpdateOpts{Labels: hetzner.Merged(found.Labels, in.Labels)})
		return err
	})
}

// Diff compares what is recorded with what is wanted.
func (r Record) Diff(_ context.Context, req infer.DiffRequest[RecordArgs, RecordState]) (infer.DiffResponse, error) {
	return recordChanges(req.State, req.Inputs).response(), nil
}

func recordChanges(have RecordState, want RecordArgs) changes {
	c := changes{}
	c.replace("zone", have.Zone != want.Zone)
	c.replace("name", have.Name != want.Name)
	c.replace("type", have.Type != want.Type)
	c.update("values", !sameValues(have.Values, want.Values))
	c.update("ttl", have.TTL != want.TTL)
	c.labels(have.Labels, want.Labels)
	return c
}

// Update writes labels, values and TTL.
func (r Record) Update(ctx context.Context, req infer.UpdateRequest[RecordArgs, RecordState]) (resp infer.UpdateResponse[RecordState], err error) {
	defer r.report(&err)
	resp.Output = RecordState{req.Inputs}
	if req.DryRun {
		return resp, nil
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	return resp, r.ensure(ctx, req.Inputs)
}

// Read brings the recorded state up to date; records that are gone, or that somebody made his own, have no ID.
func (r Record) Read(ctx context.Context, req infer.ReadRequest[RecordArgs, RecordState]) (resp infer.ReadResponse[RecordArgs, RecordState], err error) {
	defer r.report(&err)
	ctx, cancel := withPatience(ctx)
	defer cancel()
	found, err := r.get(ctx, req.State.RecordArgs)
	if err != nil || found == nil || anothers(found, req.State.Labels) {
		return resp, err
	}
	return infer.ReadResponse[RecordArgs, RecordState]{ID: req.ID, Inputs: req.Inputs, State: recordState(found, req.State)}, nil
}

// recordState is the recorded state with what the records are now.
func recordState(found *hcloud.ZoneRRSet, recorded RecordState) RecordState {
	state := recorded
	state.Values, state.TTL, state.Labels = values(found), 0, found.Labels
	if found.TTL != nil {
		state.TTL = *found.TTL
	}
	return state
}

// anothers reports whether the records belong to another county by now: unlike a number at Hetzner, a name comes back.
func anothers(found *hcloud.ZoneRRSet, recorded map[string]string) bool {
	county, labelled := found.Labels[hetzner.LabelCounty]
	ours, known := recorded[hetzner.LabelCounty]
	return labelled && known && county != ours
}

// Delete removes the records; those that are gone are fine, and those that are no longer labelled as ours stay.
func (r Record) Delete(ctx context.Context, req infer.DeleteRequest[RecordState]) (_ infer.DeleteResponse, err error) {
	defer r.report(&err)
	ctx, cancel := withPatience(ctx)
	defer cancel()
	zone, name, kind, ok := hetzner.ParseRRSetKey(req.ID)
	if !ok {
		return infer.DeleteResponse{}, fmt.Errorf("%q is no ID of a %s", req.ID, recordKind)
	}
	in := RecordArgs{Zone: zone, Name: name, Type: kind}
	found, err := r.get(ctx, in)
	if err != nil || found == nil || found.Labels[hetzner.LabelManagedBy] != hetzner.ManagedBy || anothers(found, req.State.Labels) {
		return infer.DeleteResponse{}, err
	}
	found.Zone = &hcloud.Zone{Name: zone}
	err = r.act(ctx, what("delete", recordKind, full(in)), func(ctx context.Context) ([]*hcloud.Action, error) {
		result, _, err := r.cloud.Cloud().Zone.DeleteRRSet(ctx, found)
		return []*hcloud.Action{result.Action}, err
	})
	return infer.DeleteResponse{}, r.tolerateGone(err, recordKind, 0)
}

// full is the name as people write it.
func full(in RecordArgs) string {
	if in.Name == "@" {
		return in.Zone
	}
	return in.Name + "." + in.Zone
}

func records(values []string) []hcloud.ZoneRRSetRecord {
	all := make([]hcloud.ZoneRRSetRecord, len(values))
	for i, v := range values {
		all[i].Value = v
	}
	return all
}

func values(found *hcloud.ZoneRRSet) []string {
	all := make([]string, len(found.Records))
	for i, record := range found.Records {
		all[i] = record.Value
	}
	return all
}

// sameValues compares regardless of order.
func sameValues(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
