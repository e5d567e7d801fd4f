package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// cniConfig is what a CNI plugin reads, as far as this one needs it.
type cniConfig struct {
	CNIVersion string          `json:"cniVersion"`
	Socket     string          `json:"socket"`
	PrevResult json.RawMessage `json:"prevResult"`
}

// runPlugin is this program as the last plugin of the pods' network: a pod's containers start when it returns.
func runPlugin(env func(string) string, in io.Reader, out io.Writer) error {
	var config cniConfig
	if err := json.NewDecoder(in).Decode(&config); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	switch env("CNI_COMMAND") {
	case "VERSION":
		_, err := fmt.Fprintf(out, `{"cniVersion":%q,"supportedVersions":["0.4.0","1.0.0","1.1.0"]}`, config.CNIVersion)
		return err
	case "ADD":
		request, err := requestFrom(env("CNI_ARGS"), config.PrevResult)
		if err != nil {
			return err
		}
		if err := askGate(config.Socket, request); err != nil {
			return err
		}
		_, err = out.Write(config.PrevResult)
		return err
	default:
		return nil
	}
}

func requestFrom(args string, prevResult json.RawMessage) (gateRequest, error) {
	var request gateRequest
	for _, arg := range strings.Split(args, ";") {
		if uid, ok := strings.CutPrefix(arg, "K8S_POD_UID="); ok {
			request.Pod = types.UID(uid)
		}
	}
	if request.Pod == "" {
		return request, fmt.Errorf("no K8S_POD_UID in CNI_ARGS")
	}
	var result struct {
		IPs []struct {
			Address netip.Prefix `json:"address"`
		} `json:"ips"`
	}
	if err := json.Unmarshal(prevResult, &result); err != nil {
		return request, fmt.Errorf("prevResult: %w", err)
	}
	for _, ip := range result.IPs {
		if ip.Address.Addr().Is4() {
			request.IP = ip.Address.Addr()
			return request, nil
		}
	}
	return request, fmt.Errorf("no IPv4 address in prevResult")
}

// failure is how a CNI plugin says that it failed.
func failure(err error) string {
	text, _ := json.Marshal(map[string]any{"cniVersion": "1.0.0", "code": 100, "msg": "NetworkPolicy: " + err.Error()})
	return string(text)
}
