// A complete service for mapgate in Go 1.19 or later, with nothing but the standard library.
//
//	HOST=127.0.0.1 PORT=8470 TOKEN=secret DIRECTORY=aliases.json go run service.go
//
//	GET /aliases/{address}   200 {"goto": ["...", ...]}   404 {"error": "..."}   503 cannot tell
//	GET /aliases             200 {"address": ["...", ...], ...}: all of them, for a replica
package main

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// answer gives the status and the body. Only a key that is certainly not there is 404.
func answer(r *http.Request) (int, any) {
	token := []byte("Bearer " + os.Getenv("TOKEN"))
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), token) != 1 {
		return 401, map[string]string{"error": "wrong token"}
	}
	path := r.URL.EscapedPath()
	rest := strings.TrimPrefix(path, "/aliases/")
	// Another status than 404: a wrong path must not look like "no such address".
	if r.Method != "GET" || path != "/aliases" && (rest == path || rest == "" || strings.Contains(rest, "/")) {
		return 400, map[string]string{"error": "ask GET /aliases/{address}"}
	}
	var entries map[string][]string
	text, err := os.ReadFile(os.Getenv("DIRECTORY"))
	if err == nil {
		err = json.Unmarshal(text, &entries)
	}
	address, bad := url.PathUnescape(rest)
	if err != nil || bad != nil { // "cannot tell": mapgate asks again, and mail waits
		return 503, map[string]string{"error": fmt.Sprint(err, bad)}
	}
	if path == "/aliases" {
		return 200, entries
	}
	if found, ok := entries[address]; ok {
		return 200, map[string][]string{"goto": found}
	}
	return 404, map[string]string{"error": "no such address"}
}

func main() {
	listener, err := net.Listen("tcp", os.Getenv("HOST")+":"+os.Getenv("PORT"))
	if err != nil {
		panic(err)
	}
	fmt.Println("listening on port", listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body := answer(r)
		w.Header().Set("content-type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(body)
	})))
}
