import { service } from '@wealist/kit/service'
import { Config, open } from './deps.ts'

export const chat = service({ name: 'chat', contract: {}, config: Config, open, features: [], jobs: [] })
