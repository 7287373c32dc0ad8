// Command probe is all that the test image holds: "serve" waits to be stopped, "healthy" and "sick" are what a
// health check runs.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	switch command := append(os.Args, "serve")[1]; command {
	case "healthy":
	case "sick":
		fmt.Println("not well")
		os.Exit(1)
	default:
		fmt.Println("serving")
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
		<-stop
	}
}
