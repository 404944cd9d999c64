import { serve } from '@wealist/kit/node'
import { chat } from './service.ts'

await serve(chat, import.meta.url)
