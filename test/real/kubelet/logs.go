package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	internalapi "k8s.io/cri-api/pkg/apis"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-client/pkg/logs"
)

// containerStates tells whether a container runs: it has ended once its folder has a file "exited".
type containerStates struct {
	internalapi.RuntimeService
	folder string
}

func (s containerStates) ContainerStatus(context.Context, string, bool) (*runtimeapi.ContainerStatusResponse, error) {
	state := runtimeapi.ContainerState_CONTAINER_RUNNING
	if _, err := os.Stat(filepath.Join(s.folder, "exited")); err == nil {
		state = runtimeapi.ContainerState_CONTAINER_EXITED
	}
	return &runtimeapi.ContainerStatusResponse{Status: &runtimeapi.ContainerStatus{State: state}}, nil
}

// flushWriter sends what is written at once.
type flushWriter struct{ http.ResponseWriter }

func (w flushWriter) Write(bytes []byte) (int, error) {
	n, err := w.ResponseWriter.Write(bytes)
	w.ResponseWriter.(http.Flusher).Flush()
	return n, err
}

// serveLogs shows the file "log" of a container's folder, or "previous", with the code of a kubelet.
func serveLogs(containers string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		// /containerLogs/{namespace}/{pod}/{container}
		parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
		if len(parts) != 4 {
			http.Error(w, "not a call of logs", http.StatusBadRequest)
			return
		}
		query := req.URL.Query()
		options := &logs.LogOptions{Follow: query.Get("follow") == "true", Timestamp: query.Get("timestamps") == "true"}
		if since := query.Get("sinceTime"); since != "" {
			time, err := time.Parse(time.RFC3339, since)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			options.Since = time
		}
		folder, name := filepath.Join(containers, parts[3]), "log"
		if query.Get("previous") == "true" {
			name = "previous"
		}
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err != nil {
			http.Error(w, fmt.Sprintf("previous terminated container %q not found", parts[3]), http.StatusBadRequest)
			return
		}
		w.Header().Set("Transfer-Encoding", "chunked")
		out := flushWriter{w}
		if err := logs.ReadLogs(req.Context(), path, parts[3], options, containerStates{folder: folder}, out, out); err != nil {
			fmt.Fprintln(os.Stderr, "logs:", err)
		}
	}
}
