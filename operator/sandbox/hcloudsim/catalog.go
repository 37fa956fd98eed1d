package hcloudsim

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// catalogJSON holds what every project can order, with date and source.
//
//go:embed catalog.json
var catalogJSON []byte

// catalog is what every project can order. Only the stock changes.
type catalog struct {
	Currency         string            `json:"currency"`
	VATPercent       int64             `json:"vat_percent"`
	PrimaryIPv4      hourMonth         `json:"primary_ipv4"`
	FloatingIPv4     string            `json:"floating_ipv4_monthly"`
	FloatingIPv6     string            `json:"floating_ipv6_monthly"`
	VolumeGB         string            `json:"volume_gb_monthly"`
	ImageGB          string            `json:"image_gb_monthly"`
	TrafficTB        string            `json:"traffic_tb"`
	BackupPercentage string            `json:"backup_percentage"`
	Locations        []schema.Location `json:"locations"`
	Priced           []string          `json:"priced_locations"`
	Types            []serverType      `json:"server_types"`
	Images           []image           `json:"images"`

	stock stock
}

// hourMonth is a price in the catalog's currency, net.
type hourMonth struct {
	Hour  string `json:"hourly"`
	Month string `json:"monthly"`
}

type typeLocation struct{ serverType, location string }

type serverType struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	Category  string  `json:"category"`
	Cores     int     `json:"cores"`
	Memory    float32 `json:"memory"` // GB
	Disk      int     `json:"disk"`   // GB
	CPU       string  `json:"cpu"`    // shared or dedicated
	Arch      string  `json:"arch"`
	Month     string  `json:"month"` // net
	Hour      string  `json:"hour"`  // net
	TrafficTB uint64  `json:"traffic_tb"`
	Stock     bool    `json:"stock"`
}

type image struct {
	ID          int64     `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	OSFlavor    string    `json:"os_flavor"`
	OSVersion   string    `json:"os_version"`
	Arch        string    `json:"arch"`
	Disk        float32   `json:"disk"` // GB
	Created     time.Time `json:"created"`
}

func loadCatalog() (*catalog, error) {
	c := &catalog{stock: stock{priced: map[typeLocation]bool{}, withdrawn: map[typeLocation]bool{}, now: time.Now}}
	if err := json.Unmarshal(catalogJSON, c); err != nil {
		return nil, fmt.Errorf("read embedded catalog: %w", err)
	}
	for _, t := range c.Types {
		for _, l := range c.Priced {
			c.stock.priced[typeLocation{t.Name, l}] = t.Stock
		}
	}
	return c, nil
}

func (c *catalog) location(ref schema.IDOrName) (schema.Location, bool) {
	return pick(c.Locations, func(l schema.Location) bool { return ref.ID == l.ID || ref.ID == 0 && ref.Name == l.Name })
}

func (c *catalog) serverType(ref schema.IDOrName) (serverType, bool) {
	return pick(c.Types, func(t serverType) bool { return ref.ID == t.ID || ref.ID == 0 && ref.Name == t.Name })
}

// image finds by ID, or by name and architecture.
func (c *catalog) image(ref schema.IDOrName, arch string) (image, bool) {
	return pick(c.Images, func(i image) bool { return ref.ID == i.ID || ref.ID == 0 && ref.Name == i.Name && arch == i.Arch })
}

func (c *catalog) zone(name string) bool {
	return slices.ContainsFunc(c.Locations, func(l schema.Location) bool { return l.NetworkZone == name })
}

// price adds the VAT. Hetzner sends net prices with ten decimals and gross prices with sixteen.
func (c *catalog) price(net string) schema.Price {
	n, ok := new(big.Rat).SetString(net)
	if !ok {
		n = new(big.Rat)
	}
	gross := new(big.Rat).Mul(n, big.NewRat(100+c.VATPercent, 100))
	return schema.Price{Net: n.FloatString(10), Gross: gross.FloatString(16)}
}

func pick[T any](items []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(items, is); i >= 0 {
		return items[i], true
	}
	var none T
	return none, false
}
