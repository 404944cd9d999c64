import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { images } from './container.ts'
import { repository } from './repository.ts'

interface Step {
  id?: string
  if?: string
  uses?: string
  run?: string
  with?: Record<string, unknown>
}
interface Job {
  if?: string
  'timeout-minutes'?: number
  permissions?: Record<string, string>
  /** A workflow of this repository, in place of steps. */
  uses?: string
  needs?: string[]
  environment?: string
  strategy?: { matrix: { image: string[] } }
  steps?: Step[]
}
interface Workflow {
  on: Record<string, { branches?: string[]; 'paths-ignore'?: string[] } | null>
  permissions: object
  concurrency?: { group: string; 'cancel-in-progress': unknown }
  jobs: Record<string, Job>
}
const dir = join(repository, '.github', 'workflows')
const texts = Object.fromEntries(readdirSync(dir).map((file) => [file, readFileSync(join(dir, file), 'utf8')]))

/** What is wrong with a workflow; nothing where it keeps the rules of the house. */
const wrongWith = (file: string, text: string): string[] => {
  const { on, permissions, jobs } = parse(text) as Workflow
  const found: string[] = []
  if (Object.keys(permissions ?? { all: '' }).length > 0) found.push('gives permissions to every job')
  if ('pull_request_target' in on) found.push('runs strangers’ code with our rights (pull_request_target)')
  for (const [, name = 'all'] of text.matchAll(/\bsecrets(?:\.(\w+)|\[|: inherit)/g))
    if (name !== 'GITHUB_TOKEN') found.push(`reads the secret ${name}`)
  for (const line of text.split('\n').filter((l) => /^\s*(- )?uses:/.test(l)))
    if (!/uses: ([\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*|\.\/\.github\/workflows\/[\w-]+\.yml)$/.test(line))
      found.push(`is not pinned: ${line.trim()}`)
  for (const [name, job] of Object.entries(jobs)) {
    if (!job['timeout-minutes'] && !job.uses) found.push(`${name} may run for hours`)
    if (!job.permissions) found.push(`${name} does not say what it may`)
    for (const { run, uses = '', with: given } of job.steps ?? []) {
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
    Object.values((parse(texts[file]!) as Workflow).jobs).flatMap(({ steps = [] }) =>
      steps.flatMap(({ run }) => run ?? []),
    )
  expect(runs('ci.yml')).toEqual(['.ci/run'])
  expect(runs('preview.yml').join('\n')).toMatch(/sst deploy[^]*npm run seed[^]*sst remove[^]*closed-previews/)
})

test('a preview is for what people look at: no fork’s, whose code we do not run, and none of Dependabot’s', () => {
  const { deploy, remove } = (parse(texts['preview.yml']!) as Workflow).jobs
  const ofPeople = [
    'github.event.pull_request.head.repo.full_name == github.repository',
    "github.event.pull_request.user.login != 'dependabot[bot]'",
  ]
  const event = "github.event_name == 'pull_request'"
  expect(deploy!.if!.split(' && ')).toEqual([event, "github.event.action != 'closed'", ...ofPeople])
  expect(remove!.if!.split(' && ')).toEqual([event, "github.event.action == 'closed'", ...ofPeople])
})

// The step is of bash.
test.skipIf(process.platform === 'win32')(
  'a preview that cannot be removed keeps no other in the sweep, and the run says that one was left',
  () => {
    const { sweep } = (parse(texts['preview.yml']!) as Workflow).jobs
    const script = sweep!.steps!.findLast(({ run }) => run)!.run!
    const dir = mkdtempSync(join(tmpdir(), 'sweep-'))
    try {
      // As GitHub runs it, with commands in place of ours that behave as they may: one fails, and each reads what it is given.
      writeFileSync(join(dir, 'node'), '#!/bin/sh\nprintf "pr-3\\npr-5\\npr-8\\n"\n', { mode: 0o755 })
      writeFileSync(join(dir, 'npx'), '#!/bin/sh\ncat > /dev/null\necho "$4" >> removed\n[ "$4" != pr-3 ]\n', {
        mode: 0o755,
      })
      const { status } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
        cwd: dir,
        env: { PATH: `${dir}:${process.env['PATH']}` },
      })
      expect(readFileSync(join(dir, 'removed'), 'utf8').split('\n').filter(Boolean)).toEqual(['pr-3', 'pr-5', 'pr-8'])
      expect(status).toBe(1)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
)

test('who sweeps may be in the account for as long as the sweep may take, and that is what the role allows', () => {
  const { sweep } = (parse(texts['preview.yml']!) as Workflow).jobs
  const [seconds] = sweep!.steps!.flatMap(({ with: given }) => (given?.['role-duration-seconds'] as number) ?? [])
  expect(seconds).toBe(sweep!['timeout-minutes']! * 60)
  const [, allowed] = /'PreviewRole'[^]*?maxSessionDuration: (\d+)/.exec(
    readFileSync(join(repository, 'stacks', 'github.ts'), 'utf8'),
  )!
  expect(seconds).toBeLessThanOrEqual(Number(allowed))
})

const release = () => parse(texts['release.yml']!) as Workflow

test('CI runs on every pull request and once a week, and a release on every push to main and release, in order and never broken off', () => {
  expect(Object.keys((parse(texts['ci.yml']!) as Workflow).on)).toEqual(['pull_request', 'workflow_call', 'schedule'])
  const { on, concurrency } = release()
  expect(Object.keys(on)).toEqual(['push'])
  expect(on['push']?.branches).toEqual(['main', 'release'])
  expect(concurrency).toEqual({ group: 'release-${{ github.ref }}', 'cancel-in-progress': false })
})

test('a release builds every image there is, and names only what was tested, built and scanned', () => {
  const { ci, image, tags } = release().jobs
  expect(ci?.uses).toBe('./.github/workflows/ci.yml')
  expect(image?.strategy?.matrix.image).toEqual(images.map(({ name }) => name))
  expect(tags?.needs).toEqual(['ci', 'image'])
  const order = image!.steps!.map(({ uses = '' }) => uses.split('@')[0]).filter(Boolean)
  expect(order.slice(-2)).toEqual(['docker/build-push-action', 'aquasecurity/trivy-action'])
  const [built, scanned] = image!.steps!.filter(({ uses }) => /build-push|trivy/.test(uses ?? ''))
  expect(built?.with).toMatchObject({ push: true, provenance: 'mode=max', sbom: true, file: 'k8s/Dockerfile' })
  expect(scanned?.with).toMatchObject({ severity: 'CRITICAL', 'exit-code': '1' })
  expect(scanned?.with?.['image-ref']).toContain('@${{ steps.there.outputs.digest || steps.build.outputs.digest }}')
})

// The step is of bash.
test.skipIf(process.platform === 'win32')(
  'a release that is run again takes the images that it has pushed, whose tags cannot be pushed twice',
  () => {
    const steps = release().jobs['image']!.steps!
    const there = steps.find(({ id }) => id === 'there')!
    const dir = mkdtempSync(join(tmpdir(), 'release-'))
    const digestOf = (answer: string) => {
      writeFileSync(join(dir, 'aws'), `#!/bin/sh\necho "$@" > asked\necho "${answer}"\n`, { mode: 0o755 })
      rmSync(join(dir, 'output'), { force: true })
      const { status } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', there.run!], {
        cwd: dir,
        env: {
          PATH: `${dir}:${process.env['PATH']}`,
          IMAGE: 'board',
          TAG: '7-0123456',
          GITHUB_OUTPUT: join(dir, 'output'),
        },
      })
      expect(status).toBe(0)
      return readFileSync(join(dir, 'output'), 'utf8')
    }
    try {
      expect(digestOf('sha256:abc')).toBe('digest=sha256:abc\n')
      expect(readFileSync(join(dir, 'asked'), 'utf8')).toContain(
        '--repository-name wealist-board --image-ids imageTag=7-0123456',
      )
      // What the command line says of nothing.
      expect(digestOf('None')).toBe('digest=\n')
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
    expect(steps.find(({ uses }) => uses?.startsWith('docker/build-push-action'))?.if).toBe(
      "steps.there.outputs.digest == ''",
    )
  },
)

test('only who builds takes a role of AWS, only who names writes to the repository, and each job nothing more', () => {
  const { ci, image, tags } = release().jobs
  expect(ci?.permissions).toEqual({ contents: 'read' })
  expect(image?.permissions).toEqual({ contents: 'read', 'id-token': 'write' })
  expect(image?.environment).toBe("${{ github.ref_name == 'release' && 'prod' || 'dev' }}")
  expect(tags?.permissions).toEqual({ contents: 'write' })
})

test('the commit of a release starts no release, and no commit switches the checks of others off', () => {
  const script = release().jobs['tags']!.steps!.findLast(({ run }) => run)!.run!
  const added = /git add (.*)/.exec(script)![1]!.split(' ')
  expect(release().on['push']?.['paths-ignore']).toEqual(added.map((path) => `${path}/**`))
  expect(Object.values(texts).join()).not.toMatch(/\[(skip ci|ci skip|no ci|skip actions|actions skip)\]/)
})
