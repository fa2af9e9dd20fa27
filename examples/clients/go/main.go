// Asks a load balancer for jobs over its --http port and prints one answer a line. It needs nothing but Go's standard
// library: Connect is JSON over HTTP.
//
//	go run . http://127.0.0.1:8051 GET_TIME MINE_BITCOIN
//
// A token is read from TRIREME_TOKEN. Ends with 1 when a job has failed. With grpc-go instead, generate code from the
// .proto files of the package: buf generate, or protoc with its Go plug-ins.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

type answer struct {
	Result string `json:"result"`
	Worker string `json:"worker"`
}

// Failure is an error as Connect writes it. The details are google.rpc.ErrorInfo and RetryInfo; `debug` is their JSON.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details []struct {
		Type  string          `json:"type"`
		Debug json.RawMessage `json:"debug"`
	} `json:"details"`
}

func (f *failure) Error() string {
	text := f.Code + ": " + f.Message
	for _, detail := range f.Details {
		text += fmt.Sprintf(" (%s %s)", detail.Type, detail.Debug)
	}
	return text
}

func runJob(ctx context.Context, base, kind string) (*answer, error) {
	body, err := json.Marshal(map[string]string{"kindName": kind})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/trireme.v1.JobService/RunJob", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("content-type", "application/json")
	if deadline, ok := ctx.Deadline(); ok {
		request.Header.Set("connect-timeout-ms", fmt.Sprint(time.Until(deadline).Milliseconds()))
	}
	if token := os.Getenv("TRIREME_TOKEN"); token != "" {
		request.Header.Set("authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		failed := &failure{Code: response.Status}
		_ = json.Unmarshal(text, failed)
		return nil, failed
	}
	var got answer
	return &got, json.Unmarshal(text, &got)
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: jobs http://HOST:PORT KIND...")
		os.Exit(2)
	}
	code := 0
	for _, kind := range os.Args[2:] {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		got, err := runJob(ctx, os.Args[1], kind)
		cancel()
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", kind, err)
			code = 1
			continue
		}
		fmt.Printf("%s by %s\n", got.Result, got.Worker)
	}
	os.Exit(code)
}
