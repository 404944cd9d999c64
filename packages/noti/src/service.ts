import { service } from '@wealist/kit/service'
import { Config, open } from './deps.ts'

export const noti = service({ name: 'noti', contract: {}, config: Config, open, features: [] })
