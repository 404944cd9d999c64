import type { Image, ServiceName } from '@wealist/contract/topology'

/** Thumbnails are pods of their own that are storage to everybody else: its servers, its secret, its role. */
export const serviceOf = (image: Image): ServiceName | 'ops-portal' =>
  image === 'storage-thumbnails' ? 'storage' : image
