package hcloudsim

// unsupportedRoutes are resources that the simulator knows by name only: their lists are empty and creating one is refused.
func unsupportedRoutes(t *table) {
	for path, kind := range map[string]string{
		"volumes": "volume", "floating_ips": "floating IP", "load_balancers": "load balancer", "certificates": "certificate",
		"load_balancer_types": "load balancer type", "isos": "ISO", "storage_boxes": "storage box",
	} {
		t.get("/"+path, func(r *request) (reply, error) { return listPage(r, nil, path, byMeta[*entry[int]](), nil) })
		t.get("/"+path+"/{id}", func(r *request) (reply, error) { return reply{}, errNotFound(kind, r.id) })
		if kind == "ISO" || kind == "load balancer type" {
			continue
		}
		t.post("/"+path, func(*request) (reply, error) {
			return reply{}, errUnprocessable("unsupported_error", "the simulated cloud has no %ss", kind)
		})
		t.delete("/"+path+"/{id}", func(r *request) (reply, error) { return reply{}, errNotFound(kind, r.id) })
	}
}
