package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// Problem is what the server answers instead of 2xx (RFC 9457). Code is stable. Retriable: the same
// request may succeed later. Applied: "no", or "unknown" when what it was to write may be written.
type Problem struct {
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Retriable bool   `json:"retriable"`
	Applied   string `json:"applied"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// Record is one to be written, or one that was read.
type Record struct {
	Topic     string          `json:"topic,omitempty"`
	Partition *int            `json:"partition,omitempty"`
	Offset    int64           `json:"offset,omitempty"`
	Key       string          `json:"key"`
	Value     json.RawMessage `json:"value"`
}

// Bus is the REST API of one tenant.
type Bus struct {
	URL    string `json:"url"`
	APIKey string `json:"apiKey"`
}

// busFromEnvironment goes by COURANT_URL and COURANT_API_KEY, or by the file that `npm start` writes.
func busFromEnvironment() (*Bus, error) {
	bus := &Bus{URL: os.Getenv("COURANT_URL"), APIKey: os.Getenv("COURANT_API_KEY")}
	if bus.URL != "" && bus.APIKey != "" {
		return bus, nil
	}
	directory := os.Getenv("COURANT_DATA_DIR")
	if directory == "" {
		directory = filepath.Join("..", "..", ".courant")
	}
	file, err := os.ReadFile(filepath.Join(directory, "credentials.json"))
	if err != nil {
		return nil, err
	}
	return bus, json.Unmarshal(file, bus)
}

// CreateTopic is safe to repeat: an equal topic is left as it is.
func (b *Bus) CreateTopic(name string, partitions int) error {
	body := map[string]any{"name": name, "partitions": partitions}
	return b.call("POST", "/v1/topics", body, nil)
}

// Produce returns the problem of the first record that is not known to be written.
func (b *Bus) Produce(topic string, records []Record) error {
	var answer struct {
		Results []struct {
			Problem *Problem `json:"problem"`
		} `json:"results"`
	}
	body := map[string]any{"records": records}
	if err := b.call("POST", "/v1/topics/"+topic+"/records", body, &answer); err != nil {
		return err
	}
	if len(answer.Results) != len(records) {
		return errors.New("the answer has not one result a record")
	}
	for index, result := range answer.Results {
		if result.Problem != nil {
			return fmt.Errorf("record %d: %w", index, result.Problem)
		}
	}
	return nil
}

// call sends body as JSON and fills answer, unless they are nil. Returns a *Problem, or the error of the network.
func (b *Bus) call(method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, b.URL+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+b.APIKey)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		problem := &Problem{}
		if json.Unmarshal(text, problem) != nil || problem.Code == "" {
			return fmt.Errorf("%s answered %s", b.URL, response.Status)
		}
		return problem
	}
	if answer == nil || len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, answer)
}
