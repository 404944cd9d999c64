import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { startRedis } from './redis.ts'

const outside = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

test.skipIf(!outside)('the embedded Redis answers this machine and nobody by the network', async () => {
  const redis = await startRedis()
  const answerAt = async (host: string) => {
    const socket = connect(redis.port, host)
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      text += String(data)
      socket.end()
    })
    socket.write('PING\r\n')
    await once(socket, 'close')
    return text
  }
  expect(await answerAt('127.0.0.1')).toContain('PONG')
  expect(await answerAt(outside!)).toBe('')
  await redis.stop()
})
