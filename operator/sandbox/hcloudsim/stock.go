package hcloudsim

import (
	"errors"
	"fmt"
	"time"
)

// Stock says whether a server type can be created at a location.
type Stock struct {
	ServerType string `json:"server_type"`
	Location   string `json:"location"`
	InStock    bool   `json:"in_stock"` // if not: 412 resource_unavailable
	// Withdrawn: the type is not offered there any more, 422 "unsupported location". It can be offered again.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// StockFlips let stock come and go by the simulator's clock: in each period of length Every a pair of type and location is sold out with a
// probability of Share, drawn from Seed, the pair and the period. What the API shows as available is the period before: at Hetzner, too,
// the flags lie in both directions, and only a create tells.
type StockFlips struct {
	Seed  uint64   `json:"seed"`
	Every Duration `json:"every"`
	Share float64  `json:"share"`
}

func (f StockFlips) validate() error {
	var errs []error
	if f.Every < Duration(time.Second) {
		errs = append(errs, fmt.Errorf("every %v is too short, need at least 1s", time.Duration(f.Every)))
	}
	if !(f.Share >= 0 && f.Share <= 1) {
		errs = append(errs, fmt.Errorf("share %v is out of range, need 0 to 1", f.Share))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stock flips: %w", err)
	}
	return nil
}

// soldOut draws whether a pair is sold out at a time. The zero value never is.
func (f StockFlips) soldOut(pair typeLocation, at time.Time) bool {
	if f.Every <= 0 {
		return false
	}
	period := at.UnixNano() / int64(f.Every)
	return draw(f.Seed, pair.serverType+"@"+pair.location, uint64(period)).Float64() < f.Share
}

// stock is what can be had where. Guarded by Server.mu.
type stock struct {
	priced    map[typeLocation]bool // pairs with a price → in stock unless it flips
	withdrawn map[typeLocation]bool
	flips     StockFlips
	now       func() time.Time
}

// offered says whether the type can be ordered at the location at all, in stock or not.
func (c *catalog) offered(t serverType, location string) bool {
	pair := typeLocation{t.Name, location}
	_, priced := c.stock.priced[pair]
	return priced && !c.stock.withdrawn[pair]
}

// inStock says whether a create succeeds now.
func (c *catalog) inStock(t serverType, location string) bool {
	return c.offered(t, location) && c.stock.at(typeLocation{t.Name, location}, c.stock.now())
}

// shownInStock is what the API says about it.
func (c *catalog) shownInStock(t serverType, location string) bool {
	before := c.stock.now().Add(-time.Duration(c.stock.flips.Every))
	return c.offered(t, location) && c.stock.at(typeLocation{t.Name, location}, before)
}

func (s *stock) at(pair typeLocation, at time.Time) bool {
	return s.priced[pair] && !s.flips.soldOut(pair, at)
}

// SetStock says whether a server type can be created at a location from now on. Returns an error for a pair without a price.
func (s *Server) SetStock(serverType, location string, inStock bool) error {
	return s.changeStock(Stock{ServerType: serverType, Location: location, InStock: inStock})
}

func (s *Server) changeStock(w Stock) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pair := typeLocation{w.ServerType, w.Location}
	if _, ok := s.catalog.stock.priced[pair]; !ok {
		return fmt.Errorf("set stock: server type %q is not offered at location %q", w.ServerType, w.Location)
	}
	s.catalog.stock.priced[pair] = w.InStock && !w.Withdrawn
	s.catalog.stock.withdrawn[pair] = w.Withdrawn
	return nil
}

// SetStockFlips lets stock come and go from now on; nil ends that.
func (s *Server) SetStockFlips(f *StockFlips) error {
	var flips StockFlips
	if f != nil {
		if err := f.validate(); err != nil {
			return err
		}
		flips = *f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catalog.stock.flips = flips
	return nil
}
