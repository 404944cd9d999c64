import { serve } from '@wealist/kit/node'
import { ops } from './service.ts'

await serve(ops, import.meta.url)
