import { Metadata, status } from '@grpc/grpc-js';
import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import statusProto from '@pulumi/pulumi/proto/status_pb.js';
import anyProto from 'google-protobuf/google/protobuf/any_pb.js';
import type structProto from 'google-protobuf/google/protobuf/struct_pb.js';
import { PluginError } from './rpc.ts';

/**
 * The error for a change that failed partway, with the resource as it is now. The engine keeps that in the state, so
 * that the next `up` continues from there.
 */
export function partialFailure(id: string, properties: structProto.Struct, reasons: string[]): PluginError {
  const message = reasons.join('\n');
  const detail = new providerProto.ErrorResourceInitFailed()
    .setId(id)
    .setProperties(properties)
    .setReasonsList(reasons);
  const packed = new anyProto.Any();
  packed.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
  const wire = new statusProto.Status().setCode(status.UNKNOWN).setMessage(message).setDetailsList([packed]);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(wire.serializeBinary()));
  return new PluginError(message, status.UNKNOWN, metadata);
}
