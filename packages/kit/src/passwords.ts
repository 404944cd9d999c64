import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { letWorkersGiveWay } from './give-way.ts'
import { openTurns } from './turns.ts'

/** Cost of argon2id: memory in KiB, passes over it, lanes. */
export interface Cost {
  memory: number
  passes: number
  parallelism: number
}
/** What OWASP's password storage cheat sheet asks for. */
export const cost: Cost = { memory: 19_456, passes: 2, parallelism: 1 }

/** Hashes passwords, a few at a time: each takes 19 MB and tens of milliseconds of one of libuv's four threads. */
export interface Passwords {
  /** A PHC string with a salt of its own. */
  hash(password: string): Promise<string>
  /**
   * Whether `password` is the one of `hash`; without a hash (nobody has that address) it costs the same and is false.
   * `rehash` says that the hash was made at another cost than today's.
   */
  verify(hash: string | null | undefined, password: string): Promise<{ ok: boolean; rehash: boolean }>
}

const tagLength = 32

export interface PasswordsOptions {
  atOnce: number
  waiting: number
  /** Milliseconds that one waits for a turn at most; 10,000 unless told. Nothing is hashed for who has left by then. */
  patience?: number
}

export const openPasswords = ({ atOnce, waiting, patience = 10_000 }: PasswordsOptions, today = cost): Passwords => {
  // A storm of sign-ins waits here instead of taking every thread and all memory; past `waiting` it is turned away.
  const turns = openTurns({
    ...{ atOnce, waiting, patience },
    refusal: 'Too many people sign in at this moment. Try again shortly.',
  })
  const derive = (password: string, nonce: Buffer, { memory, passes, parallelism }: Cost) =>
    turns.of(
      'password',
      () =>
        new Promise<Buffer>((resolve, reject) =>
          // The same letters typed on two systems may be composed differently.
          argon2(
            'argon2id',
            { message: password.normalize('NFKC'), nonce, tagLength, memory, passes, parallelism },
            (error, tag) => {
              letWorkersGiveWay()
              if (error) reject(error)
              else resolve(tag)
            },
          ),
        ),
    )
  const nobody: Phc = { cost: today, salt: randomBytes(16), tag: randomBytes(tagLength) }
  return {
    hash: async (password) => {
      const salt = randomBytes(16)
      return write({ cost: today, salt, tag: await derive(password, salt, today) })
    },
    verify: async (hash, password) => {
      const known = hash ? read(hash) : nobody
      const same = timingSafeEqual(await derive(password, known.salt, known.cost), known.tag)
      return { ok: same && known !== nobody, rehash: !isCost(known.cost, today) }
    },
  }
}

interface Phc {
  cost: Cost
  salt: Buffer
  tag: Buffer
}

const isCost = (a: Cost, b: Cost) => a.memory === b.memory && a.passes === b.passes && a.parallelism === b.parallelism

const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
const write = ({ cost: { memory, passes, parallelism }, salt, tag }: Phc) =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`

const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]{43})$/
const read = (text: string): Phc => {
  const [, m, t, p, salt, tag] = phc.exec(text) ?? []
  if (!salt || !tag) throw new Error('a stored password hash is not one of ours')
  return {
    cost: { memory: Number(m), passes: Number(t), parallelism: Number(p) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}
