package hcloudsim

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hetzner Cloud API, "Pagination".
const (
	defaultPerPage = 25
	maxPerPage     = 50
)

type pagination struct {
	Page         int  `json:"page"`
	PerPage      int  `json:"per_page"`
	PreviousPage *int `json:"previous_page"`
	NextPage     *int `json:"next_page"`
	LastPage     *int `json:"last_page"`
	TotalEntries *int `json:"total_entries"`
}

type listMeta struct {
	Pagination pagination `json:"pagination"`
}

// comparators are the fields a list can be sorted by.
type comparators[T any] map[string]func(a, b T) int

func byMeta[T resource]() comparators[T] {
	return comparators[T]{
		"id":      func(a, b T) int { return cmp.Compare(a.common().ID, b.common().ID) },
		"name":    func(a, b T) int { return cmp.Compare(a.common().Name, b.common().Name) },
		"created": func(a, b T) int { return a.common().Created.Compare(b.common().Created) },
	}
}

// listResources answers a list: name and label_selector filters, then the given ones, sorted, one page of it.
func listResources[T resource](r *request, items map[int64]T, key string, render func(T) any, keep ...func(T) bool) (reply, error) {
	sel, err := parseSelector(r.query.Get("label_selector"))
	if err != nil {
		return reply{}, errInvalid("label_selector", "%v", err)
	}
	name, byName := r.query.Get("name"), r.query.Has("name")
	var found []T
	for _, item := range items {
		m := item.common()
		if (byName && m.Name != name) || !sel.matches(m.Labels) || slices.ContainsFunc(keep, func(k func(T) bool) bool { return !k(item) }) {
			continue
		}
		found = append(found, item)
	}
	return listPage(r, found, key, byMeta[T](), render)
}

// listPage sorts and cuts. Without a sort parameter the order is by ID.
func listPage[T any](r *request, found []T, key string, fields comparators[T], render func(T) any) (reply, error) {
	if err := sortBy(found, r.query["sort"], fields); err != nil {
		return reply{}, err
	}
	page, err := positive(r.query, "page", 1)
	if err != nil {
		return reply{}, err
	}
	perPage, err := positive(r.query, "per_page", defaultPerPage)
	if err != nil {
		return reply{}, err
	}
	meta := paginate(page, min(perPage, maxPerPage), len(found))
	rendered := []any{}
	if start := (meta.Page - 1) * meta.PerPage; start < len(found) {
		for _, item := range found[start:min(start+meta.PerPage, len(found))] {
			rendered = append(rendered, render(item))
		}
	}
	return reply{
		status: http.StatusOK,
		body:   map[string]any{key: rendered, "meta": listMeta{meta}},
		link:   linkHeader(r.url, meta),
	}, nil
}

func paginate(page, perPage, total int) pagination {
	last := max(1, (total+perPage-1)/perPage)
	p := pagination{Page: page, PerPage: perPage, LastPage: &last, TotalEntries: &total}
	if page > 1 {
		previous := min(page-1, last)
		p.PreviousPage = &previous
	}
	if page < last {
		next := page + 1
		p.NextPage = &next
	}
	return p
}

// linkHeader is RFC 8288: where the neighbouring pages are.
func linkHeader(u *url.URL, p pagination) string {
	var links []string
	for _, l := range []struct {
		rel  string
		page *int
	}{{"prev", p.PreviousPage}, {"next", p.NextPage}, {"last", p.LastPage}} {
		if l.page == nil {
			continue
		}
		q := u.Query()
		q.Set("page", strconv.Itoa(*l.page))
		links = append(links, fmt.Sprintf("<%s?%s>; rel=%s", u.Path, q.Encode(), l.rel))
	}
	return strings.Join(links, ", ")
}

func positive(q url.Values, name string, fallback int) (int, error) {
	if !q.Has(name) {
		return fallback, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 || n > 1_000_000 {
		return 0, errInvalid(name, "must be a positive number")
	}
	return n, nil
}

// sortBy orders by field[:asc|desc], the first parameter first, then by ID.
func sortBy[T any](items []T, params []string, fields comparators[T]) error {
	var order []func(a, b T) int
	for _, param := range params {
		field, direction, _ := strings.Cut(param, ":")
		compare, ok := fields[field]
		if !ok || (direction != "" && direction != "asc" && direction != "desc") {
			return errInvalid("sort", "must be a field of the list, optionally followed by :asc or :desc")
		}
		if direction == "desc" {
			ascending := compare
			compare = func(a, b T) int { return ascending(b, a) }
		}
		order = append(order, compare)
	}
	order = append(order, fields["id"])
	slices.SortFunc(items, func(a, b T) int {
		for _, compare := range order {
			if c := compare(a, b); c != 0 {
				return c
			}
		}
		return 0
	})
	return nil
}

func compareTimes(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}
