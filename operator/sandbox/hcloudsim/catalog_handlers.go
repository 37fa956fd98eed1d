package hcloudsim

import (
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func catalogRoutes(t *table) {
	t.get("/locations", listLocations)
	t.get("/locations/{id}", getLocation)
	t.get("/server_types", listServerTypes)
	t.get("/server_types/{id}", getServerType)
	t.get("/pricing", getPricing)
	gone := func(*request) (reply, error) {
		return reply{}, deprecatedEndpoint("datacenters were removed on 2026-10-01; use locations")
	}
	t.get("/datacenters", gone)
	t.get("/datacenters/{id}", gone)
}

func deprecatedEndpoint(message string) error {
	return &apiError{http.StatusGone, "deprecated_api_endpoint", message,
		map[string]string{"announcement": "https://docs.hetzner.cloud/changelog"}}
}

// entry makes the catalog's items sortable and filterable like resources.
type entry[T any] struct {
	meta
	item T
}

func listCatalog[T any](r *request, items []T, key string, describe func(T) meta, render func(T) any, keep ...func(T) bool) (reply, error) {
	entries := map[int64]*entry[T]{}
	for _, item := range items {
		m := describe(item)
		entries[m.ID] = &entry[T]{m, item}
	}
	var keepEntry []func(*entry[T]) bool
	for _, k := range keep {
		keepEntry = append(keepEntry, func(e *entry[T]) bool { return k(e.item) })
	}
	return listResources(r, entries, key, func(e *entry[T]) any { return render(e.item) }, keepEntry...)
}

func listLocations(r *request) (reply, error) {
	return listCatalog(r, r.api.catalog.Locations, "locations",
		func(l schema.Location) meta { return meta{ID: l.ID, Name: l.Name} },
		func(l schema.Location) any { return l })
}

func getLocation(r *request) (reply, error) {
	l, ok := r.api.catalog.location(schema.IDOrName{ID: r.id})
	if !ok {
		return reply{}, errNotFound("location", r.id)
	}
	return reply{status: http.StatusOK, body: schema.LocationGetResponse{Location: l}}, nil
}

func listServerTypes(r *request) (reply, error) {
	return listCatalog(r, r.api.catalog.Types, "server_types",
		func(t serverType) meta { return meta{ID: t.ID, Name: t.Name} },
		func(t serverType) any { return r.api.catalog.renderType(t) })
}

func getServerType(r *request) (reply, error) {
	t, ok := r.api.catalog.serverType(schema.IDOrName{ID: r.id})
	if !ok {
		return reply{}, errNotFound("server type", r.id)
	}
	return reply{status: http.StatusOK, body: schema.ServerTypeGetResponse{ServerType: r.api.catalog.renderType(t)}}, nil
}

func getPricing(r *request) (reply, error) {
	return reply{status: http.StatusOK, body: schema.PricingGetResponse{Pricing: r.api.catalog.renderPricing()}}, nil
}
