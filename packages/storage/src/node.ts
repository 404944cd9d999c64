import { serve } from '@wealist/kit/node'
import { storage } from './service.ts'

await serve(storage, import.meta.url)
