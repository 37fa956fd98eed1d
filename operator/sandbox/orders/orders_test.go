package orders

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errOver = errors.New("over")

func carry(q *Queue) {
	for {
		select {
		case o := <-q.Next():
			o.Carry()
		case <-q.Ended():
			return
		}
	}
}

func TestOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(errOver)
		go carry(q)
		defer q.End()
		busy, most := 0, 0
		for range 10 {
			go q.Do(t.Context(), func() error {
				busy++
				most = max(most, busy)
				time.Sleep(time.Second) // simulated
				busy--
				return nil
			})
		}
		began := time.Now()
		synctest.Wait()
		if err := q.Do(t.Context(), func() error { return errors.New("broken") }); err == nil || err.Error() != "broken" {
			t.Errorf("got %v, want the step's error", err)
		}
		time.Sleep(10 * time.Second) // simulated
		if err := q.Do(t.Context(), func() error { return nil }); err != nil || most != 1 || busy != 0 {
			t.Errorf("%d steps at once, %d after %s: %v", most, busy, time.Since(began), err)
		}
	})
}

func TestTheStepGoesOnWithoutTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(errOver)
		go carry(q)
		defer q.End()
		done := false
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := q.Do(impatient, func() error { time.Sleep(time.Minute); done = true; return nil }) // simulated
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := q.Do(impatient, func() error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with the loop busy: got %v", err)
		}
		if err := q.Do(t.Context(), func() error { return nil }); err != nil || !done {
			t.Errorf("the step was done: %v, %v", done, err)
		}
	})
}

func TestNothingAfterTheEnd(t *testing.T) {
	q := New(errOver)
	go carry(q)
	q.End()
	q.End()
	// An order that comes at the same time may still be carried out.
	for q.Do(t.Context(), func() error { return nil }) == nil {
	}
	if err := q.Do(t.Context(), func() error { t.Error("carried out"); return nil }); !errors.Is(err, errOver) {
		t.Errorf("got %v", err)
	}
}
