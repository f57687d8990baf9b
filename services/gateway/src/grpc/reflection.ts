import descriptors from '@courant/api/descriptors' with { type: 'json' }
import type { Server } from '@grpc/grpc-js'
import { loadFileDescriptorSetFromObject } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'

/** Tells tools about the public API, without the files: grpcurl, Postman and the like. */
export function addReflection(server: Server): void {
  new ReflectionService(loadFileDescriptorSetFromObject(descriptors)).addToServer(server)
}
