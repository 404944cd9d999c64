import { Worker } from 'node:worker_threads'

/** What argon2id makes a tag from; memory in KiB. */
export interface Derivation {
  message: string
  nonce: Uint8Array
  tagLength: number
  memory: number
  passes: number
  parallelism: number
}

export interface Hashing {
  derive(parameters: Derivation): Promise<Buffer>
  /** Ends the threads; what they were doing fails. */
  close(): Promise<void>
}

interface Thread {
  worker: Worker
  job?: { resolve(tag: Buffer): void; reject(error: Error): void } | undefined
}

// A thread says of itself that it can wait, which on Linux holds for it alone. As text, since a service is one file.
const inThread = `
const { parentPort } = require('node:worker_threads')
const { argon2Sync } = require('node:crypto')
if (process.platform === 'linux') require('node:os').setPriority(10)
parentPort.on('message', (parameters) => parentPort.postMessage(argon2Sync('argon2id', parameters)))
`

/**
 * Threads that hash, as many as are asked for at the same time. They run at a lower priority than everything else, so
 * that a storm of sign-ins takes the time that the event loop leaves and not half of it.
 */
export const openHashing = (): Hashing => {
  const all = new Set<Thread>()
  const begin = (): Thread => {
    const worker = new Worker(inThread, { eval: true })
    const thread: Thread = { worker }
    all.add(thread)
    const settle = () => {
      const { job } = thread
      thread.job = undefined
      // The process may end where nobody waits.
      worker.unref()
      return job
    }
    worker.on('message', (tag: Uint8Array) => settle()?.resolve(Buffer.from(tag)))
    worker.on('error', (error: Error) => settle()?.reject(error))
    worker.on('exit', () => {
      all.delete(thread)
      settle()?.reject(new Error('a hashing thread ended'))
    })
    return thread
  }
  return {
    derive: (parameters) =>
      new Promise((resolve, reject) => {
        const thread = [...all].find(({ job }) => !job) ?? begin()
        thread.job = { resolve, reject }
        thread.worker.ref()
        thread.worker.postMessage(parameters)
      }),
    close: async () => {
      await Promise.all([...all].map(({ worker }) => worker.terminate()))
    },
  }
}
