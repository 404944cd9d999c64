import * as contract from '@wealist/contract/auth'
import { service } from '@wealist/kit/service'
import { Config, open } from './deps.ts'
import { routes as google } from './google.routes.ts'
import { routes as keys } from './keys.routes.ts'
import { routes as sessions } from './sessions.routes.ts'

export const auth = service({ name: 'auth', contract, config: Config, open, features: [sessions, google, keys] })
