package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/gorilla/websocket"
	"golang.org/x/crypto/ssh"
)

// serve is the other end, made of Go's own SSH as tower is: it takes one agent, and reads `/big`
// and `/small` of the service that the agent names, through channels.
func serve(token string, rekey uint64) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		log.Fatal(err)
	}
	config := &ssh.ServerConfig{
		Config:        ssh.Config{RekeyThreshold: rekey},
		ServerVersion: "SSH-kubesphere-v1-server",
		PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
			return nil, nil
		},
	}
	config.AddHostKey(signer)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening ws://%s\n", listener.Addr())
	// Like tower, it does not name the subprotocol in its answer.
	upgrader := websocket.Upgrader{}
	log.Fatal(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		take(&stream{Conn: socket}, config, token)
	})))
}

func take(raw *stream, config *ssh.ServerConfig, token string) {
	conn, channels, requests, err := ssh.NewServerConn(raw, config)
	if err != nil {
		fmt.Println("handshake", err)
		return
	}
	go func() {
		for channel := range channels {
			_ = channel.Reject(ssh.Prohibited, "no")
		}
	}()
	first := <-requests
	var told struct{ Name, Token, KubernetesSvcHost string }
	_ = json.Unmarshal(first.Payload, &told)
	if first.Type != "config" || told.Token != token {
		fmt.Println("refused", told.Name)
		_ = first.Reply(false, []byte("Unauthorized agent"))
		return
	}
	_ = first.Reply(true, nil)
	go func() {
		for request := range requests {
			// Tower answers nothing but pings.
			if request.Type == "ping" {
				_ = request.Reply(true, nil)
			}
		}
	}()
	client := &http.Client{Transport: &http.Transport{
		Dial: func(string, string) (net.Conn, error) {
			channel, requests, err := conn.OpenChannel("kubesphere", []byte(told.KubernetesSvcHost))
			if err != nil {
				return nil, err
			}
			go ssh.DiscardRequests(requests)
			near, far := net.Pipe()
			go func() {
				_, _ = io.Copy(channel, far)
				_ = channel.Close()
			}()
			go func() {
				_, _ = io.Copy(far, channel)
				_ = far.Close()
			}()
			return near, nil
		},
	}}
	for _, path := range []string{"/small", "/big"} {
		answer, err := client.Get("http://service" + path)
		if err != nil {
			fmt.Println("failed", path, err)
			return
		}
		n, err := io.Copy(io.Discard, answer.Body)
		fmt.Println("read", path, n, err)
	}
	_, _, err = conn.OpenChannel("kubesphere", []byte("169.254.169.254:80"))
	fmt.Println("elsewhere", err)
	fmt.Println("ended", conn.Wait())
}
