package hcloudsim

import (
	"errors"
	"net/http"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func recordOf(value string) schema.ZoneRRSetRecord { return schema.ZoneRRSetRecord{Value: value} }

func indexOf(records []schema.ZoneRRSetRecord, value string) int {
	return slices.IndexFunc(records, func(have schema.ZoneRRSetRecord) bool { return have.Value == value })
}

// setRecords overwrites the records of an RRSet that exists.
func setRecords(r *request) (reply, error) {
	body, err := decode[schema.ZoneRRSetSetRecordsRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, set, err := r.changeableRRSet()
	if err != nil {
		return reply{}, err
	}
	return r.changeRecords(z, set, "set_rrset_records", body.Records)
}

// addRecords appends records; an RRSet that does not exist is made.
func addRecords(r *request) (reply, error) {
	body, err := decode[schema.ZoneRRSetAddRecordsRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, set, err := r.changeableRRSet()
	var api *apiError
	if z != nil && errors.As(err, &api) && api.code == "not_found" {
		set, err = z.newSet(schema.ZoneCreateRequestRRSet{Name: r.name, Type: r.kind, TTL: body.TTL, Records: body.Records}, r.now)
		if err != nil {
			return reply{}, err
		}
		z.RRSets[set.id()] = set
		z.countUp(r.now)
		return r.actionReply(r.rrsetAction(z, set.id(), "add_rrset_records"))
	}
	if err != nil {
		return reply{}, err
	}
	if body.TTL != nil && (set.TTL == nil || *set.TTL != *body.TTL) {
		return reply{}, errInvalid("ttl", "must be that of the RRSet")
	}
	for _, record := range body.Records {
		if indexOf(set.Records, record.Value) >= 0 {
			return reply{}, errUnique("record already exists", "records")
		}
	}
	return r.changeRecords(z, set, "add_rrset_records", append(slices.Clone(set.Records), body.Records...))
}

// removeRecords takes records away; with the last one the RRSet goes.
func removeRecords(r *request) (reply, error) {
	body, err := decode[schema.ZoneRRSetRemoveRecordsRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, set, err := r.changeableRRSet()
	if err != nil {
		return reply{}, err
	}
	kept := slices.Clone(set.Records)
	for _, record := range body.Records {
		i := indexOf(kept, record.Value)
		if i < 0 {
			return reply{}, errInvalid("records", "a record is not in the RRSet")
		}
		kept = slices.Delete(kept, i, i+1)
	}
	if len(kept) > 0 {
		return r.changeRecords(z, set, "remove_rrset_records", kept)
	}
	delete(z.RRSets, set.id())
	z.countUp(r.now)
	return r.actionReply(r.rrsetAction(z, set.id(), "remove_rrset_records"))
}

func (r *request) changeRecords(z *zone, set *rrset, command string, records []schema.ZoneRRSetRecord) (reply, error) {
	if err := z.checkRecords(set, records); err != nil {
		return reply{}, err
	}
	set.Records = records
	z.countUp(r.now)
	return r.actionReply(r.rrsetAction(z, set.id(), command))
}

// updateRecords changes comments; the answer is 200.
func updateRecords(r *request) (reply, error) {
	body, err := decode[schema.ZoneRRSetUpdateRecordsRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, set, err := r.changeableRRSet()
	if err != nil {
		return reply{}, err
	}
	changed := slices.Clone(set.Records)
	for _, record := range body.Records {
		i := indexOf(changed, record.Value)
		if i < 0 {
			return reply{}, errInvalid("records", "a record is not in the RRSet")
		}
		changed[i].Comment = record.Comment
	}
	if err := z.checkRecords(set, changed); err != nil {
		return reply{}, err
	}
	set.Records = changed
	a := r.rrsetAction(z, set.id(), "update_rrset_records")
	return reply{status: http.StatusOK, body: schema.ActionGetResponse{Action: a.render(r.now)}}, nil
}
