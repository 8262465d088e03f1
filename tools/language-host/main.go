// Pulumi's language host for Python, as far as `pulumi preview`, `up`, `refresh`, `destroy` and
// `about` need one.
//
// Pulumi's own is part of its installer but no Go module, so it cannot be built together with the
// command line. This one serves the same protocol and leaves what matters to Pulumi's own code of
// the same version: its toolchain package finds the interpreter and lists the packages, and its
// `pulumi-language-python-exec`, which has to lie beside this program, runs the user's.
//
// The engine starts it with its own address as the last argument and reads the port from the first
// line of standard output.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

const launcher = "pulumi-language-python-exec"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "Usage: pulumi-language-python ENGINE_ADDRESS")
		os.Exit(2)
	}
	logging.InitLogging(false, 0, false)
	if err := serve(os.Args[len(os.Args)-1]); err != nil {
		cmdutil.Exit(err)
	}
}

// serve answers the engine at address until that engine is gone.
func serve(address string) error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	// It may be called by a link.
	executable, err = filepath.EvalSymlinks(executable)
	if err != nil {
		return err
	}
	host := &languageHost{engine: address, launcher: filepath.Join(filepath.Dir(executable), launcher)}
	if _, err := os.Stat(host.launcher); err != nil {
		return fmt.Errorf("the launcher of programs is not beside the language host: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan bool)
	if err := rpcutil.Healthcheck(ctx, address, 5*time.Minute, func() { close(stop) }); err != nil {
		return fmt.Errorf("the engine at %s cannot be reached: %w", address, err)
	}
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, host)
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Printf("%d\n", server.Port)
	return <-server.Done
}
