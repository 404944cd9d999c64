import { type Image, topology } from '@wealist/contract/topology'
import { serviceOf } from './images.ts'

/**
 * Most connections of a pod's pool. Its job worker and its replays have their own besides, and all pods of a service share
 * what its role may open (stacks/connections.ts), also while a new version comes.
 */
export const poolOf = (image: Image): { DATABASE_POOL?: string } => {
  const service = serviceOf(image)
  if (service === 'ops-portal' || topology[service].database === null) return {}
  // Thumbnails answer nobody: they write down what a job has made.
  return { DATABASE_POOL: image === 'storage-thumbnails' ? '2' : '6' }
}
