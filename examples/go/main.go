// A producer and a member of a consumer group with nothing but Go's standard library:
//
//	go run . produce <topic> <how many records>
//	go run . consume <topic> <group> [how many records at least]
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	bus, err := busFromEnvironment()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 3 && args[0] == "produce":
		count, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return produce(bus, args[1], count)
	case len(args) == 3 && args[0] == "consume":
		return consume(bus, args[1], args[2], math.MaxInt)
	case len(args) == 4 && args[0] == "consume":
		count, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		return consume(bus, args[1], args[2], count)
	}
	return fmt.Errorf("usage: produce <topic> <count> | consume <topic> <group> [count]")
}

// produce writes orders of a few customers; those of one customer stay in order.
func produce(bus *Bus, topic string, count int) error {
	if err := bus.CreateTopic(topic, 3); err != nil {
		return err
	}
	records := make([]Record, count)
	for n := range records {
		value, err := json.Marshal(map[string]int{"order": n, "total": 100 * n})
		if err != nil {
			return err
		}
		records[n] = Record{Key: fmt.Sprintf("cust-%d", n%7), Value: value}
	}
	if err := bus.Produce(topic, records); err != nil {
		return err
	}
	fmt.Printf("%d records written to %s\n", count, topic)
	return nil
}

// consume prints records until there were enough, or Ctrl-C. Start several: they share the topic.
func consume(bus *Bus, topic, group string, count int) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	member := newMember(bus, group, topic)
	defer func() {
		if leaving := member.Leave(); err == nil {
			err = leaving
		}
	}()
	for seen := 0; seen < count && ctx.Err() == nil; {
		records, err := member.Poll(ctx)
		if err != nil {
			return err
		}
		for _, record := range records {
			fmt.Printf("%d/%d\t%s\t%s\n", *record.Partition, record.Offset, record.Key, record.Value)
		}
		member.Done()
		seen += len(records)
	}
	return nil
}
