/** The hidden output in which the provider's private data and the schema's version are kept, as the official plugin does. */
export const META = '__meta';

/**
 * The hidden output with which the official plugin converts exactly these outputs back into Terraform's state. It fails
 * if the outputs were rewritten since; without it, the official plugin reads the outputs.
 */
export const RAW_STATE_DELTA = '__pulumi_raw_state_delta';
