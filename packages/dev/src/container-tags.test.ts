import { spawn, execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { images } from './container.ts'
import { withTag } from './container-tags.ts'
import { repository } from './repository.ts'

const names = images.map(({ name }) => name)
const tagged = (tag: string) => Object.fromEntries(names.map((name) => [name, tag]))

test('a release names every image at its tag and leaves the rest of the environment alone', () => {
  const before = { domain: 'x', tags: { auth: '0-0000000', gone: '3-abcdef0' } }
  expect(withTag(before, '12-abcdef0')).toEqual({ domain: 'x', tags: tagged('12-abcdef0') })
  expect(before.tags.auth).toBe('0-0000000')
})

test('an older release that comes last does not take a newer one back; what is no tag of a release is refused', () => {
  const newer = { tags: { auth: '9-abcdef0', user: '13-abcdef0' } }
  expect(withTag(newer, '12-0123456')).toBe(newer)
  for (const tag of ['latest', '', '12-abc', '12-abcdef0;', 'v12-abcdef0'])
    expect(() => withTag(newer, tag)).toThrow('is no tag of a release')
})

// The step is of bash.
const windows = process.platform === 'win32'
const dirs: string[] = []
afterEach(() => dirs.splice(0).forEach((dir) => rmSync(dir, { recursive: true, force: true })))

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd, encoding: 'utf8' }).trim()

/** A repository with its remote, as a runner has it; `npm` is there in name. */
const remote = () => {
  const dir = mkdtempSync(join(tmpdir(), 'wealist-release-'))
  dirs.push(dir)
  const [bare, bin] = [join(dir, 'bare.git'), join(dir, 'bin')]
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', bare])
  mkdirSync(bin)
  // Rendering, as far as a release sees it: a file made of the environment's.
  writeFileSync(
    join(bin, 'npm'),
    '#!/bin/sh\nmkdir -p k8s/manifests\n[ "$1" = ci ] || cp k8s/environments/dev.json k8s/manifests/dev.yaml\n',
  )
  chmodSync(join(bin, 'npm'), 0o755)
  symlinkSync(process.execPath, join(bin, 'node'))
  const clone = (name: string) => {
    git(dir, 'clone', '-q', bare, name)
    return join(dir, name)
  }
  const first = clone('first')
  mkdirSync(join(first, 'k8s/environments'), { recursive: true })
  for (const name of ['dev', 'prod'])
    writeFileSync(
      join(first, `k8s/environments/${name}.json`),
      JSON.stringify({ domain: name, tags: tagged('0-0000000') }),
    )
  // The sources that the command of a release reads, found from the checkout as on a runner.
  cpSync(join(repository, 'packages/dev'), join(first, 'packages/dev'), {
    recursive: true,
    filter: (path) => !/node_modules|\/dist(\/|$)|\.test\.ts$/.test(path),
  })
  symlinkSync(join(repository, 'node_modules'), join(first, 'node_modules'))
  git(first, 'add', 'k8s', 'packages', 'node_modules')
  git(first, 'commit', '-qm', 'first')
  git(first, 'push', '-q', 'origin', 'HEAD:main')
  return { dir, bare, bin, first, clone }
}

const { jobs } = parse(readFileSync(join(repository, '.github/workflows/release.yml'), 'utf8')) as {
  jobs: { tags: { steps: { run?: string }[] } }
}
const script = jobs.tags.steps.findLast(({ run }) => run)!.run!

/** The very step of the workflow, in a checkout; gives its exit code. */
const release = (cwd: string, bin: string, run: number, branch = 'main') =>
  new Promise<number | null>((resolve) => {
    const env = {
      PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
      HOME: dirname(cwd),
      GITHUB_RUN_NUMBER: String(run),
      GITHUB_SHA: 'abcdef0123456789',
      GITHUB_REF_NAME: branch,
      ENVIRONMENT: 'dev',
    }
    const quick = script.replace(/sleep .*/, 'sleep 0')
    spawn('bash', ['-e', '-o', 'pipefail', '-c', quick], { cwd, env, stdio: 'ignore' }).once('exit', resolve)
  })

const inMain = (bare: string, path: string) => git(bare, 'show', `main:${path}`)

test.skipIf(windows)(
  'a release writes tags and what is rendered of them, in one commit, for its own environment alone',
  async () => {
    const { bare, bin, clone } = remote()
    expect(await release(clone('runner'), bin, 7)).toBe(0)
    expect(JSON.parse(inMain(bare, 'k8s/environments/dev.json'))).toEqual({ domain: 'dev', tags: tagged('7-abcdef0') })
    expect(inMain(bare, 'k8s/manifests/dev.yaml')).toContain('7-abcdef0')
    expect(JSON.parse(inMain(bare, 'k8s/environments/prod.json'))).toEqual({
      domain: 'prod',
      tags: tagged('0-0000000'),
    })
    expect(git(bare, 'log', '--format=%s', 'main')).toBe('Release 7-abcdef0 to dev\nfirst')
    expect(await release(clone('again'), bin, 7)).toBe(0)
    expect(git(bare, 'rev-list', '--count', 'main')).toBe('2')
  },
  60_000,
)

test.skipIf(windows)(
  'two releases and somebody’s push at once: nothing of anybody is lost, and the newest tags stay',
  async () => {
    const { bare, bin, first, clone } = remote()
    const push = () => {
      writeFileSync(join(first, 'work.txt'), 'somebody’s')
      git(first, 'add', 'work.txt')
      git(first, 'commit', '-qm', 'work')
      git(first, 'push', '-q', 'origin', 'HEAD:main')
    }
    const [older, newer] = [clone('older'), clone('newer')]
    // Before the runner's first push arrives, somebody else's does.
    const hook = join(newer, '.git/hooks/pre-push')
    writeFileSync(hook, `#!/bin/sh\nwhile [ ! -e "${first}/pushed" ]; do sleep 0.1; done\n`)
    chmodSync(hook, 0o755)
    const running = [release(newer, bin, 9), release(older, bin, 8)]
    await running[1]
    git(first, 'pull', '-q', '--rebase', 'origin', 'main')
    push()
    writeFileSync(join(first, 'pushed'), '')
    expect(await Promise.all(running)).toEqual([0, 0])
    expect(JSON.parse(inMain(bare, 'k8s/environments/dev.json'))).toMatchObject({ tags: tagged('9-abcdef0') })
    expect(inMain(bare, 'k8s/manifests/dev.yaml')).toContain('9-abcdef0')
    expect(inMain(bare, 'work.txt')).toBe('somebody’s')
    expect(git(bare, 'log', '--format=%s', 'main').split('\n')).toEqual([
      'Release 9-abcdef0 to dev',
      'work',
      'Release 8-abcdef0 to dev',
      'first',
    ])
  },
  60_000,
)

test.skipIf(windows)(
  'a branch that takes no push ends the release with a failure, after five tries',
  async () => {
    const { bare, bin, dir, clone } = remote()
    const tries = join(dir, 'tries')
    const hook = join(bare, 'hooks/pre-receive')
    writeFileSync(hook, `#!/bin/sh\necho x >> "${tries}"; exit 1\n`)
    chmodSync(hook, 0o755)
    expect(await release(clone('runner'), bin, 7)).toBe(1)
    expect(readFileSync(tries, 'utf8').trim().split('\n')).toHaveLength(5)
  },
  60_000,
)
