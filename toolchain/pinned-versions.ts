/**
 * What the fallback is built from, in one place. The paths under SWITCHYARD_HOME carry these versions,
 * so a change here is a new directory and never an overwritten one.
 */

/** Pulumi's engine, built from the Go module github.com/pulumi/pulumi/pkg/v3. */
export const ENGINE_VERSION = '3.259.0';

/** The Terraform Docker provider (github.com/kreuzwerker/terraform-provider-docker), a Go pseudo-version. */
export const DOCKER_PROVIDER_VERSION = '0.0.0-20260916201441-96d331c98ff4';

/** The release of the official Docker plugin whose names and shapes the bridge speaks. */
export const DOCKER_PLUGIN_VERSION = '5.2.0';

/** The release of the official Random plugin whose names and shapes the Node one speaks. */
export const RANDOM_PLUGIN_VERSION = '4.21.2';
