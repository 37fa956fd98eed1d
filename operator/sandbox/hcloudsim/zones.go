package hcloudsim

import (
	"net/http"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
	"golang.org/x/net/publicsuffix"
)

// Bounds of a time to live in seconds, Hetzner Cloud API: POST /zones.
const (
	minTTL = 60
	maxTTL = 1<<31 - 1
)

func zoneRoutes(t *table) {
	t.get("/zones", listZones)
	t.post("/zones", createZone)
	t.get("/zones/{zone}", getZone)
	t.put("/zones/{zone}", updateZone)
	t.delete("/zones/{zone}", deleteZone)
	t.get("/zones/{zone}/zonefile", exportZonefile)
	t.get("/zones/actions", func(r *request) (reply, error) { return r.actionsOf("zone", 0) })
	t.get("/zones/actions/{id}", func(r *request) (reply, error) { return r.oneActionOf("zone", 0, r.id) })
	t.get("/zones/{zone}/actions", zoneActions)
	t.get("/zones/{zone}/actions/{sub}", zoneAction)
	t.post("/zones/{zone}/actions/change_protection", changeZoneProtection)
	t.post("/zones/{zone}/actions/change_ttl", changeZoneTTL)
	t.post("/zones/{zone}/actions/import_zonefile", importZonefile)
	t.post("/zones/{zone}/actions/change_primary_nameservers", func(r *request) (reply, error) {
		if _, err := r.findZone(); err != nil {
			return reply{}, err
		}
		return reply{}, errUnprocessable("incorrect_zone_mode", "the zone's mode is primary")
	})
}

// findZone finds the zone of the path, by ID or name.
func (r *request) findZone() (*zone, error) {
	if id := number(r.zone); id > 0 {
		return find(r.Zones, "zone", id)
	}
	for _, z := range r.Zones {
		if z.Name == r.zone {
			return z, nil
		}
	}
	return nil, &apiError{http.StatusNotFound, "not_found", "zone not found", nil}
}

func listZones(r *request) (reply, error) {
	return listResources(r, r.Zones, "zones", func(z *zone) any { return z.render() },
		keep(r, "mode", func(*zone) string { return "primary" }))
}

func getZone(r *request) (reply, error) {
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.ZoneGetResponse{Zone: z.render()}}, nil
}

// createZone makes a zone with its SOA and NS records and those of the request. Its name servers answer when the action has
// succeeded.
func createZone(r *request) (reply, error) {
	body, err := decode[schema.ZoneCreateRequest](r)
	if err != nil {
		return reply{}, err
	}
	ttl := defaultTTL
	if body.TTL != nil {
		ttl = *body.TTL
	}
	if err := checkZone(body, ttl); err != nil {
		return reply{}, err
	}
	if nameTaken(r.Zones, body.Name, 0) {
		return reply{}, errUnique("zone already exists", "name")
	}
	if len(r.Zones) >= r.api.quotas.Zones {
		return reply{}, errLimit("zone limit exceeded", "zone_limit")
	}
	z := &zone{
		meta: meta{Name: body.Name, Labels: labels(body.Labels), Created: r.now}, TTL: ttl,
		RRSets: map[string]*rrset{}, Served: map[string]*served{},
	}
	if body.Zonefile != "" {
		err = z.load(body.Zonefile, r.now)
	} else {
		z.furnish(r.now)
		err = z.fill(body.RRSets, r.now)
	}
	if err != nil {
		return reply{}, err
	}
	z.ID = r.nextID()
	r.Zones[z.ID] = z
	a := r.action("create_zone", ref("zone", z.ID))
	id := z.ID
	r.do(0, step{
		action: a.ID,
		done:   func(p *project) { p.publishZone(id, a.ID) },
		failed: func(p *project) { delete(p.Zones, id) },
	})
	return reply{status: http.StatusCreated, body: schema.ZoneCreateResponse{Zone: z.render(), Action: a.render(r.now)}}, nil
}

func checkZone(body schema.ZoneCreateRequest, ttl int) error {
	var v invalidInput
	if !isHostName(body.Name) || strings.ToLower(body.Name) != body.Name || !strings.Contains(body.Name, ".") {
		v.add("name", "must be a domain name in lower case without a final dot")
	} else if registered, err := publicsuffix.EffectiveTLDPlusOne(body.Name); err != nil || registered != body.Name {
		v.add("name", "must be directly below a public suffix; subdomains are not supported")
	}
	switch body.Mode {
	case "primary":
	case "secondary":
		v.add("mode", "the simulated cloud has no secondary zones")
	default:
		v.add("mode", "must be primary or secondary")
	}
	v.checkTTL("ttl", ttl)
	v.checkLabels(body.Labels)
	if body.Zonefile != "" && len(body.RRSets) > 0 {
		v.add("zonefile", "must not be given together with rrsets")
	}
	return v.err()
}

func (v *invalidInput) checkTTL(field string, ttl int) {
	if ttl < minTTL || ttl > maxTTL {
		v.add(field, "must be %d to %d seconds", minTTL, maxTTL)
	}
}

// publishZone hands the whole zone to the name servers.
func (p *project) publishZone(id, action int64) {
	z, ok := p.Zones[id]
	if !ok {
		return
	}
	z.Live = true
	for setID, set := range z.RRSets {
		if _, later := z.Served[setID]; !later {
			z.Served[setID] = &served{Action: action, TTL: set.ttl(z), Values: set.values()}
		}
	}
	p.zonesChanged = true
}

func updateZone(r *request) (reply, error) {
	body, err := decode[schema.ZoneUpdateRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	if err := updateMeta(r, "zone", r.Zones, z, metaUpdate{Labels: body.Labels}); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.ZoneUpdateResponse{Zone: z.render()}}, nil
}

func deleteZone(r *request) (reply, error) {
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	if z.Protected {
		return reply{}, errProtected
	}
	delete(r.Zones, z.ID)
	r.zonesChanged = true
	return r.actionReply(r.quick("delete_zone", ref("zone", z.ID)))
}

func zoneActions(r *request) (reply, error) {
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	return r.actionsOf("zone", z.ID)
}

func zoneAction(r *request) (reply, error) {
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	return r.oneActionOf("zone", z.ID, r.sub)
}

func changeZoneProtection(r *request) (reply, error) {
	body, err := decode[schema.ZoneChangeProtectionRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	if body.Delete != nil {
		z.Protected = *body.Delete
	}
	return r.actionReply(r.quick("change_protection", ref("zone", z.ID)))
}

// changeZoneTTL changes the time to live of all RRSets that have none of their own.
func changeZoneTTL(r *request) (reply, error) {
	body, err := decode[schema.ZoneChangeTTLRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	var v invalidInput
	v.checkTTL("ttl", body.TTL)
	if err := v.err(); err != nil {
		return reply{}, err
	}
	z.TTL = body.TTL
	z.countUp(r.now)
	return r.republish(z, "change_ttl")
}

// republish is the answer of an action after which the name servers have the whole zone anew.
func (r *request) republish(z *zone, command string) (reply, error) {
	a := r.action(command, ref("zone", z.ID))
	next := map[string]*served{}
	for id, set := range z.RRSets {
		next[id] = &served{Action: a.ID, TTL: set.ttl(z), Values: set.values()}
	}
	for id := range z.Served {
		if _, stays := next[id]; !stays {
			next[id] = &served{Action: a.ID}
		}
	}
	zoneID := z.ID
	r.do(0, step{action: a.ID, done: func(p *project) {
		for id, set := range next {
			p.publish(zoneID, id, set)
		}
	}})
	return r.actionReply(a)
}
