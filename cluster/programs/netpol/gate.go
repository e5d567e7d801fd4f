package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net"
	"net/netip"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// How long a pod's start is held up before it fails, to be tried again by the kubelet: a pod that can't be isolated
// does not start.
const patience = 5 * time.Second

type gateRequest struct {
	Pod types.UID  `json:"pod"`
	IP  netip.Addr `json:"ip"`
}

type gateReply struct {
	Error string `json:"error,omitempty"`
}

// ServeGate answers the CNI plugin on a unix socket: each answer says that the pod's rules are in the kernel.
func ServeGate(ctx context.Context, socket string, assigned *Assigned) error {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				if ctx.Err() == nil {
					log.Fatalf("gate: %v", err)
				}
				return
			}
			go answer(ctx, conn, assigned)
		}
	}()
	return nil
}

func answer(ctx context.Context, conn net.Conn, assigned *Assigned) {
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn.SetDeadline(time.Now().Add(patience + time.Second))
	var request gateRequest
	var reply gateReply
	if err := json.NewDecoder(conn).Decode(&request); err != nil {
		reply.Error = err.Error()
	} else if err := assigned.Assign(ctx, request.Pod, request.IP); err != nil {
		reply.Error = "no rules for pod " + string(request.Pod) + ": " + err.Error()
		log.Print(reply.Error)
	}
	json.NewEncoder(conn).Encode(reply)
}

// askGate is the plugin's side of ServeGate.
func askGate(socket string, request gateRequest) error {
	conn, err := net.DialTimeout("unix", socket, patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience + 2*time.Second))
	if err := json.NewEncoder(conn).Encode(request); err != nil {
		return err
	}
	var reply gateReply
	if err := json.NewDecoder(conn).Decode(&reply); err != nil {
		return err
	}
	if reply.Error != "" {
		return errors.New(reply.Error)
	}
	return nil
}
