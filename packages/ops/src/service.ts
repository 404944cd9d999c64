import { service } from '@wealist/kit/service'
import { Config, open } from './deps.ts'

export const ops = service({ name: 'ops', contract: {}, config: Config, open, features: [] })
