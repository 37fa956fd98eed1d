package hcloudsim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func rrsetRoutes(t *table) {
	const one = "/zones/{zone}/rrsets/{name}/{type}"
	t.get("/zones/{zone}/rrsets", listRRSets)
	t.post("/zones/{zone}/rrsets", createRRSet)
	t.get(one, getRRSet)
	t.put(one, updateRRSet)
	t.delete(one, deleteRRSet)
	t.post(one+"/actions/set_records", setRecords)
	t.post(one+"/actions/add_records", addRecords)
	t.post(one+"/actions/remove_records", removeRecords)
	t.post(one+"/actions/update_records", updateRecords)
	t.post(one+"/actions/change_ttl", changeRRSetTTL)
	t.post(one+"/actions/change_protection", changeRRSetProtection)
}

// findRRSet finds the RRSet of the path.
func (r *request) findRRSet() (*zone, *rrset, error) {
	z, err := r.findZone()
	if err != nil {
		return nil, nil, err
	}
	set, ok := z.RRSets[rrsetID(r.name, r.kind)]
	if !ok {
		return z, nil, &apiError{http.StatusNotFound, "not_found", "RRSet not found", nil}
	}
	return z, set, nil
}

// changeableRRSet is findRRSet for a change of its records or its time to live.
func (r *request) changeableRRSet() (*zone, *rrset, error) {
	z, set, err := r.findRRSet()
	switch {
	case err != nil:
	case set.Type == "SOA":
		err = errInvalid("type", "the SOA record is Hetzner's")
	case set.Protected:
		err = errProtected
	}
	return z, set, err
}

func listRRSets(r *request) (reply, error) {
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	sel, err := parseSelector(r.query.Get("label_selector"))
	if err != nil {
		return reply{}, errInvalid("label_selector", "%v", err)
	}
	byName, byType := keep(r, "name", func(s *rrset) string { return s.Name }), keep(r, "type", func(s *rrset) string { return s.Type })
	var found []*rrset
	for _, set := range z.sets() {
		if byName(set) && byType(set) && sel.matches(set.Labels) {
			found = append(found, set)
		}
	}
	return listPage(r, found, "rrsets", comparators[*rrset]{
		"id":      compareSets,
		"name":    func(a, b *rrset) int { return cmp.Compare(a.Name, b.Name) },
		"type":    func(a, b *rrset) int { return cmp.Compare(a.Type, b.Type) },
		"created": func(a, b *rrset) int { return a.Created.Compare(b.Created) },
	}, func(set *rrset) any { return z.renderSet(set) })
}

func getRRSet(r *request) (reply, error) {
	z, set, err := r.findRRSet()
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.ZoneRRSetGetResponse{RRSet: z.renderSet(set)}}, nil
}

func createRRSet(r *request) (reply, error) {
	body, err := decode[schema.ZoneRRSetCreateRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	set, err := z.newSet(schema.ZoneCreateRequestRRSet{
		Name: body.Name, Type: body.Type, TTL: body.TTL, Labels: body.Labels, Records: body.Records,
	}, r.now)
	if err != nil {
		return reply{}, err
	}
	z.RRSets[set.id()] = set
	z.countUp(r.now)
	a := r.rrsetAction(z, set.id(), "create_rrset")
	return reply{status: http.StatusCreated, body: schema.ZoneRRSetCreateResponse{RRSet: z.renderSet(set), Action: a.render(r.now)}}, nil
}

// rrsetAction is an action after which the name servers have the RRSet as it is now.
func (r *request) rrsetAction(z *zone, id, command string) *action {
	a := r.action(command, ref("zone", z.ID))
	r.do(0, r.serve(z, id, a))
	return a
}

// newSet checks an RRSet that is to be added to the zone.
func (z *zone) newSet(body schema.ZoneCreateRequestRRSet, now time.Time) (*rrset, error) {
	var v invalidInput
	v.checkRRSetName(body.Name)
	v.checkLabels(body.Labels)
	if body.TTL != nil {
		v.checkTTL("ttl", *body.TTL)
	}
	if body.Type == "SOA" || !slices.Contains(recordTypes, body.Type) {
		v.add("type", "must be one of the record types, and not SOA")
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	set := &rrset{Name: body.Name, Type: body.Type, TTL: body.TTL, Labels: labels(body.Labels), Records: body.Records, Created: now}
	if _, taken := z.RRSets[set.id()]; taken {
		return nil, errUnique("RRSet already exists", "name")
	}
	if err := z.checkRecords(set, set.Records); err != nil {
		return nil, err
	}
	return set, z.checkAlone(set)
}

// fill adds the RRSets of a new zone. Those that a zone has by itself are replaced.
func (z *zone) fill(sets []schema.ZoneCreateRequestRRSet, now time.Time) error {
	given := map[string]bool{}
	for _, body := range sets {
		id := rrsetID(body.Name, body.Type)
		if given[id] {
			return errInvalid("rrsets", "an RRSet is given twice")
		}
		given[id] = true
		if id == rrsetID("@", "NS") {
			delete(z.RRSets, id)
		}
		set, err := z.newSet(body, now)
		if err != nil {
			return err
		}
		z.RRSets[id] = set
	}
	return nil
}

func updateRRSet(r *request) (reply, error) {
	body, err := decode[schema.ZoneRRSetUpdateRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, set, err := r.findRRSet()
	if err != nil {
		return reply{}, err
	}
	var v invalidInput
	v.checkLabels(body.Labels)
	if err := v.err(); err != nil {
		return reply{}, err
	}
	if body.Labels != nil {
		set.Labels = labels(body.Labels)
	}
	return reply{status: http.StatusOK, body: schema.ZoneRRSetUpdateResponse{RRSet: z.renderSet(set)}}, nil
}

func deleteRRSet(r *request) (reply, error) {
	z, set, err := r.changeableRRSet()
	if err != nil {
		return reply{}, err
	}
	delete(z.RRSets, set.id())
	z.countUp(r.now)
	return r.actionReply(r.rrsetAction(z, set.id(), "delete_rrset"))
}

func changeRRSetTTL(r *request) (reply, error) {
	body, err := decode[schema.ZoneRRSetChangeTTLRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, set, err := r.changeableRRSet()
	if err != nil {
		return reply{}, err
	}
	if body.TTL != nil {
		var v invalidInput
		v.checkTTL("ttl", *body.TTL)
		if err := v.err(); err != nil {
			return reply{}, err
		}
	}
	set.TTL = body.TTL
	z.countUp(r.now)
	return r.actionReply(r.rrsetAction(z, set.id(), "change_rrset_ttl"))
}

func changeRRSetProtection(r *request) (reply, error) {
	body, err := decode[schema.ZoneRRSetChangeProtectionRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, set, err := r.findRRSet()
	if err != nil {
		return reply{}, err
	}
	if body.Change != nil {
		set.Protected = *body.Change
	}
	return r.actionReply(r.quick("change_rrset_protection", ref("zone", z.ID)))
}

func splitID(id string) (name, kind string) {
	name, kind, _ = strings.Cut(id, "/")
	return name, kind
}
