package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"
)

const pause = time.Second

// Member is one of a consumer group, at least once; the protocol is in docs/consumer-groups.md. One
// a process. Its session runs for 45 s from each answer: process a batch within it.
type Member struct {
	bus       *Bus
	path      string
	topics    []string
	id        string
	inWork    *string
	processed *string
}

func newMember(bus *Bus, group string, topics ...string) *Member {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		panic(err)
	}
	return &Member{
		bus:    bus,
		path:   "/v1/groups/" + group,
		topics: topics,
		id:     hex.EncodeToString(id),
	}
}

// Poll returns the next records, perhaps none, and commits what Done was called for. The same
// request is safe to repeat, whatever became of the last one. None and no error when ctx has ended.
func (m *Member) Poll(ctx context.Context) ([]Record, error) {
	for ctx.Err() == nil {
		var answer struct {
			Records    []Record `json:"records"`
			LeaseToken string   `json:"leaseToken"`
		}
		body := map[string]any{
			"memberId": m.id, "topics": m.topics, "waitMs": 5000, "maxRecords": 10, "ack": m.processed,
		}
		err := m.bus.call("POST", m.path+"/poll", body, &answer)
		if err == nil {
			m.inWork, m.processed = &answer.LeaseToken, nil
			return answer.Records, nil
		}
		var problem *Problem
		switch {
		case errors.As(err, &problem) && problem.Code == "LEASE_EXPIRED":
			// Others have these records now; reading goes on at what is committed.
			m.processed = nil
		case problem != nil && !problem.Retriable:
			return nil, err
		default:
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
	return nil, nil
}

// Done: all that the last poll has brought is processed.
func (m *Member) Done() { m.processed = m.inWork }

// Leave commits what is processed and gives the partitions to the others at once.
func (m *Member) Leave() error {
	var commit error
	if m.processed != nil {
		body := map[string]any{"leaseToken": *m.processed}
		commit = m.bus.call("POST", m.path+"/commit", body, nil)
	}
	return errors.Join(commit, m.bus.call("DELETE", m.path+"/members/"+m.id, nil, nil))
}
