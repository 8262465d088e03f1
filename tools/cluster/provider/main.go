// The Kubernetes provider's own code, served by a main of ours: its command embeds a generated
// schema that the published module lacks.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

func main() {
	provider.Serve("kubernetes", version, []byte(schema), nil)
}

const (
	version = "4.0.0-20260115033456"
	schema  = `{"name": "kubernetes", "version": "` + version + `"}`
)
