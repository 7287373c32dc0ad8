//go:build tools

// Package tools pins the engine, so that go.sum covers what build.ts builds.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
