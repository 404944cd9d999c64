import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { repository } from './repository.ts'

// Compiled modules are kept between starts: half of a warm start would be compiling.
enableCompileCache(join(repository, 'node_modules', '.cache', 'wealist'))
await import('./local.ts')
