import { serve } from '@wealist/kit/node'
import { storage } from './service.ts'

// The jobs that are apart, and no route: nobody sends it requests but the cluster, about its health.
await serve(
  { ...storage, features: [], sockets: [], jobs: storage.jobs?.filter(({ apart }) => apart) ?? [] },
  import.meta.url,
)
