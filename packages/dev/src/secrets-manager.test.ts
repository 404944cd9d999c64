import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSecretsManager } from './secrets-manager.ts'

let manager: Awaited<ReturnType<typeof startSecretsManager>>
let client: SecretsManagerClient
beforeAll(async () => {
  manager = await startSecretsManager({ secrets: { 'app/keys': 'one', 'app/empty': undefined } })
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
  client = new SecretsManagerClient({ endpoint: manager.endpoint, region: 'ap-northeast-2', credentials })
})
afterAll(async () => {
  client.destroy()
  await manager.stop()
})
const read = async (SecretId: string, VersionStage?: string) =>
  (await client.send(new GetSecretValueCommand({ SecretId, VersionStage }))).SecretString
const write = (SecretId: string, SecretString: string, more: object = {}) =>
  client.send(new PutSecretValueCommand({ SecretId, SecretString, ...more }))

test('a secret is read by its name and by its ARN', async () => {
  const answer = await client.send(new GetSecretValueCommand({ SecretId: 'app/keys' }))
  expect(answer).toMatchObject({ Name: 'app/keys', SecretString: 'one', VersionStages: ['AWSCURRENT'] })
  expect(answer.CreatedDate).toBeInstanceOf(Date)
  expect(await read(answer.ARN!)).toBe('one')
})

test('a new value makes the one before it the previous one, and the one before that is gone', async () => {
  manager.put('app/rotated', 'one')
  await expect(read('app/rotated', 'AWSPREVIOUS')).rejects.toThrow(
    expect.objectContaining({ name: 'ResourceNotFoundException' }),
  )
  const { VersionId } = await client.send(new GetSecretValueCommand({ SecretId: 'app/rotated' }))
  await write('app/rotated', 'two')
  manager.put('app/rotated', 'three')
  expect([await read('app/rotated'), await read('app/rotated', 'AWSPREVIOUS')]).toEqual(['three', 'two'])
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'app/rotated', VersionId }))).rejects.toThrow(
    expect.objectContaining({ name: 'ResourceNotFoundException' }),
  )
})

test('a pending value changes nothing of the current one, and is replaced by the next pending one', async () => {
  manager.put('app/pending', 'now')
  await write('app/pending', 'soon', { VersionStages: ['AWSPENDING'] })
  expect([await read('app/pending'), await read('app/pending', 'AWSPENDING')]).toEqual(['now', 'soon'])
  manager.put('app/pending', 'later', 'AWSPENDING')
  expect([manager.get('app/pending'), manager.get('app/pending', 'AWSPENDING')]).toEqual(['now', 'later'])
  expect(manager.get('app/pending', 'AWSPREVIOUS')).toBe(undefined)
})

test('a write that is repeated makes one version; its token is good for one value', async () => {
  manager.put('app/repeated', 'one')
  const ClientRequestToken = '11111111-2222-3333-4444-555555555555'
  for (let i = 0; i < 2; i++) await write('app/repeated', 'two', { ClientRequestToken })
  expect(manager.get('app/repeated', 'AWSPREVIOUS')).toBe('one')
  await expect(write('app/repeated', 'three', { ClientRequestToken })).rejects.toThrow(
    expect.objectContaining({ name: 'ResourceExistsException' }),
  )
})

test('a secret that does not exist or has no value yet is not found; only one that exists can be written', async () => {
  for (const name of ['app/none', 'app/empty'])
    await expect(read(name)).rejects.toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }))
  await expect(write('app/none', 'x')).rejects.toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }))
  await write('app/empty', 'x')
  expect(await read('app/empty')).toBe('x')
})

test('what it does not know it refuses', async () => {
  const tag = new TagResourceCommand({ SecretId: 'app/keys', Tags: [] })
  await expect(client.send(tag)).rejects.toThrow(expect.objectContaining({ name: 'UnknownOperationException' }))
})
