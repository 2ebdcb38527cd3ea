// Asks API with the secret key KEY, as a server of a merchant does, and prints the status and the answer.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	request, err := http.NewRequest(os.Getenv("METHOD"), os.Getenv("API"), strings.NewReader(os.Getenv("BODY")))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEY"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d\n%s", response.StatusCode, body)
}
