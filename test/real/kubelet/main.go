// Command kubelet is as much of a node as tests of exec need: Kubernetes' own streaming of commands, in front of real
// processes. The folder --containers has a folder for each container, whose files are the programs that it contains.
// It prints the port on which it listens, and knows no authentication: for tests on one machine alone.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/creack/pty"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// host runs commands as processes of this machine.
type host struct{ containers string }

func (h host) ExecInContainer(ctx context.Context, _, _, container string, command []string, in io.Reader, out, errOut io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration) error {
	program := filepath.Join(h.containers, container, filepath.Base(command[0]))
	if _, err := os.Stat(program); err != nil {
		// The words of runc.
		return fmt.Errorf("OCI runtime exec failed: exec failed: unable to start container process: exec: %q: executable file not found in $PATH", command[0])
	}
	process := exec.CommandContext(ctx, program, command[1:]...)
	process.Env = append(os.Environ(), "TERM=xterm", "PS1=$ ")
	if !tty {
		process.Stdin, process.Stdout, process.Stderr = in, out, errOut
		return exitOf(process.Run())
	}
	terminal, err := pty.Start(process)
	if err != nil {
		return err
	}
	// As a container runtime does, a connection that is gone hangs up the terminal.
	defer terminal.Close()
	go func() {
		for size := range resize {
			_ = pty.Setsize(terminal, &pty.Winsize{Cols: size.Width, Rows: size.Height})
		}
	}()
	go func() {
		_, _ = io.Copy(terminal, in)
		_ = terminal.Close()
	}()
	_, _ = io.Copy(out, terminal)
	_ = terminal.Close()
	return exitOf(process.Wait())
}

func exitOf(err error) error {
	if exit, ok := err.(*exec.ExitError); ok {
		return &utilexec.ExitErrorWrapper{ExitError: exit}
	}
	return err
}

func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func main() {
	containers := flag.String("containers", "", "folder of the containers")
	flag.Parse()
	runtime := host{*containers}
	http.HandleFunc("/exec/", func(w http.ResponseWriter, req *http.Request) {
		// /exec/{namespace}/{pod}/{container}
		parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
		options, err := remotecommand.NewOptions(req)
		if err != nil || len(parts) != 4 {
			http.Error(w, fmt.Sprint("not a call of exec: ", err), http.StatusBadRequest)
			return
		}
		remotecommand.ServeExec(w, req, runtime, parts[2], "", parts[3], req.URL.Query()["command"], options, time.Hour, 10*time.Second, remotecommand.SupportedStreamingProtocols)
	})
	http.HandleFunc("/containerLogs/", serveLogs(*containers))
	cert, err := certificate()
	if err != nil {
		log.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, nil))
}
