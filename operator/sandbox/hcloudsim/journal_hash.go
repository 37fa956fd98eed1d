package hcloudsim

import (
	"hash/maphash"
	"net/netip"
	"reflect"
	"time"
)

// hashWriter adds a value of one type to a hash.
type hashWriter func(h *maphash.Hash, v reflect.Value)

// writerOf is the type's writer, put together once. Panics for a kind of type that no resource has; a test looks at all of them.
func (t *tracker) writerOf(typ reflect.Type) hashWriter {
	if w, ok := t.writers[typ]; ok {
		return w
	}
	w := t.newWriter(typ)
	t.writers[typ] = w
	return w
}

func (t *tracker) newWriter(typ reflect.Type) hashWriter {
	switch typ {
	case reflect.TypeFor[time.Time]():
		return func(h *maphash.Hash, v reflect.Value) { maphash.WriteComparable(h, valueOf[time.Time](v).UnixNano()) }
	case reflect.TypeFor[netip.Addr]():
		return func(h *maphash.Hash, v reflect.Value) { maphash.WriteComparable(h, valueOf[netip.Addr](v)) }
	case reflect.TypeFor[netip.Prefix]():
		return func(h *maphash.Hash, v reflect.Value) { maphash.WriteComparable(h, valueOf[netip.Prefix](v)) }
	}
	switch typ.Kind() {
	case reflect.Pointer:
		to := t.writerOf(typ.Elem())
		return func(h *maphash.Hash, v reflect.Value) {
			if maphash.WriteComparable(h, v.IsNil()); !v.IsNil() {
				to(h, v.Elem())
			}
		}
	case reflect.Struct:
		return t.structWriter(typ)
	case reflect.Slice, reflect.Array:
		element := t.writerOf(typ.Elem())
		return func(h *maphash.Hash, v reflect.Value) {
			maphash.WriteComparable(h, v.Len())
			for i := range v.Len() {
				element(h, v.Index(i))
			}
		}
	case reflect.Map:
		return t.mapWriter(typ)
	default:
		return plainWriter(typ)
	}
}

// structWriter writes the fields that are saved: those that are exported.
func (t *tracker) structWriter(typ reflect.Type) hashWriter {
	type field struct {
		index int
		write hashWriter
	}
	var fields []field
	for i := range typ.NumField() {
		if f := typ.Field(i); f.IsExported() || f.Anonymous {
			fields = append(fields, field{i, t.writerOf(f.Type)})
		}
	}
	return func(h *maphash.Hash, v reflect.Value) {
		for _, f := range fields {
			f.write(h, v.Field(f.index))
		}
	}
}

// mapWriter adds up the entries, since their order does not matter.
func (t *tracker) mapWriter(typ reflect.Type) hashWriter {
	key, value := t.writerOf(typ.Key()), t.writerOf(typ.Elem())
	return func(h *maphash.Hash, v reflect.Value) {
		var sum uint64
		for all := v.MapRange(); all.Next(); {
			var entry maphash.Hash
			entry.SetSeed(t.seed)
			key(&entry, all.Key())
			value(&entry, all.Value())
			sum += entry.Sum64()
		}
		maphash.WriteComparable(h, [2]uint64{uint64(v.Len()), sum})
	}
}

func plainWriter(typ reflect.Type) hashWriter {
	switch {
	case typ.Kind() == reflect.String:
		return func(h *maphash.Hash, v reflect.Value) {
			maphash.WriteComparable(h, v.Len())
			_, _ = h.WriteString(v.String()) // never fails
		}
	case typ.Kind() == reflect.Bool:
		return func(h *maphash.Hash, v reflect.Value) { maphash.WriteComparable(h, v.Bool()) }
	case reflect.Zero(typ).CanInt():
		return func(h *maphash.Hash, v reflect.Value) { maphash.WriteComparable(h, v.Int()) }
	case reflect.Zero(typ).CanUint():
		return func(h *maphash.Hash, v reflect.Value) { maphash.WriteComparable(h, v.Uint()) }
	case reflect.Zero(typ).CanFloat():
		return func(h *maphash.Hash, v reflect.Value) { maphash.WriteComparable(h, v.Float()) }
	default:
		panic("a resource has a field of a type that the journal does not know: " + typ.String())
	}
}

// valueOf takes the value of a known type, without an allocation where the value can be pointed at.
func valueOf[T any](v reflect.Value) T {
	if v.CanAddr() {
		return *v.Addr().Interface().(*T)
	}
	return v.Interface().(T)
}
