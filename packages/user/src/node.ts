import { serve } from '@wealist/kit/node'
import { user } from './service.ts'

await serve(user, import.meta.url)
