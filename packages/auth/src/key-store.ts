import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openSecret } from '@wealist/kit/secret'
import type { KeysConfig } from './deps.ts'
import { KeySet, newKeySet } from './key-set.ts'

/** Where the keys of all auth processes are. */
export interface KeyStore {
  /** For messages: what to look at. */
  place: string
  /** Undefined where there are none yet. */
  read(): Promise<KeySet | undefined>
  write(set: KeySet): Promise<void>
  /** Makes the first key if nobody else did; only the file of a developer's machine can. */
  create?(): Promise<void>
}

export const openKeyStore = (config: KeysConfig): KeyStore => {
  if (config.KEYS_SECRET_ID) return secret(config.KEYS_SECRET_ID)
  const { create, ...rest } = file(config.KEYS_FILE)
  const own = config.ENVIRONMENT === 'local' || config.ENVIRONMENT === 'test'
  return own ? { ...rest, create } : rest
}

const parse = (text: string, place: string) => {
  const result = KeySet.safeParse(JSON.parse(text))
  if (!result.success) throw new Error(`${place}: ${result.error.issues.map((i) => i.message).join('; ')}`)
  return result.data
}

// Written beside and then put in place, so that a reader sees one whole set or the other; readable by its owner alone.
const file = (path: string) => {
  const beside = async <T>(set: KeySet, place: (temporary: string) => Promise<T>) => {
    await mkdir(dirname(path), { recursive: true })
    const temporary = `${path}.${randomBytes(6).toString('hex')}`
    try {
      await writeFile(temporary, JSON.stringify(set, null, 2), { mode: 0o600 })
      return await place(temporary)
    } finally {
      await rm(temporary, { force: true })
    }
  }
  return {
    place: path,
    read: async () => {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      return text === undefined ? undefined : parse(text, path)
    },
    write: (set: KeySet) => beside(set, (temporary) => rename(temporary, path)),
    // A hard link fails where the file exists: of processes that start together, one makes the key for all.
    create: async () => {
      const set = await newKeySet(new Date())
      await beside(set, (temporary) =>
        link(temporary, path).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
        }),
      )
    },
  }
}

const secret = (id: string): KeyStore => {
  const place = `the secret ${id}`
  const { read, write } = openSecret(id)
  return {
    place,
    read: async () => {
      const text = await read()
      return text === undefined ? undefined : parse(text, place)
    },
    write: (set) => write(JSON.stringify(set)),
  }
}
