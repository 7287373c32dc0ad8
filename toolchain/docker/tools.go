//go:build tools

// Package tools pins the Terraform Docker provider, so that go.sum covers what build.ts builds.
package tools

import _ "github.com/terraform-providers/terraform-provider-docker"
