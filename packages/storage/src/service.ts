import { service } from '@wealist/kit/service'
import { Config, open } from './deps.ts'

export const storage = service({ name: 'storage', contract: {}, config: Config, open, features: [], jobs: [] })
