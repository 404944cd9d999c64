import { serve } from '@wealist/kit/node'
import { auth } from './service.ts'

await serve(auth, import.meta.url)
