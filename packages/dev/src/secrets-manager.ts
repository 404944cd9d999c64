import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Stage = 'AWSCURRENT' | 'AWSPREVIOUS' | 'AWSPENDING'

interface Version {
  id: string
  value: string
  created: number
  stages: Set<string>
}
interface Asked {
  SecretId?: string
  VersionId?: string
  VersionStage?: string
  VersionStages?: string[]
  ClientRequestToken?: string
  Filters?: { Key: string; Values: string[] }[]
  MaxResults?: number
  NextToken?: string
  SecretString?: string
}

const refusal = (code: string, message: string) => ({ status: 400, body: { __type: code, message } })
const arnOf = (name: string) => `arn:aws:secretsmanager:local:000000000000:secret:${name}`

/**
 * A development stand-in for Secrets Manager: GetSecretValue and PutSecretValue of text, with the stages of versions, and ListSecrets.
 * In memory, this machine only, and signatures are not looked at. A secret that is `undefined` exists and was never
 * given a value; in both cases, and for one that does not exist, reading is ResourceNotFoundException.
 */
export const startSecretsManager = async ({
  port: wanted = 0,
  secrets: given = {},
}: { port?: number; secrets?: Record<string, string | undefined> } = {}) => {
  const secrets = new Map<string, Version[]>()

  /** A new version takes its stages from the others; the current one that is replaced becomes the previous one. */
  const add = (name: string, value: string, { stages, id = randomUUID() }: { stages: string[]; id?: string }) => {
    const versions = secrets.get(name) ?? []
    const take = (stage: string) => {
      const holder = versions.find((v) => v.stages.delete(stage))
      if (stage !== 'AWSCURRENT' || !holder) return
      take('AWSPREVIOUS')
      holder.stages.add('AWSPREVIOUS')
    }
    for (const stage of stages) take(stage)
    const version = { id, value, created: Date.now() / 1000, stages: new Set(stages) }
    secrets.set(name, [...versions.filter((v) => v.stages.size > 0), version])
    return version
  }
  for (const [name, value] of Object.entries(given))
    if (value === undefined) secrets.set(name, [])
    else add(name, value, { stages: ['AWSCURRENT'] })

  const find = (name: string, { id, stage }: { id?: string; stage?: string }) =>
    secrets.get(name)?.find((v) => (!id || v.id === id) && (id && !stage ? true : v.stages.has(stage ?? 'AWSCURRENT')))

  const operations: Record<string, (name: string, asked: Asked) => { status: number; body: object }> = {
    GetSecretValue: (name, { VersionId: id, VersionStage: stage }) => {
      const version = find(name, { id, stage })
      if (!version) return refusal('ResourceNotFoundException', 'Secrets Manager can’t find the specified secret.')
      const { value, created, stages } = version
      const body = { VersionId: version.id, SecretString: value, VersionStages: [...stages], CreatedDate: created }
      return { status: 200, body: { ARN: arnOf(name), Name: name, ...body } }
    },
    PutSecretValue: (name, { SecretString: value, ClientRequestToken: id, VersionStages: stages = ['AWSCURRENT'] }) => {
      if (!secrets.has(name))
        return refusal('ResourceNotFoundException', 'Secrets Manager can’t find the specified secret.')
      if (value === undefined) return refusal('InvalidParameterException', 'This stand-in keeps text only.')
      const same = id === undefined ? undefined : find(name, { id })
      if (same && same.value !== value)
        return refusal('ResourceExistsException', 'A version of that token has another value.')
      const version = same ?? add(name, value, { stages, id })
      return {
        status: 200,
        body: { ARN: arnOf(name), Name: name, VersionId: version.id, VersionStages: [...version.stages] },
      }
    },
  }

  /** The one operation without a name: pages of names that begin as the filter says. */
  const list = ({ Filters = [], MaxResults = 100, NextToken = '0' }: Asked) => {
    const prefixes = Filters.find(({ Key }) => Key === 'name')?.Values ?? ['']
    const names = [...secrets.keys()].filter((name) => prefixes.some((p) => name.startsWith(p))).toSorted()
    const end = Number(NextToken) + MaxResults
    const SecretList = names.slice(Number(NextToken), end).map((Name) => ({ Name, ARN: arnOf(Name) }))
    return { status: 200, body: { SecretList, ...(end < names.length && { NextToken: String(end) }) } }
  }

  const answer = (target: string, text: string) => {
    if (target === 'secretsmanager.ListSecrets') return list(JSON.parse(text) as Asked)
    const operation = operations[target.replace('secretsmanager.', '')]
    if (!operation) return refusal('UnknownOperationException', `This stand-in does not know ${target}.`)
    const asked = JSON.parse(text) as Asked
    return operation((asked.SecretId ?? '').replace(arnOf(''), ''), asked)
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { status, body } = answer(String(request.headers['x-amz-target']), Buffer.concat(chunks).toString())
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(wanted, '127.0.0.1', resolve))
  return {
    endpoint: `http://localhost:${(server.address() as AddressInfo).port}`,
    /** What a secret says in a stage; undefined where there is none. */
    get: (name: string, stage: Stage = 'AWSCURRENT') => find(name, { stage })?.value,
    /** Gives a secret a new version, and makes the secret where there is none. */
    put: (name: string, value: string, stage: Stage = 'AWSCURRENT') => void add(name, value, { stages: [stage] }),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
