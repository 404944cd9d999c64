import { images } from '@wealist/contract/topology'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { repository } from './repository.ts'

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}
interface Job {
  strategy: { matrix: { service: string[] } }
  steps: Step[]
}
interface Workflow {
  on: object
  permissions: object
  jobs: Record<string, { 'timeout-minutes'?: number; permissions?: Record<string, string>; steps: Step[] }>
}
const dir = join(repository, '.github', 'workflows')
const texts = Object.fromEntries(readdirSync(dir).map((file) => [file, readFileSync(join(dir, file), 'utf8')]))

/** What is wrong with a workflow; nothing where it keeps the rules of the house. */
const wrongWith = (file: string, text: string): string[] => {
  const { on, permissions, jobs } = parse(text) as Workflow
  const found: string[] = []
  if (Object.keys(permissions ?? { all: '' }).length > 0) found.push('gives permissions to every job')
  if ('pull_request_target' in on) found.push('runs strangers’ code with our rights (pull_request_target)')
  for (const [, name] of text.matchAll(/secrets\.(\w+)/g)) found.push(`reads the secret ${name}`)
  for (const line of text.split('\n').filter((l) => /^\s*(- )?uses:/.test(l)))
    if (!/uses: [\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$/.test(line)) found.push(`is not pinned: ${line.trim()}`)
  for (const [name, job] of Object.entries(jobs)) {
    if (!job['timeout-minutes']) found.push(`${name} may run for hours`)
    if (!job.permissions) found.push(`${name} does not say what it may`)
    for (const { run, uses = '', with: given } of job.steps) {
      if (run?.includes('${{') || String(given?.['script'] ?? '').includes('${{'))
        found.push(`${name} writes an expression into a script`)
      if (uses.startsWith('actions/checkout@') && given?.['persist-credentials'] !== false && !given?.['token'])
        found.push(`${name} leaves its token in the checkout`)
    }
  }
  return found.map((what) => `${file} ${what}`)
}

test('workflows pin their actions by commit, have the least permissions and no long-lived keys', () => {
  expect(Object.keys(texts)).toEqual(expect.arrayContaining(['ci.yml', 'preview.yml', 'release.yml']))
  expect(Object.entries(texts).flatMap(([file, text]) => wrongWith(file, text))).toEqual([])
})

test('a workflow that breaks one of these rules is named with what it breaks', () => {
  const broken = texts['ci.yml']!.replace('permissions: {}', 'permissions: write-all')
    .replace(/setup-node@[0-9a-f]{40} # v6.0.0/, 'setup-node@v6')
    .replace('timeout-minutes: 90', '')
    .replace('persist-credentials: false', 'persist-credentials: true')
    .replace('run: .ci/run', 'run: echo ${{ github.event.pull_request.title }} ${{ secrets.AWS_KEY }}')
    .replace('pull_request:', 'pull_request_target:')
  expect(wrongWith('x.yml', broken)).toEqual([
    'x.yml gives permissions to every job',
    'x.yml runs strangers’ code with our rights (pull_request_target)',
    'x.yml reads the secret AWS_KEY',
    expect.stringContaining('x.yml is not pinned: - uses: actions/setup-node@v6'),
    'x.yml ci may run for hours',
    'x.yml ci leaves its token in the checkout',
    'x.yml ci writes an expression into a script',
  ])
})

test('CI runs the command that anybody runs, and a preview is deployed, seeded and removed', () => {
  const runs = (file: string) =>
    Object.values((parse(texts[file]!) as Workflow).jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))
  expect(runs('ci.yml')).toEqual(['.ci/run'])
  expect(runs('preview.yml').join('\n')).toMatch(/sst deploy[^]*npm run seed[^]*sst remove[^]*closed-previews/)
})

test('a release builds every image there is, with provenance, a parts list and a scan, and then says so to Argo CD', () => {
  const { jobs } = parse(texts['release.yml']!) as { jobs: Record<string, Job> }
  expect(jobs['image']!.strategy.matrix.service.toSorted()).toEqual([...images].toSorted())
  const build = jobs['image']!.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'))!
  expect(build.with).toMatchObject({ file: 'k8s/Dockerfile', push: true, provenance: 'mode=max', sbom: true })
  expect(jobs['image']!.steps.some(({ uses }) => uses?.startsWith('aquasecurity/trivy-action@'))).toBe(true)
  expect(jobs['deploy']).toMatchObject({ needs: 'image', permissions: { contents: 'write' } })
})

test('a tag that is no tag, an environment that is none and an older release are refused, and change nothing', () => {
  const release = (...args: string[]) =>
    spawnSync(process.execPath, [join(repository, 'k8s/src/release.ts'), ...args], { encoding: 'utf8' })
  for (const [args, says] of [
    [['nowhere', '1-abcdef0'], 'There is no environment'],
    [['dev', 'latest'], 'is no tag of ours'],
    [['dev', ''], 'is no tag of ours'],
  ] as const)
    expect([release(...args).status, release(...args).stderr]).toEqual([1, expect.stringContaining(says)])
})
