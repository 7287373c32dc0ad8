/**
 * The versions that the fallback is built from. The paths under SWITCHYARD_HOME contain these versions,
 * so a change here builds into a new folder and never overwrites one.
 */

/** Pulumi's engine, built from the Go module github.com/pulumi/pulumi/pkg/v3. */
export const ENGINE_VERSION = '3.259.0';

/** The Terraform Docker provider (github.com/kreuzwerker/terraform-provider-docker), a Go pseudo-version. */
export const DOCKER_PROVIDER_VERSION = '0.0.0-20260916201441-96d331c98ff4';

/** The release of the official Docker plugin whose names and types the bridge implements. */
export const DOCKER_PLUGIN_VERSION = '5.2.0';

/** The release of the official Random plugin whose names and types the Node plugin implements. */
export const RANDOM_PLUGIN_VERSION = '4.21.2';
