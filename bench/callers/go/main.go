// Asks jobs of load balancers as an ordinary Go program does, and prints one line of JSON: jobs answered, and errors
// by their words.
//
//	grpc-go-caller HOST:PORT[,HOST:PORT...] one|64|20/s|12/s SECONDS
//
// `one` and `64` are RunJob calls in flight, `N/s` is one RunJobs stream with so many jobs a second. With several
// addresses the client is set up as for production: round robin, health checks, keepalive, waiting and retries.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/protobuf/encoding/protowire"
)

const getTime = 1

const manyTargets = `{
  "loadBalancingConfig": [{"round_robin": {}}],
  "healthCheckConfig": {"serviceName": ""},
  "methodConfig": [{
    "name": [{"service": "trireme.v1.JobService"}],
    "waitForReady": true,
    "retryPolicy": {
      "maxAttempts": 4, "initialBackoff": "0.05s", "maxBackoff": "1s", "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }]
}`

// Messages as bytes: the caller needs no generated code.
type plain struct{}

func (plain) Name() string { return "proto" }
func (plain) Marshal(message any) ([]byte, error) {
	return *message.(*[]byte), nil
}
func (plain) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

type counts struct {
	sync.Mutex
	Jobs   int            `json:"jobs"`
	Failed map[string]int `json:"failed"`
}

func (c *counts) add(jobs int, err error) {
	c.Lock()
	defer c.Unlock()
	if err != nil {
		c.Failed[err.Error()]++
	} else {
		c.Jobs += jobs
	}
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: grpc-go-caller HOST:PORT[,HOST:PORT...] one|64|20/s SECONDS")
		os.Exit(2)
	}
	targets, mode := strings.Split(os.Args[1], ","), os.Args[2]
	seconds, err := strconv.ParseFloat(os.Args[3], 64)
	check(err)
	connection := dial(targets)
	defer connection.Close()
	end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	result := &counts{Failed: map[string]int{}}
	if perSecond, found := strings.CutSuffix(mode, "/s"); found {
		rate, err := strconv.Atoi(perSecond)
		check(err)
		stream(connection, rate, end, result)
	} else {
		inFlight := 1
		if mode != "one" {
			inFlight, err = strconv.Atoi(mode)
			check(err)
		}
		unary(connection, inFlight, end, result)
	}
	check(json.NewEncoder(os.Stdout).Encode(result))
}

func dial(targets []string) *grpc.ClientConn {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(plain{})),
	}
	name := "passthrough:///" + targets[0]
	if len(targets) > 1 {
		hubs := manual.NewBuilderWithScheme("hubs")
		state := resolver.State{}
		for _, target := range targets {
			state.Addresses = append(state.Addresses, resolver.Address{Addr: target})
		}
		hubs.InitialState(state)
		name = "hubs:///all"
		options = append(options, grpc.WithResolvers(hubs), grpc.WithDefaultServiceConfig(manyTargets),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, PermitWithoutStream: true}))
	}
	connection, err := grpc.NewClient(name, options...)
	check(err)
	return connection
}

func unary(connection *grpc.ClientConn, inFlight int, end time.Time, result *counts) {
	request := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), getTime)
	var callers sync.WaitGroup
	for range inFlight {
		callers.Go(func() {
			for time.Now().Before(end) {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				var answer []byte
				result.add(1, connection.Invoke(ctx, "/trireme.v1.JobService/RunJob", &request, &answer))
				cancel()
			}
		})
	}
	callers.Wait()
}

func stream(connection *grpc.ClientConn, perSecond int, end time.Time, result *counts) {
	description := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	calls, err := connection.NewStream(context.Background(), description, "/trireme.v1.JobService/RunJobs")
	check(err)
	received := make(chan struct{})
	go func() {
		defer close(received)
		for {
			var answer []byte
			if err := calls.RecvMsg(&answer); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				result.add(0, err)
				return
			}
			result.add(results(answer), nil)
		}
	}()
	ticks := time.NewTicker(time.Second / time.Duration(perSecond))
	defer ticks.Stop()
	for tag := uint64(1); time.Now().Before(end); tag++ {
		job := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), tag)
		job = protowire.AppendVarint(protowire.AppendTag(job, 2, protowire.VarintType), getTime)
		request := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), job)
		if err := calls.SendMsg(&request); err != nil {
			break
		}
		<-ticks.C
	}
	_ = calls.CloseSend()
	<-received
}

// Results in a RunJobsResponse: field 1, repeated.
func results(answer []byte) int {
	count := 0
	for len(answer) > 0 {
		_, _, n := protowire.ConsumeField(answer)
		if n < 0 {
			return count
		}
		answer = answer[n:]
		count++
	}
	return count
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
