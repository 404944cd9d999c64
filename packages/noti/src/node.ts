import { serve } from '@wealist/kit/node'
import { noti } from './service.ts'

await serve(noti, import.meta.url)
