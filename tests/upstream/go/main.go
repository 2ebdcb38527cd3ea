// An upstream that answers with whose request it is, or 401.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	// Not a ServeMux, which redirects paths that it would write otherwise.
	log.Fatal(http.Serve(listener, http.HandlerFunc(answer)))
}

func answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	body := map[string]string{}
	claims, err := Verify(r)
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		body["refused"] = err.Error()
	} else {
		body = map[string]string{"account": claims.Account, "key_id": claims.KeyID, "kind": claims.Kind, "mode": claims.Mode}
	}
	if err := json.NewEncoder(w).Encode(body); err != nil && r.Method != http.MethodHead {
		log.Print(err)
	}
}
