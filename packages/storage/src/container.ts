import { serve } from '@wealist/kit/node'
import { storage } from './service.ts'

// Small pictures are made by an image of their own, which carries sharp.
await serve({ ...storage, jobs: storage.jobs?.filter(({ apart }) => !apart) ?? [] }, import.meta.url)
