import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { repository } from '../repository.ts'
import { installPlatform } from './platform.ts'

// The stacks are checked against SST's own types, which it unpacks.
await installPlatform()
const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
process.exit(
  spawnSync(process.execPath, [tsc, '--noEmit', '-p', join(repository, 'stacks')], { stdio: 'inherit' }).status ?? 1,
)
