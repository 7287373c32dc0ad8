//go:build tools

// Package tools pins actionlint, so that go.sum covers what the tests build.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
