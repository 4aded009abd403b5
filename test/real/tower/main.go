// Both ends of tower's protocol made of Go's own SSH, as KubeSphere's tower is, for tests of ours. The
// agent connects, introduces itself, and carries channels to the addresses that the server names.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/crypto/ssh"
)

// stream makes one stream of bytes of the messages of a WebSocket.
type stream struct {
	*websocket.Conn
	rest []byte
}

func (s *stream) Read(into []byte) (int, error) {
	if len(s.rest) == 0 {
		_, message, err := s.ReadMessage()
		if err != nil {
			return 0, err
		}
		s.rest = message
	}
	n := copy(into, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *stream) Write(bytes []byte) (int, error) {
	return len(bytes), s.WriteMessage(websocket.BinaryMessage, bytes)
}

func (s *stream) SetDeadline(at time.Time) error {
	if err := s.SetReadDeadline(at); err != nil {
		return err
	}
	return s.SetWriteDeadline(at)
}

func carry(channel ssh.NewChannel) {
	near, requests, err := channel.Accept()
	if err != nil {
		log.Fatal(err)
	}
	defer near.Close()
	go ssh.DiscardRequests(requests)
	far, err := net.Dial("tcp", string(channel.ExtraData()))
	if err != nil {
		return
	}
	ended := make(chan struct{}, 2)
	for _, pair := range [][2]io.ReadWriter{{near, far}, {far, near}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			ended <- struct{}{}
		}()
	}
	// As in tower, the end of one direction ends both.
	<-ended
	far.Close()
}

func main() {
	server := flag.String("server", "", "ws://…")
	token := flag.String("token", "", "token of the cluster")
	service := flag.String("service", "", "host:port of both services")
	rekey := flag.Uint64("rekey", 0, "bytes after which the keys change")
	serves := flag.Bool("serve", false, "be the server instead")
	flag.Parse()
	if *serves {
		serve(*token, *rekey)
	}

	dialer := websocket.Dialer{Subprotocols: []string{"kubesphere-v1"}}
	socket, _, err := dialer.Dial(*server, nil)
	if err != nil {
		log.Fatal(err)
	}
	conn, channels, requests, err := ssh.NewClientConn(&stream{Conn: socket}, "", &ssh.ClientConfig{
		Config:          ssh.Config{RekeyThreshold: *rekey},
		Auth:            []ssh.AuthMethod{ssh.Password("")},
		ClientVersion:   "SSH-kubesphere-v1-client",
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		log.Fatal(err)
	}
	config, _ := json.Marshal(map[string]any{
		"Version": "test", "Name": "east", "Token": *token,
		"KubernetesSvcHost": *service, "KubeSphereSvcHost": *service,
		"CAData": []byte("CA"), "BearerToken": []byte("token of the pod"),
	})
	ok, text, err := conn.SendRequest("config", true, config)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("config %v %q\n", ok, text)
	if !ok {
		os.Exit(1)
	}
	go ssh.DiscardRequests(requests)
	go func() {
		for channel := range channels {
			go carry(channel)
		}
	}()
	ok, text, err = conn.SendRequest("ping", true, nil)
	fmt.Printf("ping %v %q %v\n", ok, text, err)
	fmt.Println("ended", conn.Wait())
}
