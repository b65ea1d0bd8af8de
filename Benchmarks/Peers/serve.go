// Go's net/http with its own router and file server: PORT LOOPS ROOT FIELDS [CERTIFICATE KEY].
package main

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 5 && len(os.Args) != 7 {
		log.Fatal("usage: PORT LOOPS ROOT FIELDS [CERTIFICATE KEY]")
	}
	loops, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	runtime.GOMAXPROCS(loops)
	text, err := os.ReadFile(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	page := bytes.Repeat([]byte("x"), 1024)
	fields := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		name, value, _ := strings.Cut(line, ": ")
		fields.Add(name, value)
	}
	http.HandleFunc("/page", func(answer http.ResponseWriter, request *http.Request) {
		head := answer.Header()
		for name, values := range fields {
			head[name] = values
		}
		answer.Write(page)
	})
	for _, name := range []string{"100k", "10m"} {
		path := os.Args[3] + "/files/" + name
		http.HandleFunc("/files/"+name, func(answer http.ResponseWriter, request *http.Request) {
			answer.Header().Set("Content-Type", "application/octet-stream")
			http.ServeFile(answer, request, path)
		})
	}
	http.HandleFunc("/upload", func(answer http.ResponseWriter, request *http.Request) {
		count, err := io.Copy(io.Discard, request.Body)
		if err != nil {
			return
		}
		answer.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(answer, strconv.FormatInt(count, 10)+"\n")
	})
	address := "127.0.0.1:" + os.Args[1]
	if len(os.Args) == 7 {
		log.Fatal(http.ListenAndServeTLS(address, os.Args[5], os.Args[6], nil))
	}
	log.Fatal(http.ListenAndServe(address, nil))
}
