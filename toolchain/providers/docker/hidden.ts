/** The hidden output in which the provider's private data and the schema's version are kept, as the official plugin does. */
export const META = '__meta';

/**
 * The hidden output that tells the official plugin how to turn exactly the outputs beside it back into Terraform's
 * state. It fails on outputs that have been written anew since; without it, the official plugin reads the outputs.
 */
export const RAW_STATE_DELTA = '__pulumi_raw_state_delta';
