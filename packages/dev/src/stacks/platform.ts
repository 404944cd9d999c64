import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from '../repository.ts'

/** Where SST unpacks its components, with the packages that they need. */
export const platform = join(repository, '.sst', 'platform')
const version = (JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Manifest).devDependencies.sst
interface Manifest {
  devDependencies: { sst: string }
}

const isThere = () =>
  existsSync(join(platform, 'node_modules', '@pulumi', 'aws')) &&
  existsSync(join(platform, 'node_modules', '@pulumi', 'random')) &&
  readFileSync(join(platform, 'version'), 'utf8').trim() === version

/** Unpacks SST's platform at first use: 320 MB, from npm alone, in less than a minute. */
export const installPlatform = async () => {
  if (isThere()) return
  await promisify(execFile)(
    process.execPath,
    [join(repository, 'node_modules', 'sst', 'bin', 'sst.mjs'), 'install', '--stage', 'ci'],
    {
      cwd: repository,
      env: {
        ...process.env,
        SST_SKIP_DEPENDENCY_CHECK: '1',
        SST_NO_BUN: '1',
        SST_TELEMETRY_DISABLED: '1',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    },
  )
}
