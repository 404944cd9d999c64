import { serve } from '@wealist/kit/node'
import { board } from './service.ts'

await serve(board, import.meta.url)
